"""Checks that a ledger has exactly what was published."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from faults.plan import Plan
from stratiform.app.settings import Settings
from stratiform.app.wiring import build_services
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.pagination import Page
from stratiform.kit.policy import SYSTEM
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import UsageFilter
from support.ledger import listing
from support.reference_fold import usage
from support.shapes import make_line

#: Violations of constraints, and queries that find them.
_VIOLATIONS = {
    "two open segments of one resource": "SELECT resource FROM metering_segment WHERE superseded IS NULL AND end_at "
    "IS NULL GROUP BY resource HAVING count(*) > 1",
    "a segment that ends before it starts": "SELECT id FROM metering_segment WHERE end_at <= start_at",
    "two segments at once": "SELECT a.id FROM metering_segment a JOIN metering_segment b ON a.resource = b.resource "
    "AND a.id < b.id AND a.superseded IS NULL AND b.superseded IS NULL AND a.start_at < coalesce(b.end_at, "
    "9223372036854775807) AND b.start_at < coalesce(a.end_at, 9223372036854775807)",
    "two events of one message": "SELECT message_id FROM metering_event GROUP BY cloud, message_id HAVING count(*) > 1",
    "an event of no batch": "SELECT seq FROM metering_event WHERE batch NOT IN (SELECT id FROM metering_batch)",
}

#: Counters, with the table and key that have consecutive numbers, and the first number.
_COUNTERS = {
    "events": ("metering_event", "seq", 0),
    "segments": ("metering_segment", "id", 0),
    "resources": ("metering_resource", "id", 0),
    "position": ("metering_batch", "id", 1),
}


def check(plan: Plan, home: Path, url: str) -> int:
    """Compare the ledger with the published messages. Return the number of segments."""
    services = build_services(Settings(home=home, database_url=url))
    try:
        with services.database.read_transaction() as db:
            _check_constraints(db)
            _check_log(db)
            _check_messages(services, db, plan)
            return _check_segments(services, db, plan)
    finally:
        services.database.close()


def _check_segments(services: Services, db: Connection, plan: Plan) -> int:
    segments = json.loads(listing(services.ledger, db))
    expected = usage([make_line(body) for body in plan.valid])
    different = [pair for pair in zip(segments, expected, strict=False) if pair[0] != pair[1]]
    assert not different, f"{len(different)} segments differ, the first: {different[0][0]} instead of {different[0][1]}"
    assert len(segments) == len(expected), f"{len(segments)} segments instead of {len(expected)}"
    as_of = UsageFilter(as_of=services.ledger.positions.get_current_position(db))
    assert list(services.ledger.segments.iterate(db, as_of)) == list(services.ledger.segments.iterate(db)), (
        "the segments as of the current position differ from the current ones"
    )
    return len(segments)


def _check_messages(services: Services, db: Connection, plan: Plan) -> None:
    """Check that every message is stored once and unchanged: accepted ones in batches, others as rejected."""
    position = services.ledger.positions.get_current_position(db)
    stored = Counter(body for batch in repository.batches.iterate_messages(db, position) for _, body in batch)
    _check_equal(stored, Counter({*plan.valid, *plan.ignored}), "messages")
    _check_equal(_list_rejected(services, db), Counter(set(plan.invalid)), "rejected messages")
    ctx = RequestContext(db, SYSTEM, services.clock.now())
    ignored = sum(messages.count for messages in services.ingest.ignored_messages.count_by_type(ctx))
    assert ignored == len(set(plan.ignored)), f"{ignored} ignored messages instead of {len(set(plan.ignored))}"


def _list_rejected(services: Services, db: Connection) -> Counter[bytes]:
    bodies: Counter[bytes] = Counter()
    ctx, page = RequestContext(db, SYSTEM, services.clock.now()), Page(limit=100)
    while True:
        messages = services.ingest.rejected_messages.list(ctx, page)
        bodies.update(message.body for message in messages.items)
        if not messages.more:
            return bodies
        page = Page(limit=100, marker=messages.items[-1].id)


def _check_equal(stored: Counter[bytes], expected: Counter[bytes], noun: str) -> None:
    missing, extra = expected - stored, stored - expected
    assert not missing, f"{missing.total()} {noun} are missing, for example {next(iter(missing))[:300]!r}"
    assert not extra, f"{extra.total()} {noun} too many, for example {next(iter(extra))[:300]!r}"


def _check_constraints(db: Connection) -> None:
    for violation, query in _VIOLATIONS.items():
        rows = db.exec_driver_sql(query).scalars().all()
        assert not rows, f"{violation}: {rows[:5]}"
    for counter, (table, key, first) in _COUNTERS.items():
        keys = db.exec_driver_sql(f"SELECT {key} FROM {table} ORDER BY {key}").scalars().all()
        count = db.exec_driver_sql(f"SELECT {counter} FROM metering_position").scalar()
        assert list(keys) == list(range(first, len(keys) + first)), f"numbers are missing in {table}"
        assert count == len(keys), f"the position counts {count} {counter}, the table has {len(keys)}"
    sizes = db.exec_driver_sql("SELECT events FROM metering_batch ORDER BY id").scalars().all()
    assert all(size <= following for size, following in pairwise(sizes)), "the events of a batch decrease"


def _check_log(db: Connection) -> None:
    """Check the tiles of the log: level 0 has the hashes of the records, each level the hashes of the one below."""
    size = repository.batches.count_events(db)
    leaves = [
        hashlib.sha256(b"\0" + record.encode()).digest() for _, record in repository.events.iterate_records(db, 0, size)
    ]
    assert len(leaves) == size
    level = 0
    while leaves:
        query = f"SELECT hashes FROM metering_tile WHERE level = {level} ORDER BY number"
        stored = b"".join(bytes(hashes) for hashes in db.exec_driver_sql(query).scalars())
        assert stored == b"".join(leaves), f"level {level} of the log does not have the hashes of the level below"
        full = [leaves[start : start + 256] for start in range(0, len(leaves) - len(leaves) % 256, 256)]
        leaves, level = [_root(tile) for tile in full], level + 1


def _root(hashes: Sequence[bytes]) -> bytes:
    """Return the root hash of a full tree."""
    if len(hashes) == 1:
        return hashes[0]
    half = len(hashes) // 2
    return hashlib.sha256(b"\1" + _root(hashes[:half]) + _root(hashes[half:])).digest()
