"""Many rows at once, in the form that each database takes fastest."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, ColumnElement, Connection, Table, cast, func, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

T = TypeVar("T")

#: So many values go into one IN (…); every database takes as many, and a plan for them is quickly made.
_IN_AT_ONCE = 500

#: So many rows go into one INSERT: MariaDB takes 16 MiB in a statement.
_ROWS_AT_ONCE = 500


def chunks(items: Sequence[T], size: int = _IN_AT_ONCE) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def insert(db: Connection, into: Table, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Insert `rows` of the columns `names`. Values are the driver's own: a JSON column takes its text."""
    if not rows:
        return
    quote = db.dialect.identifier_preparer.quote
    columns = ", ".join(quote(name) for name in names)
    if db.dialect.name == "postgresql":
        _copy(db, f"COPY {quote(into.name)} ({columns}) FROM STDIN", rows)
        return
    value = "?" if db.dialect.name == "sqlite" else "%s"
    statement = f"INSERT INTO {quote(into.name)} ({columns}) VALUES ({', '.join([value] * len(names))})"  # noqa: S608 - our own names
    for some in chunks(rows, _ROWS_AT_ONCE):
        db.exec_driver_sql(statement, [tuple(row) for row in some])


def update(db: Connection, of: Table, names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write the columns `names` of many rows, the first of which is the key that tells the row. Values are the
    driver's own. PostgreSQL takes them all as one document, as a statement a row costs it most of its time.
    """
    if not rows:
        return
    quote = db.dialect.identifier_preparer.quote
    key, *others = [quote(name) for name in names]
    if db.dialect.name == "postgresql":
        types = ", ".join(f"{quote(name)} {of.c[name].type.compile(db.dialect)}" for name in names)
        changes = ", ".join(f"{name} = new.{name}" for name in others)
        table = quote(of.name)
        db.exec_driver_sql(
            f"UPDATE {table} SET {changes} FROM json_to_recordset(%s) AS new({types}) WHERE {table}.{key} = new.{key}",  # noqa: S608 - our own names
            (msgspec.json.encode([dict(zip(names, row, strict=True)) for row in rows]).decode(),),
        )
        return
    value = "?" if db.dialect.name == "sqlite" else "%s"
    changes = ", ".join(f"{name} = {value}" for name in others)
    statement = f"UPDATE {quote(of.name)} SET {changes} WHERE {key} = {value}"  # noqa: S608 - our own names
    db.exec_driver_sql(statement, [(*row[1:], row[0]) for row in rows])


def select_by(
    db: Connection,
    columns: Sequence[ColumnElement[Any]],
    key: Column[object],
    values: Sequence[object],
    *where: ColumnElement[bool],
) -> Iterator[Any]:
    """The `columns` of all rows whose `key` is among `values`.

    PostgreSQL is told to look up one after the other: it would read a whole index where it has no statistics yet.
    """
    if db.dialect.name != "postgresql":
        for some in chunks(values):
            yield from db.execute(select(*columns).where(*where, key.in_(some))).all()
    elif values:
        array = cast(list(values), postgresql.ARRAY(key.type))
        wanted = func.unnest(array).table_valued("value").render_derived(name="wanted")
        named = [column.label(f"c{number}") for number, column in enumerate(columns)]
        found = select(*named).where(*where, key == wanted.c.value).offset(0).lateral()
        yield from db.execute(select(*found.c).select_from(wanted.join(found, true()))).all()


def _copy(db: Connection, statement: str, rows: Sequence[Sequence[object]]) -> None:
    driver = db.connection.driver_connection
    assert driver is not None, "a connection that is in use has a driver's one"
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except db.dialect.loaded_dbapi.Error as error:
        kind = db.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(statement, None, error, kind, dialect=db.dialect) from error
