"""The ledger's queries stay quick where the database knows nothing of its tables yet."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Table, event, text

from stratiform.kit import bulk
from stratiform.services.ledger.tables import event_table, segment_table
from support.databases import empty_database
from support.money import machine
from support.stacks import Bench, bench


@pytest.fixture
def made(home: Path) -> Iterator[Bench]:
    """A stack on a PostgreSQL whose tables nobody has analyzed."""
    home.mkdir(parents=True, exist_ok=True)
    with empty_database("postgresql", home) as url:
        services = bench(home, url)
        yield services
        services.services.database.close()


@pytest.mark.parametrize("table", [event_table, segment_table], ids=lambda table: str(table.name))
def test_postgresql_looks_resources_up_without_statistics(made: Bench, table: Table) -> None:
    ids = [f"m{i:04}" for i in range(2000)]
    with made.services.database.transaction() as db:
        made.services.ingest.events.ingest(db, [machine(one, "p1", "2026-11-01") for one in ids], made.clock.now())
    with made.services.database.snapshot() as db:
        asked = []
        event.listen(db, "before_execute", lambda _, query, *rest: asked.append(query))
        assert len(list(bulk.select_by(db, (table.c.resource,), table.c.resource, range(200)))) == 200
        told = asked[0].compile(db, compile_kwargs={"literal_binds": True})
        plan = "\n".join(db.execute(text(f"EXPLAIN {told}")).scalars())
    condition = next(line for line in plan.splitlines() if "Index Cond" in line)
    assert "(resource = keys.value)" in condition
