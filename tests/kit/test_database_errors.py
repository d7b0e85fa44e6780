"""Errors of the database as callers see them, on every database."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, MetaData, Table, insert, text, update

from stratiform.kit.database import Database, IntegrityError, ProgrammingError
from stratiform.kit.errors import Conflict, Unavailable

_metadata = MetaData()
_pairs = Table(
    "pair",
    _metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("other", Integer, ForeignKey("pair.id")),
    CheckConstraint("number > 0", name="ck_pair_number"),
    mysql_engine="InnoDB",
)


@pytest.fixture
def database(empty_database_url: str) -> Iterator[Database]:
    """A database with two rows."""
    database = Database(empty_database_url)
    _metadata.create_all(database.engine)
    with database.transaction() as db:
        db.execute(insert(_pairs), [{"id": 1, "number": 1, "other": None}, {"id": 2, "number": 1, "other": 1}])
    yield database
    database.close()


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "number": 1, "other": None},
        {"id": 3, "number": 0, "other": None},
        {"id": 3, "number": 1, "other": 9},
    ],
    ids=["unique", "check", "foreign key"],
)
def test_a_violated_constraint_is_a_conflict(database: Database, row: dict[str, int | None]) -> None:
    with pytest.raises(Conflict) as error, database.transaction() as db:
        db.execute(insert(_pairs).values(row))
    assert "pair" not in error.value.message
    with database.transaction() as db, pytest.raises(IntegrityError), db.begin_nested():
        db.execute(insert(_pairs).values(row))


@pytest.mark.parametrize("row", [{"id": 3, "number": None}, {"id": 3}], ids=["null", "absent"])
def test_a_missing_value_is_an_error_of_the_program(database: Database, row: dict[str, int | None]) -> None:
    with pytest.raises(IntegrityError), database.transaction() as db:
        db.execute(insert(_pairs).values(row))


@pytest.mark.parametrize("statement", ["SELECT unknown FROM pair", "SELECT * FROM unknown", "SELEC 1"])
def test_a_wrong_statement_does_not_make_the_database_unavailable(database: Database, statement: str) -> None:
    """It is an error of the program, which is reported as such on every database."""
    with pytest.raises(ProgrammingError), database.read_transaction() as db:
        db.execute(text(statement))


def test_transactions_that_block_each_other_do_not_make_the_database_unavailable(database: Database) -> None:
    """SQLite has one writer, so nothing blocks there."""
    barrier = threading.Barrier(2, timeout=20)
    is_sqlite = database.dialect == "sqlite"

    def change(first: int, second: int) -> str:
        try:
            with database.transaction() as db:
                db.execute(update(_pairs).where(_pairs.c.id == first).values(number=first + 10))
                if not is_sqlite:
                    barrier.wait()
                db.execute(update(_pairs).where(_pairs.c.id == second).values(number=second + 10))
        except Unavailable as error:
            return f"{error.message} ({error.hint})"
        return "changed"

    with ThreadPoolExecutor(2) as pool:
        results = set(pool.map(change, (1, 2), (2, 1)))
    blocked = "the request deadlocked with another one (retry the request)"
    assert results == ({"changed"} if is_sqlite else {"changed", blocked})
