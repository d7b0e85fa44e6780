"""Many rows at once, on every database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import BigInteger, Column, MetaData, String, Table, Text, select

from stratiform.kit import bulk
from stratiform.kit.db import Database, Json
from stratiform.kit.errors import Invalid
from support.databases import SERVERS, fresh_database

THINGS = Table(
    "things",
    MetaData(),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(32)),
    Column("parent", BigInteger),
    Column("tags", Json),
    Column("order", Text),  # a word of SQL
    mysql_charset="utf8mb4",
)
NAMES = ("id", "name", "parent", "tags", "order")


@pytest.fixture(params=["sqlite", *SERVERS])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with fresh_database(request.param, tmp_path) as url:
        made = Database(url)
        THINGS.metadata.create_all(made.engine)
        yield made
        made.close()


def rows(database: Database) -> list[tuple[object, ...]]:
    with database.snapshot() as db:
        return [tuple(row) for row in db.execute(select(THINGS).order_by(THINGS.c.id))]


def test_rows_are_changed_by_their_keys(database: Database) -> None:
    with database.transaction() as db:
        bulk.insert(db, THINGS, NAMES, [(number, "old", 7, '{"a":"b"}', "x") for number in range(1200)])
        odd = [
            (2**40, "is not there", None, "{}", ""),
            *((number, f"ü'\\\"\n{number}", None, '{"n":"\\"%s"}', "") for number in range(1, 1200, 2)),
        ]
        bulk.update(db, THINGS, ("id", "name", "parent", "tags"), [row[:4] for row in odd])
        bulk.update(db, THINGS, NAMES, [])
    found = rows(database)
    assert len(found) == 1200
    assert found[0] == (0, "old", 7, {"a": "b"}, "x")
    assert found[1199] == (1199, "ü'\\\"\n1199", None, {"n": '"%s'}, "x")
    assert [row[1] for row in found[0::2]] == ["old"] * 600


def test_what_no_column_holds_is_refused(database: Database) -> None:
    if database.kind == "sqlite":
        pytest.skip("SQLite takes any text")
    with database.transaction() as db:
        bulk.insert(db, THINGS, NAMES, [(1, "old", None, "{}", "")])
    with pytest.raises(Invalid), database.transaction() as db:
        bulk.update(db, THINGS, ("id", "name"), [(1, "x" * 33)])
