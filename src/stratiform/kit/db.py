"""The database: one engine, two kinds of transaction, and rows as frozen dataclasses.

SQLite (WAL), PostgreSQL and MariaDB answer the same statements; what differs is here and nowhere else.
"""

import dataclasses
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
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
from sqlalchemy.engine import ExceptionContext, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as NoneFreeError
from sqlalchemy.schema import SchemaItem

from stratiform.kit.errors import Fault, Invalid, Unavailable
from stratiform.kit.pagination import Page, Slice, page_of

__all__ = [
    "Connection",
    "Database",
    "IntegrityError",
    "Json",
    "LongBytes",
    "LongText",
    "ProgrammingError",
    "Rows",
    "Serial",
    "binary_string",
    "metadata",
    "table",
    "upsert",
]

#: Every service's `tables.py` registers here; the migrations read it.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

#: A number that grows with every row. SQLite counts only `INTEGER` keys.
Serial = BigInteger().with_variant(Integer(), "sqlite")

#: Bytes and texts of any length; MariaDB's BLOB and TEXT end at 64 KiB.
LongBytes = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
LongText = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")

#: How long a writer of SQLite waits for another before it gives up.
_SQLITE_WAIT_S = 30


def table(name: str, *items: SchemaItem) -> Table:
    """A table whose texts compare byte for byte on every database."""
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


_documents = msgspec.json.Decoder()


class Json(types.TypeDecorator[object]):
    """A JSON document, kept as text: the same bytes on every database, and big integers stay whole."""

    impl = Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
    cache_ok = True

    def process_bind_param(self, value: object, dialect: object) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: Any, dialect: object) -> object:  # noqa: ARG002 - SQLAlchemy's signature
        return None if value is None else _documents.decode(value)


class Database:
    """An engine for `url`: `sqlite:///FILE`, `postgresql+psycopg://…` or `mysql+pymysql://…`."""

    def __init__(self, url: str, *, pool_size: int = 20) -> None:
        try:
            parsed = make_url(url)
            self.kind = parsed.get_backend_name().replace("mariadb", "mysql")
            self.engine = self._open(parsed.render_as_string(hide_password=False), pool_size)
        except (ArgumentError, ImportError, SQLAlchemyError, TypeError, ValueError) as error:
            raise Invalid(
                f"database URL not understood: {type(error).__name__}",
                hint="use sqlite:///FILE, postgresql+psycopg://… or mysql+pymysql://…",
            ) from error

    def _open(self, url: str, pool_size: int) -> Engine:
        if self.kind == "sqlite":
            Path(make_url(url).database or ".").parent.mkdir(parents=True, exist_ok=True)
            engine = create_engine(url, pool_size=pool_size, max_overflow=40, connect_args={"timeout": _SQLITE_WAIT_S})
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            event.listen(engine, "handle_error", _refuse_value)
            return engine
        level = {"isolation_level": "READ COMMITTED"}
        engine = create_engine(url, pool_size=pool_size, max_overflow=40, pool_pre_ping=True, **level)
        event.listen(engine, "handle_error", _refuse_value)
        return engine

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction that writes: committed at the end, rolled back where anything is raised.

        Raises Unavailable where the database does not answer, is full, or is locked for too long.
        """
        with _told_plainly(), self.engine.connect() as db, db.begin():
            yield db

    @contextmanager
    def snapshot(self) -> Iterator[Connection]:
        """A transaction that only reads; on SQLite it waits for no writer."""
        with _told_plainly(), self.engine.connect() as db:
            db.info["reads_only"] = True
            try:
                yield db
            finally:
                db.rollback()
                db.info.pop("reads_only", None)

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def _told_plainly() -> Iterator[None]:
    """Turn "the database is gone" into a fault of ours; never show the statement or its values."""
    try:
        yield
    except Fault:
        raise
    except (OperationalError, InterfaceError) as error:
        reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
        raise Unavailable(f"the database does not answer: {reason}") from error
    except NoneFreeError as error:
        raise Unavailable("all connections to the database are in use") from error


def _refuse_value(failure: ExceptionContext) -> None:
    """What no column holds (a NUL, half a character, more digits than a number has) is its sender's fault."""
    error = failure.original_exception
    if isinstance(error, OverflowError | UnicodeError) or isinstance(failure.sqlalchemy_exception, DataError):
        raise Invalid("A value has characters that can't be stored, is too long, or is out of range.") from error


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the write lock at once: two that read first and write later could only fail."""
    reads_only = connection.info.get("reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


class Record(Protocol):
    """A frozen dataclass whose fields are columns."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[object]]]


