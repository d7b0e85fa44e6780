"""Forms of SQL statement that differ by database, and lists cut to what one statement takes."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, and_, literal, or_, tuple_
from sqlalchemy.dialects import mysql, postgresql, sqlite

from stratiform.kit.db import Connection

T = TypeVar("T")

#: So many values go into one IN (…); every database takes as many, and a plan for them is quickly made.
IN_AT_ONCE = 500


def chunks(items: Sequence[T], size: int = IN_AT_ONCE) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert_missing(db: Connection, into: Table, rows: list[dict[str, Any]], *key: str) -> None:
    """Insert `rows`; those whose `key` is there already stay as they are, and are locked like new ones."""
    if not rows:
        return
    column = into.c[key[0]]
    if db.dialect.name in ("mysql", "mariadb"):
        db.execute(mysql.insert(into).on_duplicate_key_update({column.name: column}), rows)
        return
    statement = (postgresql if db.dialect.name == "postgresql" else sqlite).insert(into)
    db.execute(statement.on_conflict_do_update(index_elements=list(key), set_={column.name: column}), rows)


def beyond(db: Connection, columns: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whatever comes after `values` in the order of `columns`, in the form that the database finds by index."""
    if db.dialect.name not in ("mysql", "mariadb"):
        found: ColumnElement[bool] = tuple_(*columns) > tuple_(*[literal(value) for value in values])
        return found
    choices = [and_(*[columns[j] == values[j] for j in range(i)], columns[i] > values[i]) for i in range(len(columns))]
    return or_(*choices)
