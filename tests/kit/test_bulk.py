"""Bulk inserts and updates, on all databases."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, MetaData, Numeric, String, Table, Text, delete, select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Database, Json
from stratiform.kit.errors import Invalid
from support.databases import SERVERS, empty_database
from support.profiles import examples

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
VALUES = Table(
    "all_types",
    ITEMS.metadata,
    Column("number", BigInteger),
    Column("text", Text),
    Column("bytes", LargeBinary),
    Column("flag", Boolean),
    Column("amount", Numeric(30, 9)),
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


ODD_TEXTS = st.text(st.sampled_from("\\\t\n\r\b'\"%?,;{}.Nx0 üß漢🙂\u2028"), max_size=12)
ROWS = st.lists(
    st.tuples(
        st.none() | st.integers(-(2**63), 2**63 - 1),
        st.none() | ODD_TEXTS | st.sampled_from(["\\N", "\\.", "\\x00", "NULL"]),
        st.none() | st.binary(max_size=12),
        st.none() | st.booleans(),
        st.none() | st.decimals(-(10**18), 10**18, places=9),
    ),
    max_size=8,
)


@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_values_are_stored_exactly(database: Database, rows: list[tuple[object, ...]]) -> None:
    if database.dialect == "sqlite":  # its driver has no decimals
        rows = [(*row[:4], None) for row in rows]
    with database.transaction() as db:
        bulk_queries.insert(db, VALUES, [column.name for column in VALUES.columns], rows)
        stored = [tuple(row) for row in db.execute(select(VALUES))]
        db.execute(delete(VALUES))
    assert sorted(map(repr, stored)) == sorted(repr(_with_scale(row)) for row in rows)


def _with_scale(row: tuple[object, ...]) -> tuple[object, ...]:
    """Return the row as it is read: its decimal has nine places."""
    return tuple(value.quantize(Decimal("1e-9")) if isinstance(value, Decimal) else value for value in row)


@pytest.mark.parametrize(("column", "value"), [("name", "\ud800"), ("id", 2**63), ("name", "nul \0")])
def test_value_that_cannot_be_stored_is_invalid(database: Database, column: str, value: object) -> None:
    if database.dialect != "postgresql" and value != "\ud800":
        pytest.skip("MariaDB and SQLite store NUL; their errors for numbers are those of the other statements")
    with pytest.raises(Invalid, match="cannot be stored"), database.transaction() as db:
        row = {"id": 1, "name": "x", column: value}
        bulk_queries.insert(db, ITEMS, list(row), [tuple(row.values())])
