"""Bulk inserts and updates, on all databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Database, Json
from stratiform.kit.errors import Invalid
from support.databases import SERVERS, empty_database

ITEMS = Table(
    "items",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(32)),
    Column("parent", BigInteger),
    Column("tags", Json),
    Column("order", Text),  # an SQL keyword
    mysql_charset="utf8mb4",
)
NAMES = ("id", "name", "parent", "tags", "order")


@pytest.fixture(params=["sqlite", *SERVERS])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with empty_database(request.param, tmp_path) as url:
        database = Database(url)
        ITEMS.metadata.create_all(database.engine)
        yield database
        database.close()


def read_rows(database: Database) -> list[tuple[object, ...]]:
    with database.read_transaction() as db:
        return [tuple(row) for row in db.execute(select(ITEMS).order_by(ITEMS.c.id))]


def test_insert_and_update_many_rows(database: Database) -> None:
    with database.transaction() as db:
        bulk_queries.insert(db, ITEMS, NAMES, [(number, "old", 7, '{"a":"b"}', "x") for number in range(1200)])
        odd = [
            (2**40, "does not exist", None, "{}", ""),
            *((number, f"ü'\\\"\n{number}", None, '{"n":"\\"%s"}', "") for number in range(1, 1200, 2)),
        ]
        bulk_queries.update(db, ITEMS, ("id", "name", "parent", "tags"), [row[:4] for row in odd])
        bulk_queries.update(db, ITEMS, NAMES, [])
    rows = read_rows(database)
    assert len(rows) == 1200
    assert rows[0] == (0, "old", 7, {"a": "b"}, "x")
    assert rows[1199] == (1199, "ü'\\\"\n1199", None, {"n": '"%s'}, "x")
    assert [row[1] for row in rows[0::2]] == ["old"] * 600


def test_value_that_does_not_fit_the_column_is_invalid(database: Database) -> None:
    if database.dialect == "sqlite":
        pytest.skip("SQLite does not limit the length of text")
    with database.transaction() as db:
        bulk_queries.insert(db, ITEMS, NAMES, [(1, "old", None, "{}", "")])
    with pytest.raises(Invalid), database.transaction() as db:
        bulk_queries.update(db, ITEMS, ("id", "name"), [(1, "x" * 33)])
