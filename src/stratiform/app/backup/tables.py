"""Rows of all tables, in a form that does not depend on the database: a backup of one can be restored into another.

The columns are those of the database, not those of this program, so that each revision of the schema can be saved.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgpack
from sqlalchemy import (
    Boolean,
    Connection,
    TableClause,
    column,
    delete,
    func,
    insert,
    inspect,
    select,
    table,
    text,
)

#: The table in which Alembic stores the revision.
REVISION_TABLE = "alembic_version"

_CHUNK_BYTES = 4 << 20
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Chunk:
    """Encoded rows of a table."""

    table: str
    number: int
    rows: int
    content: bytes


def list_tables(db: Connection) -> list[str]:
    """Return the tables, each after those that it refers to; without that of Alembic."""
    names = [name for name, _ in inspect(db).get_sorted_table_and_fkc_names() if name is not None]
    return [name for name in names if name != REVISION_TABLE]


def iterate_chunks(db: Connection, name: str) -> Iterator[Chunk]:
    """Yield the rows of a table in the order of its primary key."""
    source = _describe(db, name)
    keys = inspect(db).get_pk_constraint(name)["constrained_columns"]
    query = select(source).order_by(*(source.c[key] for key in keys))
    packer = msgpack.Packer()
    encoded, size, number = [packer.pack([each.name for each in source.c])], 0, 0
    for row in db.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        encoded.append(packer.pack(list(row)))
        size += len(encoded[-1])
        if size >= _CHUNK_BYTES:
            yield Chunk(name, number, len(encoded) - 1, b"".join(encoded))
            encoded, size, number = encoded[:1], 0, number + 1
    yield Chunk(name, number, len(encoded) - 1, b"".join(encoded))


def delete_rows(db: Connection, names: Sequence[str]) -> None:
    """Delete what the migrations have inserted; `names` in the order of foreign keys."""
    for name in reversed(names):
        db.execute(delete(table(name)))


def insert_chunk(db: Connection, name: str, content: bytes) -> int:
    """Insert the rows of a chunk and return their number."""
    target = _describe(db, name)
    unpacker = msgpack.Unpacker(max_buffer_size=len(content) + 1)
    unpacker.feed(content)
    names = unpacker.unpack()
    booleans = {each.name for each in target.c if isinstance(each.type, Boolean)}
    rows = [
        {key: _convert(value, is_boolean=key in booleans) for key, value in zip(names, row, strict=True)}
        for row in unpacker
    ]
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        db.execute(insert(target), rows[start : start + _ROWS_AT_ONCE])
    return len(rows)


@contextmanager
def deferred_foreign_keys(db: Connection, names: Sequence[str]) -> Iterator[None]:
    """Check foreign keys at the end of the block: rows may refer to later ones of the same table."""
    dialect = db.dialect.name
    if dialect == "sqlite":
        db.execute(text("PRAGMA defer_foreign_keys = ON"))
        yield
    elif dialect == "postgresql":
        constraints = [(name, key["name"]) for name in names for key in inspect(db).get_foreign_keys(name)]
        _alter_constraints(db, constraints, "DEFERRABLE INITIALLY DEFERRED")
        yield
        db.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
        _alter_constraints(db, constraints, "NOT DEFERRABLE")
    else:
        # MariaDB has no deferred checks. The rows are those of a database with the same foreign keys.
        db.execute(text("SET SESSION sql_mode = CONCAT(@@sql_mode, ',NO_AUTO_VALUE_ON_ZERO'), foreign_key_checks = 0"))
        try:
            yield
        finally:
            db.execute(text("SET SESSION sql_mode = DEFAULT, foreign_key_checks = 1"))


def continue_sequences(db: Connection, names: Iterable[str]) -> None:
    """Let PostgreSQL generate keys after the inserted ones; the other databases do so themselves."""
    if db.dialect.name != "postgresql":
        return
    for name in names:
        for each in inspect(db).get_columns(name):
            if str(each.get("default") or "").startswith("nextval("):
                key: Any = column(each["name"])
                sequence = func.pg_get_serial_sequence(name, each["name"])
                newest = select(func.max(key)).select_from(table(name)).scalar_subquery()
                db.execute(select(func.setval(sequence, func.coalesce(newest, 1), newest.is_not(None))))


def _convert(value: object, *, is_boolean: bool) -> object:
    """MariaDB has numbers in place of booleans."""
    return bool(value) if is_boolean and value is not None else value


def _alter_constraints(db: Connection, constraints: Iterable[tuple[str, str | None]], attributes: str) -> None:
    quote = db.dialect.identifier_preparer.quote
    for name, constraint in constraints:
        if constraint is not None:
            db.execute(text(f"ALTER TABLE {quote(name)} ALTER CONSTRAINT {quote(constraint)} {attributes}"))


def _describe(db: Connection, name: str) -> TableClause:
    columns: list[Any] = [column(each["name"], each["type"]) for each in inspect(db).get_columns(name)]
    return table(name, *columns)