T = TypeVar("T", bound=Record)


class Rows(Generic[T]):
    """The rows of one table as records of one class. Repositories are made of these."""

    def __init__(self, of: Table, record: type[T], key: str = "id") -> None:
        self.table = of
        self.key = of.c[key]
        self._record = record
        self._names = [field.name for field in dataclasses.fields(record)]
        self.columns = [of.c[name] for name in self._names]

    def get(self, db: Connection, key: str | int) -> T | None:
        return self.first(db, self.key == key)

    def first(self, db: Connection, *where: ColumnElement[bool]) -> T | None:
        row = db.execute(select(*self.columns).where(*where).limit(1)).first()
        return None if row is None else self._record(*row)

    def all(
        self,
        db: Connection,
        *where: ColumnElement[bool],
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[T]:
        query = select(*self.columns).where(*where).order_by(*(order or (self.key,))).limit(limit)
        return [self._record(*row) for row in db.execute(query)]

    def page(self, db: Connection, page: Page, *where: ColumnElement[bool], newest: str = "") -> Slice[T]:
        """One page, ordered by key, or by the column `newest` downwards and then the key.

        Raises Invalid where the marker is unknown.
        """
        order: list[object] = [self.key]
        if newest:
            order.insert(0, self.table.c[newest].desc())
        conditions = list(where)
        if page.marker is not None:
            conditions.append(self._after(db, page.marker, newest))
        return page_of(self.all(db, *conditions, order=order, limit=page.limit + 1), page)

    def _after(self, db: Connection, marker: str, newest: str) -> ColumnElement[bool]:
        at = self.table.c[newest] if newest else self.key
        value = db.execute(select(at).where(self.key == marker)).scalar()
        if value is None:
            raise Invalid(f"marker [{marker}] not found")
        if not newest:
            return at > marker
        after: ColumnElement[bool] = (at < value) | ((at == value) & (self.key > marker))
        return after

    def count(self, db: Connection, *where: ColumnElement[bool]) -> int:
        return int(db.execute(select(func.count()).select_from(self.table).where(*where)).scalar_one())

    def insert(self, db: Connection, record: T) -> T:
        db.execute(insert(self.table).values(self.values(record)))
        return record

    def insert_many(self, db: Connection, records: Sequence[T]) -> None:
        if records:
            db.execute(insert(self.table), [self.values(record) for record in records])

    def change(self, db: Connection, key: str | int, **values: object) -> int:
        """Set columns of one row; how many rows there were (0 or 1)."""
        return db.execute(update(self.table).where(self.key == key).values(**values)).rowcount

    def save(self, db: Connection, record: T) -> T:
        """Write every column of a row that exists."""
        values = self.values(record)
        self.change(db, values[self.key.name], **values)
        return record

    def delete(self, db: Connection, *where: ColumnElement[bool]) -> int:
        return db.execute(delete(self.table).where(*where)).rowcount

    def values(self, record: T) -> dict[str, Any]:
        return {name: getattr(record, name) for name in self._names}


def upsert(
    db: Connection,
    into: Table,
    values: dict[str, Any] | list[dict[str, object]],
    *,
    key: Sequence[str],
    change: dict[str, Any],
) -> None:
    """Insert; where a row with the same `key` exists, set `change` on it instead (nothing, if empty)."""
    kind = db.dialect.name
    if kind in ("mysql", "mariadb"):
        on_mysql = mysql.insert(into).values(values)
        kept = change or {key[0]: into.c[key[0]]}
        db.execute(on_mysql.on_duplicate_key_update(**kept))
        return
    statement = (postgresql if kind == "postgresql" else sqlite_dialect).insert(into).values(values)
    if change:
        db.execute(statement.on_conflict_do_update(index_elements=list(key), set_=change))
    else:
        db.execute(statement.on_conflict_do_nothing(index_elements=list(key)))
