"""What a ledger must hold after everything was sent, compared with what it does hold."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from faults.plan import Plan
from stratiform.app.settings import Settings
from stratiform.app.wiring import build
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection
from stratiform.kit.pagination import Page
from stratiform.kit.policy import SYSTEM
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import UsageFilter
from support.ledger import listing
from support.reference_fold import usage
from support.shapes import make_line

#: Rows that no ledger may have: what is wrong with them, and the query that finds them.
_NEVER = {
    "two open segments of one resource": "SELECT resource FROM metering_segment WHERE superseded IS NULL AND end_at "
    "IS NULL GROUP BY resource HAVING count(*) > 1",
    "a segment that ends before it starts": "SELECT id FROM metering_segment WHERE end_at <= start_at",
    "two segments at once": "SELECT a.id FROM metering_segment a JOIN metering_segment b ON a.resource = b.resource "
    "AND a.id < b.id AND a.superseded IS NULL AND b.superseded IS NULL AND a.start_at < coalesce(b.end_at, "
    "9223372036854775807) AND b.start_at < coalesce(a.end_at, 9223372036854775807)",
    "two events of one message": "SELECT message_id FROM metering_event GROUP BY cloud, message_id HAVING count(*) > 1",
    "an event of no batch": "SELECT seq FROM metering_event WHERE batch NOT IN (SELECT id FROM metering_batch)",
}

#: What is counted, and the table whose keys must be those numbers, none left out.
_NUMBERED = {
    "events": ("metering_event", "seq", 0),
    "segments": ("metering_segment", "id", 0),
    "resources": ("metering_resource", "id", 0),
    "position": ("metering_batch", "id", 1),
}


def check(plan: Plan, home: Path, url: str) -> int:
    """Fails with the first thing that is wrong; how many segments there are."""
    services = build(Settings(home=home, database_url=url))
    try:
        with services.database.snapshot() as db:
            _check_constraints(db)
            _check_log(db)
            _check_messages(services, db, plan)
            return _check_segments(services, db, plan)
    finally:
        services.database.close()


def _check_segments(services: Services, db: Connection, plan: Plan) -> int:
    text = listing(services.ledger, db)
    found, wanted = json.loads(text), usage([make_line(body) for body in plan.valid])
    differing = [(one, other) for one, other in zip(found, wanted, strict=False) if one != other]
    assert not differing, f"{len(differing)} segments differ, the first: {differing[0][0]} instead of {differing[0][1]}"
    assert len(found) == len(wanted), f"{len(found)} segments instead of {len(wanted)}"
    as_of = UsageFilter(as_of=services.ledger.positions.get_current(db))
    assert list(services.ledger.segments.iterate(db, as_of)) == list(services.ledger.segments.iterate(db)), (
        "as_of tells something else"
    )
    return len(found)


def _check_messages(services: Services, db: Connection, plan: Plan) -> None:
    """Every message is kept once, as it came: the understood in batches, the others aside."""
    position = services.ledger.positions.get_current(db)
    kept = Counter(body for some in repository.batches.iterate_messages(db, position) for _, body in some)
    _same(kept, Counter({*plan.valid, *plan.ignored}), "messages")
    _same(_rejected(services, db), Counter(set(plan.invalid)), "rejected messages")
    ctx = RequestContext(db, SYSTEM, services.clock.now())
    unknown = sum(one.count for one in services.ingest.ignored_messages.list(ctx))
    assert unknown == len(set(plan.ignored)), f"{unknown} messages of no concern instead of {len(set(plan.ignored))}"


def _rejected(services: Services, db: Connection) -> Counter[bytes]:
    found: Counter[bytes] = Counter()
    ctx, page = RequestContext(db, SYSTEM, services.clock.now()), Page(limit=100)
    while True:
        some = services.ingest.rejected_messages.list(ctx, page)
        found.update(one.body for one in some.items)
        if not some.more:
            return found
        page = Page(limit=100, marker=some.items[-1].id)


def _same(found: Counter[bytes], wanted: Counter[bytes], what: str) -> None:
    lost, extra = wanted - found, found - wanted
    assert not lost, f"{lost.total()} {what} are lost, one of them: {next(iter(lost))[:300]!r}"
    assert not extra, f"{extra.total()} {what} too many, one of them: {next(iter(extra))[:300]!r}"


def _check_constraints(db: Connection) -> None:
    for what, query in _NEVER.items():
        wrong = db.exec_driver_sql(query).scalars().all()
        assert not wrong, f"{what}: {wrong[:5]}"
    for counted, (table, key, first) in _NUMBERED.items():
        keys = db.exec_driver_sql(f"SELECT {key} FROM {table} ORDER BY {key}").scalars().all()
        said = db.exec_driver_sql(f"SELECT {counted} FROM metering_position").scalar()
        assert list(keys) == list(range(first, len(keys) + first)), f"numbers are missing in {table}"
        assert said == len(keys), f"the ledger says it has {said} {counted}, and has {len(keys)}"
    sizes = db.exec_driver_sql("SELECT events FROM metering_batch ORDER BY id").scalars().all()
    assert all(one <= following for one, following in pairwise(sizes)), "a batch has fewer events than the one before"


def _check_log(db: Connection) -> None:
    """The log's hashes are those of the records, in their order; its upper tiles those of the lower ones."""
    size = repository.batches.count_events(db)
    leaves = [
        hashlib.sha256(b"\0" + record.encode()).digest() for _, record in repository.events.iterate_records(db, 0, size)
    ]
    assert len(leaves) == size
    level = 0
    while leaves:
        query = f"SELECT hashes FROM metering_tile WHERE level = {level} ORDER BY number"
        stored = b"".join(bytes(hashes) for hashes in db.exec_driver_sql(query).scalars())
        assert stored == b"".join(leaves), f"level {level} of the log has other hashes than what is below it"
        full = [leaves[start : start + 256] for start in range(0, len(leaves) - len(leaves) % 256, 256)]
        leaves, level = [_root(tile) for tile in full], level + 1


def _root(hashes: Sequence[bytes]) -> bytes:
    """Of a full tree."""
    if len(hashes) == 1:
        return hashes[0]
    half = len(hashes) // 2
    return hashlib.sha256(b"\1" + _root(hashes[:half]) + _root(hashes[half:])).digest()
