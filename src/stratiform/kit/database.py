"""Database access: one engine, write and read-only transactions, rows as frozen dataclasses.

SQLite (WAL), PostgreSQL and MariaDB execute the same statements; their differences are handled here.
"""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    ClauseElement,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    Insert,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Text,
    Update,
    bindparam,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
    types,
    update,
)
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    IntegrityError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import SchemaItem

from stratiform.kit.database_errors import UNSTORABLE_VALUE, reject_value, report_violation, translate_errors
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, Slice, build_slice

__all__ = [
    "UNSTORABLE_VALUE",
    "Connection",
    "Database",
    "IntegrityError",
    "Json",
    "LongBytes",
    "LongText",
    "ProgrammingError",
    "Serial",
    "TableGateway",
    "binary_string",
    "define_table",
    "insert_lock_row",
    "metadata",
    "upsert",
]

#: The metadata of all tables, which the services' `tables.py` register.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: An auto-incremented key. SQLite increments only keys of type INTEGER.
Serial = BigInteger().with_variant(Integer(), "sqlite")

#: Bytes and texts of any length; MariaDB limits BLOB and TEXT to 64 KiB.
LongBytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

#: The time that a writer waits for another one on SQLite.
_SQLITE_LOCK_TIMEOUT_S = 30


def define_table(name: str, *items: SchemaItem) -> Table:
    """Define a table whose texts are compared bytewise on all databases."""
    return Table(
        name,
        metadata,
        *items,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
    )


