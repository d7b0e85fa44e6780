"""Who holds which address: taking one, giving one back, never the same one twice.

Whoever takes an address locks the subnet first, in the order of ids, so takers wait for each other instead of
failing; and the key of `addresses` refuses a second holder whatever happens. What is given back rests for
an hour, so that caches (ARP, DNS) forget its old holder; then it comes before fresh addresses. Only where there is
nothing else the one that has rested longest is taken early.
Nothing is ever enumerated: the cost does not grow with the size of the pool.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from stratiform.kit.clock import HOUR_US, Micros
from stratiform.kit.db import Connection, IntegrityError
from stratiform.services.network.model import Subnet
from stratiform.services.network.model.addressing import Span, digits, parse_address, spans, text
from stratiform.services.network.tables import address_pools, addresses, subnets

#: How long an address that was given back rests before it is preferred to a fresh one.
REST_US = HOUR_US

#: How many held addresses are looked at in one query while the pool's pointer steps over them.
_WINDOW = 256


def set_pools(db: Connection, subnet: Subnet) -> None:
    """Write the pools of a new or changed subnet; what is held stays held."""
    db.execute(delete(address_pools).where(address_pools.c.subnet_id == subnet.id))
    rows = [
        {"subnet_id": subnet.id, "first": digits(span.first), "last": digits(span.last), "next": digits(span.first)}
        for span in spans(subnet.allocation_pools)
    ]
    if rows:
        db.execute(insert(address_pools), rows)


def lock(db: Connection, subnet_ids: Iterable[str]) -> None:
    """Make other takers of these subnets wait until the transaction ends. Locked in one order: no deadlock."""
    query = select(subnets.c.id).where(subnets.c.id.in_(sorted(set(subnet_ids)))).order_by(subnets.c.id)
    db.execute(query.with_for_update()).all()


def take(db: Connection, subnet: Subnet, address: str, port_id: str) -> bool:
    """Hold this very address; False where somebody has it."""
    number = digits(int(parse_address(address, "ip_address")))
    c = addresses.c
    free = (c.subnet_id == subnet.id) & (c.number == number) & c.port_id.is_(None)
    if db.execute(update(addresses).where(free).values(port_id=port_id)).rowcount:
        return True
    return _insert(db, subnet.id, number, address, port_id)


def take_any(db: Connection, subnet: Subnet, port_id: str, now: Micros) -> str | None:
    """Hold an address of the pools; None where all are held. The subnet is locked."""
    c = address_pools.c
    found = db.execute(select(c.first, c.last, c.next).where(c.subnet_id == subnet.id).order_by(c.first)).all()
    pools = [(Span(int(first, 16), int(last, 16)), int(start, 16)) for first, last, start in found]
    number = _rested(db, subnet.id, [span for span, _ in pools], port_id, now - REST_US)
    for span, start in pools:
        if number is None:
            number = _fresh(db, subnet, span, start, port_id)
    if number is None:
        number = _rested(db, subnet.id, [span for span, _ in pools], port_id, None)
    return None if number is None else text(number, subnet.ip_version)


def give_back(db: Connection, port_id: str, now: Micros, only: Sequence[dict[str, str]] | None = None) -> None:
    """Let go of what the port holds, or of `only` these of it."""
    c = addresses.c
    if only is None:
        db.execute(update(addresses).where(c.port_id == port_id).values(port_id=None, released_at=now))
        return
    for fixed in only:
        number = digits(int(parse_address(fixed["ip_address"], "ip_address")))
        mine = (c.subnet_id == fixed["subnet_id"]) & (c.number == number) & (c.port_id == port_id)
        db.execute(update(addresses).where(mine).values(port_id=None, released_at=now))


def forget_subnet(db: Connection, subnet_id: str) -> None:
    """Drop what is known of the addresses of a subnet that goes away."""
    db.execute(delete(addresses).where(addresses.c.subnet_id == subnet_id))
    db.execute(delete(address_pools).where(address_pools.c.subnet_id == subnet_id))


def held(db: Connection, subnet_ids: Sequence[str]) -> dict[str, int]:
    """How many addresses of each subnet are held."""
    c = addresses.c
    query = select(c.subnet_id, func.count()).where(c.subnet_id.in_(subnet_ids), c.port_id.is_not(None))
    return {row[0]: int(row[1]) for row in db.execute(query.group_by(c.subnet_id))}


def _rested(
    db: Connection, subnet_id: str, pools: Sequence[Span], port_id: str, released_before: Micros | None
) -> int | None:
    c = addresses.c
    for span in pools:
        free: list[ColumnElement[bool]] = [
            c.subnet_id == subnet_id,
            c.port_id.is_(None),
            c.number.between(digits(span.first), digits(span.last)),
        ]
        if released_before is not None:
            free.append(c.released_at <= released_before)
        query = select(c.number).where(*free).order_by(c.released_at, c.number).limit(1)
        number = db.execute(query).scalar()
        if number is not None:
            mine = (c.subnet_id == subnet_id) & (c.number == number) & c.port_id.is_(None)
            if db.execute(update(addresses).where(mine).values(port_id=port_id)).rowcount:
                return int(number, 16)
    return None


def _fresh(db: Connection, subnet: Subnet, pool: Span, start: int, port_id: str) -> int | None:
    """The first address from the pool's pointer on that was never given out."""
    number = _gap(db, subnet.id, start, pool.last)
    while number is not None and not _insert(db, subnet.id, digits(number), text(number, subnet.ip_version), port_id):
        number = _gap(db, subnet.id, number + 1, pool.last)
    reached = pool.last if number is None else number
    mine = (address_pools.c.subnet_id == subnet.id) & (address_pools.c.first == digits(pool.first))
    db.execute(update(address_pools).where(mine).values(next=digits(reached + 1)))
    return number


def _gap(db: Connection, subnet_id: str, number: int, last: int) -> int | None:
    c = addresses.c
    while number <= last:
        known = c.number.between(digits(number), digits(last))
        query = select(c.number).where(c.subnet_id == subnet_id, known).order_by(c.number).limit(_WINDOW)
        seen = [int(row[0], 16) for row in db.execute(query)]
        for one in seen:
            if one != number:
                return number
            number += 1
        if len(seen) < _WINDOW:
            break
    return number if number <= last else None


def _insert(db: Connection, subnet_id: str, number: str, address: str, port_id: str) -> bool:
    row = {"subnet_id": subnet_id, "number": number, "address": address, "port_id": port_id, "released_at": 0}
    try:
        with db.begin_nested():
            db.execute(insert(addresses).values(row))
    except IntegrityError:
        return False
    return True
