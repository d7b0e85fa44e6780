"""Queries of the ledger use indexes also without table statistics."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, event, text

from stratiform.kit import bulk_queries
from stratiform.services.ledger.tables import event_table, segment_table
from support.databases import empty_database
from support.money import machine
from support.stacks import ServiceHarness, build_harness


@pytest.fixture
def stack(home: Path) -> Iterator[ServiceHarness]:
    """A stack on PostgreSQL, without statistics of its tables."""
    home.mkdir(parents=True, exist_ok=True)
    with empty_database("postgresql", home) as url:
        services = build_harness(home, url)
        yield services
        services.services.database.close()


@pytest.mark.parametrize("table", [event_table, segment_table], ids=lambda table: str(table.name))
def test_postgresql_looks_resources_up_without_statistics(stack: ServiceHarness, table: Table) -> None:
    ids = [f"m{i:04}" for i in range(2000)]
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(
            db, [machine(each, "p1", "2026-11-01") for each in ids], stack.clock.now()
        )
    with stack.services.database.read_transaction() as db:
        queries = []
        event.listen(db, "before_execute", lambda _, statement, *rest: queries.append(statement))
        assert len(list(bulk_queries.select_by_key(db, (table.c.resource,), table.c.resource, range(200)))) == 200
        query = queries[0].compile(db, compile_kwargs={"literal_binds": True})
        plan = "\n".join(db.execute(text(f"EXPLAIN {query}")).scalars())
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "(resource = (keys.value)::bigint)" in condition
