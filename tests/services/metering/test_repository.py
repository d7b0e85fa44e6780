"""The ledger's queries stay quick where the database knows nothing of its tables yet."""

from pathlib import Path

from sqlalchemy import text

from stratiform.services.metering.repository.statements import of_resources
from stratiform.services.metering.tables import event_table, segment_table
from support.databases import fresh_database
from support.money import machine
from support.stacks import bench


def test_postgresql_looks_resources_up_without_statistics(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    with fresh_database("postgresql", home) as url:
        made = bench(home, url)
        ids = [f"m{i:04}" for i in range(2000)]
        with made.stack.database.transaction() as db:
            made.stack.metering.ingest(db, [machine(one, "p1", "2026-11-01") for one in ids], made.clock.now())
        with made.stack.database.snapshot() as db:
            for table, index in (
                (event_table, "ix_metering_event_resource"),
                (segment_table, "uq_metering_segment_resource_type_resource_id_cloud_is_open"),
            ):
                query = of_resources(db, table, "dc-1", "instance", ids[:200], [table.c.resource_id])
                assert len(db.execute(query).all()) == 200
                asked = query.compile(db, compile_kwargs={"literal_binds": True})
                plan = "\n".join(db.execute(text(f"EXPLAIN {asked}")).scalars())
                assert index in plan
                assert "resource_id)::text = (wanted.id)::text" in plan
        made.stack.database.close()
