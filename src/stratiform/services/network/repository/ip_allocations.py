"""IP address allocation.

An allocation locks the subnet first, in the order of ids, so that concurrent allocations wait for each other instead
of failing; the primary key of the table prevents a double allocation in any case. A released address is reused only
after a delay, so that caches (ARP, DNS) drop its previous owner; then it is preferred to unused addresses. If the pools
have nothing else, the address that was released first is reused early.
The cost does not depend on the size of a pool.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, delete, func, insert, select, update

from stratiform.kit.clock import HOUR_US, Micros
from stratiform.kit.database import Connection, IntegrityError
from stratiform.services.network.model import Subnet
from stratiform.services.network.model.ip_addresses import (
    AddressRange,
    parse_address,
    parse_pool_ranges,
    to_address,
    to_sortable_hex,
)
from stratiform.services.network.tables import address_pools_table, addresses_table, subnets_table

#: A released address is not preferred to an unused one before this time has passed.
REUSE_DELAY_US = HOUR_US

#: The number of allocated addresses that one query reads while it searches for an unused one.
_WINDOW = 256


def replace_pools(db: Connection, subnet: Subnet) -> None:
    """Replace the pools of a subnet; allocated addresses stay allocated."""
    db.execute(delete(address_pools_table).where(address_pools_table.c.subnet_id == subnet.id))
    rows = [
        {
            "subnet_id": subnet.id,
            "first": to_sortable_hex(pool.first),
            "last": to_sortable_hex(pool.last),
            "next": to_sortable_hex(pool.first),
        }
        for pool in parse_pool_ranges(subnet.allocation_pools)
    ]
    if rows:
        db.execute(insert(address_pools_table), rows)


def lock_subnets(db: Connection, subnet_ids: Iterable[str]) -> None:
    """Lock subnets until the transaction ends, in the order of ids, which prevents deadlocks."""
    c = subnets_table.c
    query = select(c.id).where(c.id.in_(sorted(set(subnet_ids)))).order_by(c.id)
    db.execute(query.with_for_update()).all()


def allocate_address(db: Connection, subnet: Subnet, address: str, port_id: str) -> bool:
    """Allocate this address to a port. Return False if it is allocated already."""
    number = to_sortable_hex(int(parse_address(address, "ip_address")))
    if _reuse(db, subnet.id, number, port_id):
        return True
    return _insert(db, subnet.id, number, address, port_id)


def allocate_any_address(db: Connection, subnet: Subnet, port_id: str, now: Micros) -> str | None:
    """Allocate an address of the pools of a locked subnet. Return None if all are allocated."""
    c = address_pools_table.c
    rows = db.execute(select(c.first, c.last, c.next).where(c.subnet_id == subnet.id).order_by(c.first)).all()
    pools = [(AddressRange(int(first, 16), int(last, 16)), int(next_, 16)) for first, last, next_ in rows]
    ranges = [pool for pool, _ in pools]
    number = _allocate_released(db, subnet.id, ranges, port_id, released_before=now - REUSE_DELAY_US)
    for pool, start in pools:
        if number is None:
            number = _allocate_unused(db, subnet, pool, start, port_id)
    if number is None:
        number = _allocate_released(db, subnet.id, ranges, port_id)
    return None if number is None else to_address(number, subnet.ip_version)


def release_addresses(
    db: Connection, port_id: str, now: Micros, fixed_ips: Sequence[dict[str, str]] | None = None
) -> None:
    """Release the given addresses of a port, or all."""
    c = addresses_table.c
    if fixed_ips is None:
        db.execute(update(addresses_table).where(c.port_id == port_id).values(port_id=None, released_at=now))
        return
    for fixed_ip in fixed_ips:
        number = to_sortable_hex(int(parse_address(fixed_ip["ip_address"], "ip_address")))
        allocated = (c.subnet_id == fixed_ip["subnet_id"]) & (c.number == number) & (c.port_id == port_id)
        db.execute(update(addresses_table).where(allocated).values(port_id=None, released_at=now))


def delete_pools(db: Connection, subnet_id: str) -> None:
    """Delete the pools and the released addresses of a subnet."""
    db.execute(delete(addresses_table).where(addresses_table.c.subnet_id == subnet_id))
    db.execute(delete(address_pools_table).where(address_pools_table.c.subnet_id == subnet_id))


def count_allocated_addresses(db: Connection, subnet_ids: Sequence[str]) -> dict[str, int]:
    """Return the number of allocated addresses of each subnet that has any."""
    c = addresses_table.c
    query = select(c.subnet_id, func.count()).where(c.subnet_id.in_(subnet_ids), c.port_id.is_not(None))
    return {row[0]: int(row[1]) for row in db.execute(query.group_by(c.subnet_id))}


def _allocate_released(
    db: Connection,
    subnet_id: str,
    pools: Sequence[AddressRange],
    port_id: str,
    released_before: Micros | None = None,
) -> int | None:
    """Allocate the address that was released first."""
    c = addresses_table.c
    for pool in pools:
        conditions: list[ColumnElement[bool]] = [
            c.subnet_id == subnet_id,
            c.port_id.is_(None),
            c.number.between(to_sortable_hex(pool.first), to_sortable_hex(pool.last)),
        ]
        if released_before is not None:
            conditions.append(c.released_at <= released_before)
        query = select(c.number).where(*conditions).order_by(c.released_at, c.number).limit(1)
        number = db.execute(query).scalar()
        if number is not None and _reuse(db, subnet_id, number, port_id):
            return int(number, 16)
    return None


def _allocate_unused(db: Connection, subnet: Subnet, pool: AddressRange, start: int, port_id: str) -> int | None:
    """Allocate the first address from `start` on that was never allocated, and advance the pool's `next`."""
    number = _find_unused(db, subnet.id, start, pool.last)
    while number is not None:
        if _insert(db, subnet.id, to_sortable_hex(number), to_address(number, subnet.ip_version), port_id):
            break
        number = _find_unused(db, subnet.id, number + 1, pool.last)
    last_used = pool.last if number is None else number
    c = address_pools_table.c
    condition = (c.subnet_id == subnet.id) & (c.first == to_sortable_hex(pool.first))
    db.execute(update(address_pools_table).where(condition).values(next=to_sortable_hex(last_used + 1)))
    return number


def _find_unused(db: Connection, subnet_id: str, number: int, last: int) -> int | None:
    c = addresses_table.c
    while number <= last:
        in_range = c.number.between(to_sortable_hex(number), to_sortable_hex(last))
        query = select(c.number).where(c.subnet_id == subnet_id, in_range).order_by(c.number).limit(_WINDOW)
        used = [int(row[0], 16) for row in db.execute(query)]
        for used_number in used:
            if used_number != number:
                return number
            number += 1
        if len(used) < _WINDOW:
            break
    return number if number <= last else None


def _reuse(db: Connection, subnet_id: str, number: str, port_id: str) -> bool:
    """Allocate a released address. Return False if the address was never allocated, or is allocated."""
    c = addresses_table.c
    released = (c.subnet_id == subnet_id) & (c.number == number) & c.port_id.is_(None)
    return db.execute(update(addresses_table).where(released).values(port_id=port_id)).rowcount == 1


def _insert(db: Connection, subnet_id: str, number: str, address: str, port_id: str) -> bool:
    row = {"subnet_id": subnet_id, "number": number, "address": address, "port_id": port_id, "released_at": 0}
    try:
        with db.begin_nested():
            db.execute(insert(addresses_table).values(row))
    except IntegrityError:
        return False
    return True
