"""The history of the schema leads to the tables that the code declares, on every database, and back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from stratiform.app import schema
from stratiform.kit.db import Database
from stratiform.migrations import HEAD


def test_the_history_leads_to_the_tables_and_back(database_url: str) -> None:
    schema.load_tables()
    database = Database(database_url)
    assert schema.standing(database) == ""
    schema.upgrade(database)
    schema.upgrade(database)
    with database.snapshot() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    steps = schema.history(database)
    assert steps[-1].revision == HEAD == schema.standing(database)
    assert all(step.applied for step in steps)
    schema.downgrade(database, "base")
    with database.snapshot() as db:
        assert inspect(db).get_table_names() == ["alembic_version"]
    database.close()
