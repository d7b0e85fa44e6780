"""Lists of segments are complete in pages of any size, and use an index, on every database."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import SegmentRow, UsageFilter
from stratiform.services.ledger.model.segment_changes import RECORDED, SegmentChange, get_key_after_position
from stratiform.services.ledger.repository import segment_queries
from support.stacks import ServiceHarness, build_harness

T0 = parse_iso("2026-01-01T00:00:00Z")


@pytest.fixture
def stack(database_url: str, home: Path) -> Iterator[ServiceHarness]:
    home.mkdir(parents=True, exist_ok=True)
    stack_ = build_harness(home, database_url)
    stack_.clock.at = T0 + 5000 * HOUR_US
    yield stack_
    stack_.services.database.close()


def make_event(number: int, kind: str, hours: int, **data: Any) -> Event:
    payload = {"resource_type": "bx" if number % 3 else "ax", "resource_id": f"r{number % 7}-{number}", **data}
    at = T0 + hours * HOUR_US
    return Event(f"{kind}-{number}-{hours}", f"usage.{kind}", "t", at, f"c{number % 2}", payload)


def fill(stack: ServiceHarness, count: int = 60) -> None:
    """Ingest several batches, so that there are positions."""
    random_ = random.Random(5)
    for number in range(count):
        start, fields = random_.randrange(100), {"project_id": f"p{number % 3}", "attributes": {"n": number}}
        events = [
            make_event(number, "started", start, **fields),
            make_event(number, "changed", start + 5, attributes={"n": -1}),
        ]
        if number % 4:
            events.append(make_event(number, "ended", start + random_.randrange(6, 90)))
        with stack.services.database.transaction() as db:
            assert stack.services.ingest.own_events.ingest(db, events, stack.clock.now()).rejected == 0


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


def matches(row: SegmentRow, usage_filter: UsageFilter) -> bool:
    """Return True if the row is in a list of current segments."""
    of_project = {"cloud": row.cloud, "resource_type": row.resource_type, "resource_id": row.resource_id}
    of_project["project_id"] = row.project_id
    return (
        all(getattr(usage_filter, name) in (None, value) for name, value in of_project.items())
        and (usage_filter.since is None or row.end is None or row.end > usage_filter.since)
        and (usage_filter.until is None or row.start < usage_filter.until)
    )


def test_pages_of_any_size_are_complete(stack: ServiceHarness) -> None:
    fill(stack)
    with stack.services.database.read_transaction() as db:
        for name, usage_filter in FILTERS.items():
            everything = segment_queries.list_rows(db, UsageFilter(as_of=usage_filter.as_of), 10_000)
            all_rows = segment_queries.list_rows(db, usage_filter, 10_000)
            assert all_rows == [row for row in everything if matches(row, usage_filter)], name
            assert all_rows == sorted(all_rows, key=segment_queries.get_sort_key), name
            for size in (1, 7, 1000):
                pages = list_in_pages(stack, db, usage_filter, size)
                assert sorted(pages, key=segment_queries.get_sort_key) == all_rows, (name, size)


def list_in_pages(stack: ServiceHarness, db: Connection, usage_filter: UsageFilter, size: int) -> list[SegmentRow]:
    rows, after = stack.services.ledger.segments.list_after(db, usage_filter, size)
    pages = list(rows)
    while after is not None:
        rows, after = stack.services.ledger.segments.list_after(db, usage_filter, size, after)
        pages += rows
    return pages


def test_changes_in_pages_of_any_size_lead_to_the_current_segments(stack: ServiceHarness) -> None:
    fill(stack)
    services = stack.services
    with stack.services.database.read_transaction() as db:
        ctx = stack.ctx(db)
        for size in (1, 3, 1000):
            after, current, all_changes = get_key_after_position(0), set[SegmentRow](), list[SegmentChange]()
            while True:
                changes, following = services.ledger.segment_changes.list(ctx, UsageFilter(), after, size)
                all_changes += changes
                if len(changes) < size:
                    assert following == get_key_after_position(services.ledger.positions.get_current_position(db))
                    break
                after = following
            for change in all_changes:
                (current.add if change.kind == RECORDED else current.remove)(change.row)
            assert current == set(segment_queries.list_rows(db, UsageFilter(), 10_000))
            assert [change.key for change in all_changes] == sorted(change.key for change in all_changes)
        of_project, _ = services.ledger.segment_changes.list(
            ctx, UsageFilter(project_id="p1"), get_key_after_position(30), 1000
        )
        assert of_project == [
            stack_ for stack_ in all_changes if stack_.position > 30 and stack_.row.project_id == "p1"
        ]


def test_lists_use_an_index(stack: ServiceHarness) -> None:
    """PostgreSQL would scan small tables sequentially, so that is disabled."""
    fill(stack, 200)
    with stack.services.database.transaction() as db:
        if db.dialect.name == "postgresql":
            db.execute(text("SET LOCAL enable_seqscan = off"))
            db.execute(text("ANALYZE"))
        for name, list_rows, index in (
            ("a project", segment_queries.list_rows, "ix_metering_segment_project"),
            ("a period", segment_queries.list_rows_by_end, "ix_metering_segment_end_at"),
            ("a resource", segment_queries.list_rows, "metering_resource"),
        ):
            plan = explain(db, list_rows, FILTERS[name])
            assert index in plan, plan
            assert "Seq Scan" not in plan
            assert "SCAN metering_segment" not in plan


def explain(db: Connection, list_rows: Callable[..., object], usage_filter: UsageFilter) -> str:
    """Return the plan of the first query of `list_rows`."""
    queries: list[Any] = []

    def record(_connection: Connection, statement: Any, *_others: object) -> None:
        queries.append(statement)

    event.listen(db, "before_execute", record)
    list_rows(db, usage_filter, 20)
    event.remove(db, "before_execute", record)
    query = str(queries[0].compile(db, compile_kwargs={"literal_binds": True})).replace("%", "%%")
    command = "EXPLAIN QUERY PLAN" if db.dialect.name == "sqlite" else "EXPLAIN"
    return "\n".join(str(row) for row in db.exec_driver_sql(f"{command} {query}"))
