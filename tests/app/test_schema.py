"""Migrations lead to the declared tables and back, on every database."""

import json
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from stratiform.app import database_schema
from stratiform.kit.database import Database
from stratiform.kit.errors import Invalid
from stratiform.migrations import HEAD, OLDEST
from support.billing import billing_harness
from support.money import machine
from support.servers import with_servers
from support.stacks import build_harness


def test_migrations_lead_to_the_declared_tables_and_back(empty_database_url: str) -> None:
    database_schema.import_tables()
    database = Database(empty_database_url)
    assert database_schema.current_revision(database) == ""
    database_schema.migrate(database)
    database_schema.migrate(database)
    with database.read_transaction() as db:
        context = MigrationContext.configure(db, opts={"compare_type": True})
        assert compare_metadata(context, database_schema.metadata) == []
    steps = database_schema.list_revisions(database)
    assert steps[-1].revision == HEAD == database_schema.current_revision(database)
    assert all(step.applied for step in steps)
    assert database_schema.list_deleted_data(database, "base") == []
    migrated = _describe(database)
    database_schema.downgrade(database, "base")
    with database.read_transaction() as db:
        assert inspect(db).get_table_names() == ["alembic_version"]
    database_schema.upgrade(database)
    assert database_schema.current_revision(database) == HEAD
    assert _describe(database) == migrated, "a new database has the tables of a migrated one"
    database.close()


def _describe(database: Database) -> dict[str, list[str]]:
    """Return the columns, constraints and indexes of each table, without their order, and the triggers."""
    tables = {}
    with database.read_transaction() as db:
        inspector = inspect(db)
        for name in inspector.get_table_names():
            columns_and_constraints = [
                *inspector.get_columns(name),
                *inspector.get_check_constraints(name),
                *inspector.get_foreign_keys(name),
                *inspector.get_indexes(name),
                *inspector.get_unique_constraints(name),
                inspector.get_pk_constraint(name),
            ]
            tables[name] = sorted(json.dumps(part, default=str, sort_keys=True) for part in columns_and_constraints)
        if database.engine.dialect.name == "sqlite":
            triggers = db.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
            tables["triggers"] = sorted(str(tuple(trigger)) for trigger in triggers)
    return tables


def test_rows_survive_a_downgrade_and_an_upgrade(home: Path, empty_database_url: str) -> None:
    """SQLite creates changed tables anew, and rows of other tables refer to them."""
    home.mkdir()
    stack = build_harness(home, empty_database_url, tables=False)
    database_schema.upgrade(stack.services.database)
    server = with_servers(stack).create_active()
    before = _count_rows(stack.services.database)
    assert before["compute_server"] == 1
    database_schema.downgrade(stack.services.database, OLDEST)
    database_schema.upgrade(stack.services.database)
    after = _count_rows(stack.services.database)
    created_later = {"network_initial_resources"}
    assert {name for name in before if after[name] < before[name]} <= created_later
    with stack.services.database.read_transaction() as db:
        assert db.execute(text("SELECT id FROM compute_server")).scalar() == server.id
    stack.services.database.close()


def _count_rows(database: Database) -> dict[str, int]:
    with database.read_transaction() as db:
        names = inspect(db).get_table_names()
        return {name: db.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in names}


def test_unknown_revisions_are_rejected(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/stratiform.db")
    database_schema.upgrade(database)
    for change in (database_schema.migrate, database_schema.downgrade, database_schema.list_deleted_data):
        with pytest.raises(Invalid, match="9999"):
            change(database, "9999")
    with database.transaction() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '0012'"))
    with pytest.raises(Invalid, match="0012") as error:
        database_schema.upgrade(database)
    assert f"before {OLDEST} have no upgrade" in error.value.hint
    database.close()


def test_deleted_data_is_listed_before_a_downgrade(home: Path) -> None:
    home.mkdir()
    stack = build_harness(home, tables=False)
    database_schema.upgrade(stack.services.database)
    billing = billing_harness(stack)
    billing.create_account("zeta")
    billing.ingest(machine("m1", "p1", "2026-11-01"))
    billing.at("2026-12-01").close("acme", "2026-11")
    losses = database_schema.list_deleted_data(stack.services.database, "base")
    assert {"documents (1)", "customer accounts (2)", "price plans (1)"} <= set(losses)
    stack.services.database.close()


def test_downgrade_keeps_the_oldest_cloud_of_each_zone(home: Path, empty_database_url: str) -> None:
    home.mkdir()
    stack = build_harness(home, empty_database_url, tables=False)
    database, clouds = stack.services.database, stack.services.clouds
    database_schema.upgrade(database)
    with database.transaction() as db:
        ctx = stack.ctx(db)
        first, second = (clouds.accounts.create(ctx, "memory", name, {"password": "p"}) for name in ("a", "b"))
        clouds.accounts.set_labels(ctx, first.id, {"region": "eu"})
        for cloud, zone in ((second, "north"), (first, "north"), (first, "south")):
            clouds.bindings.create(ctx, "p1", cloud.id, zone)
        clouds.bindings.create_for_pool(ctx, "p1", clouds.pools.create(ctx, "eu"), "north")
    assert set(database_schema.list_deleted_data(database, "0095")) == {
        "pools of clouds (1)",
        "bindings to pools (1)",
        "labels of clouds (1)",
        "bindings to further clouds in an availability zone (2)",
    }
    database_schema.downgrade(database, "0095")
    database_schema.upgrade(database)
    with database.transaction() as db:
        bindings = clouds.bindings.list_for_project(db, "p1")
        assert [(binding.cloud_name, binding.zone) for binding in bindings] == [("b", "north"), ("a", "south")]
        assert clouds.accounts.get_by_id(db, first.id).labels == {}
        assert clouds.accounts.settings.load(db, first)["password"] == "p"
    database.close()
