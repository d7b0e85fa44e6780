"""Forms of SQL statement that differ by database, and lists cut to what one statement takes."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, String, Table, and_, cast, func, literal, or_, select, true, tuple_
from sqlalchemy.dialects import mysql, postgresql, sqlite

from stratiform.kit.db import Connection

T = TypeVar("T")

#: So many values go into one IN (…); every database takes as many, and a plan for them is quickly made.
IN_AT_ONCE = 500

#: So many rows go into one INSERT: MariaDB takes 16 MiB in a statement.
_ROWS_AT_ONCE = 100


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


def of_resources(
    db: Connection, source: Table, cloud: str, resource_type: str, ids: Sequence[str], columns: Sequence[Any]
) -> Select[Any]:
    """The `columns` of all rows of `source` that are of these resources.

    PostgreSQL is told to look up one after the other: it would read a whole index where it has no statistics yet.
    """
    c = source.c
    mine = (c.cloud == cloud, c.resource_type == resource_type)
    if db.dialect.name != "postgresql":
        return select(*columns).where(*mine, c.resource_id.in_(ids))
    wanted = func.unnest(cast(list(ids), postgresql.ARRAY(String))).table_valued("id").render_derived(name="wanted")
    found = select(*columns).where(*mine, c.resource_id == wanted.c.id).offset(0).lateral()
    return select(*[found.c[column.name] for column in columns]).select_from(wanted.join(found, true()))


def insert_new(db: Connection, into: Table, rows: list[dict[str, Any]], *key: str) -> Sequence[Row[Any]]:
    """Insert `rows`; those whose `key` is there already stay as they are. Answers the keys of those that are new.

    Asking first would cost more the larger the table is, wherever a database plans the question by old statistics.
    """
    keys = [into.c[name] for name in key]
    if db.dialect.name in ("mysql", "mariadb"):
        statement = mysql.insert(into).prefix_with("IGNORE").returning(*keys)
    else:
        inserting = (postgresql if db.dialect.name == "postgresql" else sqlite).insert(into)
        statement = inserting.on_conflict_do_nothing(index_elements=list(key)).returning(*keys)
    return db.execute(statement, rows, execution_options={"insertmanyvalues_page_size": _ROWS_AT_ONCE}).all()


def beyond(db: Connection, columns: Sequence[ColumnElement[Any]], values: Sequence[Any]) -> ColumnElement[bool]:
    """Whatever comes after `values` in the order of `columns`, in the form that the database finds by index."""
    if db.dialect.name not in ("mysql", "mariadb"):
        found: ColumnElement[bool] = tuple_(*columns) > tuple_(*[literal(value) for value in values])
        return found
    choices = [and_(*[columns[j] == values[j] for j in range(i)], columns[i] > values[i]) for i in range(len(columns))]
    return or_(*choices)
