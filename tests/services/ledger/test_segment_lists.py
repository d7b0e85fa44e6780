"""Lists of segments: complete in any pieces, by an index, on every database."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import SegmentRow, UsageFilter
from stratiform.services.ledger.model.changes import RECORDED, Change, last_key
from stratiform.services.ledger.repository import segments
from support.stacks import Bench, bench

T0 = parse_iso("2026-01-01T00:00:00Z")


@pytest.fixture
def made(database_url: str, home: Path) -> Iterator[Bench]:
    home.mkdir(parents=True, exist_ok=True)
    one = bench(home, database_url)
    one.clock.at = T0 + 5000 * HOUR_US
    yield one
    one.services.database.close()


def told(number: int, kind: str, hours: int, **data: Any) -> Event:
    payload = {"resource_type": "bx" if number % 3 else "ax", "resource_id": f"r{number % 7}-{number}", **data}
    at = T0 + hours * HOUR_US
    return Event(f"{kind}-{number}-{hours}", f"usage.{kind}", "t", at, f"c{number % 2}", payload)


def fill(made: Bench, count: int = 60) -> None:
    """In several batches, so that there are positions."""
    chance = random.Random(5)
    for number in range(count):
        start, more = chance.randrange(100), {"project_id": f"p{number % 3}", "attributes": {"n": number}}
        events = [told(number, "started", start, **more), told(number, "changed", start + 5, attributes={"n": -1})]
        if number % 4:
            events.append(told(number, "ended", start + chance.randrange(6, 90)))
        with made.services.database.transaction() as db:
            assert made.services.ingest.events.ingest(db, events, made.clock.now()).rejected == 0


FILTERS = {
    "all": UsageFilter(),
    "a project": UsageFilter(project_id="p1"),
    "a type": UsageFilter(resource_type="bx"),
    "a cloud": UsageFilter(cloud="c1"),
    "a period": UsageFilter(since=T0 + 40 * HOUR_US, until=T0 + 60 * HOUR_US),
    "a project's period": UsageFilter(project_id="p1", since=T0 + 40 * HOUR_US, until=T0 + 60 * HOUR_US),
    "until": UsageFilter(until=T0 + 30 * HOUR_US),
    "earlier": UsageFilter(as_of=20),
    "earlier in a period": UsageFilter(as_of=20, since=T0 + 40 * HOUR_US),
    "a project's resource": UsageFilter(project_id="p1", resource_id="r1-1"),
    "a resource": UsageFilter(resource_id="r1-1"),
    "nothing": UsageFilter(project_id="nobody"),
}


def wanted(row: SegmentRow, asked: UsageFilter) -> bool:
    """Whether a list of what is known now has it, the obvious way."""
    mine = {"cloud": row.cloud, "resource_type": row.resource_type, "resource_id": row.resource_id}
    mine["project_id"] = row.project_id
    return (
        all(getattr(asked, name) in (None, value) for name, value in mine.items())
        and (asked.since is None or row.end is None or row.end > asked.since)
        and (asked.until is None or row.start < asked.until)
    )


@pytest.mark.parametrize("asked", FILTERS.values(), ids=FILTERS)
def test_pieces_of_any_size_are_the_whole(made: Bench, asked: UsageFilter) -> None:
    fill(made)
    services = made.services
    with made.services.database.snapshot() as db:
        everything = segments.list_rows(db, UsageFilter(as_of=asked.as_of), 10_000)
        whole = segments.list_rows(db, asked, 10_000)
        assert whole == [row for row in everything if wanted(row, asked)]
        assert whole == sorted(whole, key=segments.sort_key)
        for size in (1, 7, 1000):
            pieces: list[SegmentRow] = []
            rows, after = services.ledger.segments.list_pinned(db, asked, size)
            pieces += rows
            while after is not None:
                rows, after = services.ledger.segments.list_pinned(db, asked, size, after)
                pieces += rows
            assert sorted(pieces, key=segments.sort_key) == whole


def test_changes_in_any_pieces_lead_to_what_is_known(made: Bench) -> None:
    fill(made)
    services = made.services
    with made.services.database.snapshot() as db:
        ctx = made.ctx(db)
        for size in (1, 3, 1000):
            reached, held, seen = last_key(0), set[SegmentRow](), list[Change]()
            while True:
                changes, further = services.ledger.changes.list(ctx, UsageFilter(), reached, size)
                seen += changes
                if len(changes) < size:
                    assert further == last_key(services.ledger.positions.get_current(db))
                    break
                reached = further
            for change in seen:
                (held.add if change.kind == RECORDED else held.remove)(change.row)
            assert held == set(segments.list_rows(db, UsageFilter(), 10_000))
            assert [change.key for change in seen] == sorted(change.key for change in seen)
        mine, _ = services.ledger.changes.list(ctx, UsageFilter(project_id="p1"), last_key(30), 1000)
        assert mine == [one for one in seen if one.position > 30 and one.row.project_id == "p1"]


@pytest.mark.parametrize(
    ("asked", "by_end", "index"),
    [
        (FILTERS["a project"], False, "ix_metering_segment_project"),
        (FILTERS["a period"], True, "ix_metering_segment_end_at"),
        (FILTERS["a resource"], False, "metering_resource"),
    ],
)
def test_large_lists_go_by_an_index(made: Bench, asked: UsageFilter, by_end: bool, index: str) -> None:
    """What the planners choose where a table is large; PostgreSQL reads small ones whole, so that is taken away."""
    fill(made, 200)
    with made.services.database.transaction() as db:
        kind = db.dialect.name
        if kind == "postgresql":
            db.execute(text("SET LOCAL enable_seqscan = off"))
            db.execute(text("ANALYZE"))
        queries: list[Any] = []
        event.listen(db, "before_execute", lambda _, query, *rest: queries.append(query))
        (segments.list_rows_by_end if by_end else segments.list_rows)(db, asked, 20)
        told = queries[0].compile(db, compile_kwargs={"literal_binds": True})
        explain = "EXPLAIN QUERY PLAN" if kind == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(row) for row in db.exec_driver_sql(f"{explain} {str(told).replace('%', '%%')}"))
    assert index in plan, plan
    assert "Seq Scan" not in plan
    assert "SCAN metering_segment" not in plan