def binary_string(length: int) -> String:
    """Return a string type that sorts by bytes on every database; PostgreSQL sorts by the locale otherwise."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


_json_decoder = msgspec.json.Decoder()


class Json(types.TypeDecorator[object]):
    """A JSON document, stored as text: the same bytes on all databases, and large integers stay exact."""

    impl = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: object, dialect: object) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: object) -> object:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else _json_decoder.decode(value)


class Database:
    """A database with the URL `sqlite:///FILE`, `postgresql+psycopg://…` or `mysql+pymysql://…`."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        try:
            parsed = make_url(url)
            self.dialect = parsed.get_backend_name().replace("mariadb", "mysql")
            self.engine = self._open(parsed.render_as_string(hide_password=False), pool_size)
        except (ArgumentError, ImportError, SQLAlchemyError, TypeError, ValueError) as error:
            raise Invalid(
                f"invalid database URL: {type(error).__name__}",
                hint="use sqlite:///FILE, postgresql+psycopg://… or mysql+pymysql://…",
            ) from error

    def _open(self, url: str, pool_size: int) -> Engine:
        if self.dialect == "sqlite":
            Path(make_url(url).database or ".").parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(
                url, pool_size=pool_size, max_overflow=40, connect_args={"timeout": _SQLITE_LOCK_TIMEOUT_S}
            )
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            event.listen(engine, "handle_error", reject_value)
            return engine
        level = {"isolation_level": "READ COMMITTED"}
        engine = create_engine(url, pool_size=pool_size, max_overflow=40, pool_pre_ping=True, **level)
        event.listen(engine, "handle_error", reject_value)
        event.listen(engine, "handle_error", report_violation)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction; commit it, or roll it back after an exception.

        Raises: Conflict if a constraint is violated; Unavailable if the database does not respond, is full, or is
        locked for too long.
        """
        with translate_errors(), self.engine.connect() as db, db.begin():
            yield db

    @contextmanager
    def read_transaction(self) -> Iterator[Connection]:
        """Open a read-only transaction; on SQLite it does not wait for writers."""
        with translate_errors(), self.engine.connect() as db:
            db.info["read_only"] = True
            try:
                yield db
            finally:
                db.rollback()
                db.info.pop("read_only", None)

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """Open a transaction for reading in which all tables have the state of one instant, while others write."""
        if self.dialect == "sqlite":
            with self.read_transaction() as db:
                yield db
            return
        with translate_errors(), self.engine.connect() as connection:
            db = connection.execution_options(isolation_level="REPEATABLE READ")
            with db.begin():
                yield db

    def check_connection(self) -> None:
        """Execute a query. Raises: Unavailable if the database does not respond."""
        with self.read_transaction() as db:
            db.execute(select(1))

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # _begin_sqlite starts transactions
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Acquire the write lock at the start: upgrading from a read lock fails if another writer was faster."""
    read_only = connection.info.get("read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


class RowDataclass(Protocol):
    """A frozen dataclass whose fields are columns of a table."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[object]]]


T = TypeVar("T", bound=RowDataclass)


class TableGateway(Generic[T]):
    """Access to the rows of one table as instances of one dataclass; the base of repositories.

    Statements are built once: building one takes three to five times as long as the rest on SQLite.
    """

    def __init__(self, of: Table, record: type[T], key: str = "id") -> None:
        self.table = of
        self.key = of.c[key]
        self._names = [field.name for field in dataclasses.fields(record)]
        self.columns = [of.c[name] for name in self._names]
        self.build_record: Callable[..., T] = record

    @cached_property
    def _select(self) -> Select[Any]:
        return select(*self.columns)

    @cached_property
    def _select_by_key(self) -> Select[Any]:
        return self._select.where(self.key == bindparam("key_"))

    @cached_property
    def _update_by_key(self) -> Update:
        return update(self.table).where(self.key == bindparam("key_"))

    @cached_property
    def _insert(self) -> Insert:
        return insert(self.table)

    def find(self, db: Connection, key: str | int) -> T | None:
        """Return the row with `key`, or None if there is none."""
        row = db.execute(self._select_by_key, {"key_": key}).first()
        return None if row is None else self.build_record(*row)

    def find_first(self, db: Connection, *where: ColumnElement[bool]) -> T | None:
        row = db.execute(self._select.where(*where).limit(1)).first()
        return None if row is None else self.build_record(*row)

    def list_all(
        self,
        db: Connection,
        *where: ColumnElement[bool],
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[T]:
        query = self._select.where(*where).order_by(*(order or (self.key,))).limit(limit)
        return [self.build_record(*row) for row in db.execute(query).all()]

    def list_page(self, db: Connection, page: Page, *where: ColumnElement[bool], newest_by: str = "") -> Slice[T]:
        """Return one page, ordered by key, or by the column `newest_by` in descending order and then by key.

        Raises: Invalid if the marker does not exist.
        """
        order: list[object] = [self.key]
        if newest_by:
            order.insert(0, self.table.c[newest_by].desc())
        conditions = list(where)
        if page.marker is not None:
            conditions.append(self._after(db, page.marker, newest_by))
        return build_slice(self.list_all(db, *conditions, order=order, limit=page.limit + 1), page)

    def _after(self, db: Connection, marker: str, newest_by: str) -> ColumnElement[bool]:
        column = self.table.c[newest_by] if newest_by else self.key
        value = db.execute(select(column).where(self.key == marker)).scalar()
        if value is None:
            raise Invalid(f"marker [{marker}] not found")
        if not newest_by:
            return column > marker
        after: ColumnElement[bool] = (column < value) | ((column == value) & (self.key > marker))
        return after

    def count(self, db: Connection, *where: ColumnElement[bool]) -> int:
        return int(db.execute(select(func.count()).select_from(self.table).where(*where)).scalar_one())

    def insert(self, db: Connection, record: T) -> T:
        db.execute(self._insert, self.to_columns(record))
        return record

    def insert_many(self, db: Connection, records: Sequence[T]) -> None:
        if records:
            db.execute(self._insert, [self.to_columns(record) for record in records])

    def update(self, db: Connection, key: str | int, **values: object) -> int:
        """Update columns of one row. Returns the number of rows with the key: 0 or 1."""
        return db.execute(self._update_by_key, {"key_": key, **values}).rowcount

    def save(self, db: Connection, record: T) -> T:
        """Update all columns of an existing row."""
        values = self.to_columns(record)
        self.update(db, values[self.key.name], **values)
        return record

    def delete(self, db: Connection, *where: ColumnElement[bool]) -> int:
        return db.execute(delete(self.table).where(*where)).rowcount

    def to_columns(self, record: T) -> dict[str, Any]:
        return {name: getattr(record, name) for name in self._names}


def upsert(
    db: Connection,
    into: Table,
    values: dict[str, Any] | list[dict[str, object]],
    *,
    key: Sequence[str],
    on_conflict: dict[str, Any],
) -> None:
    """Insert rows; if one with the same `key` exists, update it with `on_conflict` (do nothing if empty)."""
    rows = values if isinstance(values, list) else [values]
    expressions = {name: value for name, value in on_conflict.items() if isinstance(value, ClauseElement)}
    parameters = {name: value for name, value in on_conflict.items() if name not in expressions}
    statement = _build_upsert(db.dialect.name, into, tuple(key), tuple(parameters), tuple(expressions.items()))
    on_update = {f"{_ON_CONFLICT}{name}": value for name, value in parameters.items()}
    db.execute(statement, [{**row, **on_update} for row in rows])


#: The prefix of parameters that are values of `on_conflict`.
_ON_CONFLICT = "on_conflict_"


@lru_cache(maxsize=256)
def _build_upsert(
    dialect: str,
    into: Table,
    key: tuple[str, ...],
    parameters: tuple[str, ...],
    expressions: tuple[tuple[str, ClauseElement], ...],
) -> Executable:
    """Build a statement once: it takes as long as its execution, and work is enqueued in nearly every transaction."""
    values = {name: bindparam(f"{_ON_CONFLICT}{name}", type_=into.c[name].type) for name in parameters}
    assignments = {**values, **dict(expressions)}
    if dialect in ("mysql", "mariadb"):
        return mysql.insert(into).on_duplicate_key_update(**(assignments or {key[0]: into.c[key[0]]}))
    insert_into = postgresql.insert if dialect == "postgresql" else sqlite_dialect.insert
    statement: postgresql.Insert | sqlite_dialect.Insert = insert_into(into)
    if assignments:
        return statement.on_conflict_do_update(index_elements=list(key), set_=assignments)
    return statement.on_conflict_do_nothing(index_elements=list(key))


def insert_lock_row(db: Connection, into: Table, values: dict[str, Any], *, key: Sequence[str]) -> None:
    """Insert a row that transactions lock, unless it exists; on MariaDB in a transaction of its own.

    There, transactions that wait for the row deadlock when the one that inserted it is rolled back. The connection is
    not from the pool, because transactions that hold all of its connections would wait for each other.
    """
    if db.dialect.name not in ("mysql", "mariadb"):
        upsert(db, into, values, key=key, on_conflict={})
        return
    engine = create_engine(db.engine.url, poolclass=NullPool)
    with engine.begin() as connection:
        upsert(connection, into, values, key=key, on_conflict={})
