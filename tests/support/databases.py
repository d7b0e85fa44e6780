"""Databases for tests: SQLite, and PostgreSQL and MariaDB if their servers are available.

A test whose server is not available is skipped; with CI=true it fails. To create all tables takes seconds, so
databases with tables are emptied and used again, and SQLite files are copies of an empty one.
"""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from stratiform.kit.database import Database, metadata

SERVERS = {
    "postgresql": os.environ.get("STRATIFORM_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432"),
    "mariadb": os.environ.get("STRATIFORM_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306"),
}
_MAINTENANCE = {"postgresql": "/postgres", "mariadb": "/"}

#: How long to wait for locks of connections that a test left open, before the database is dropped instead of emptied.
_LOCK_TIMEOUT_S = 5

#: Counters of generated keys that are not at their start: PostgreSQL's sequences, MariaDB's tables.
_USED_COUNTERS = {
    "postgresql": "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL",
    "mariadb": (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1"
    ),
}
_RESET_COUNTER = {"postgresql": "ALTER SEQUENCE {} RESTART", "mariadb": "ALTER TABLE {} AUTO_INCREMENT = 1"}

#: Sets the lock timeout. MariaDB checks references row by row, so a table that references itself cannot be emptied.
_PREPARE_RESET = {
    "postgresql": f"SET lock_timeout = '{_LOCK_TIMEOUT_S}s'",
    "mariadb": (
        f"SET lock_wait_timeout = {_LOCK_TIMEOUT_S}, innodb_lock_wait_timeout = {_LOCK_TIMEOUT_S}, "
        "foreign_key_checks = 0"
    ),
}


class _SharedStatements(dict[Any, Any]):
    """Compiled statements of all databases. SQLAlchemy keeps those of each engine, and each test has its own engines.

    The first part of a key is the dialect object of the engine.
    """

    def get(self, key: Any, default: Any = None) -> Any:
        return super().get(self._shared(key), default)

    def __setitem__(self, key: Any, compiled: Any) -> None:
        super().__setitem__(self._shared(key), compiled)

    @staticmethod
    def _shared(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *others = key
        return (dialect.name, dialect.driver, dialect.server_version_info, *others)


_statements = _SharedStatements()


@event.listens_for(Engine, "engine_connect")
def _share_statements(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_statements)


#: URLs of databases that have all tables.
_complete: set[str] = set()


@cache
def is_available(server: str) -> bool:
    """Return True if the server accepts connections."""
    if server == "sqlite":
        return True
    try:
        with _connection(SERVERS[server] + _MAINTENANCE[server]) as db:
            db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def require(name: str, available: bool) -> None:
    """Skip the test unless `name` is available; fail it with CI=true."""
    if available:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{name} is not available (required with CI=true)")
    pytest.skip(f"{name} is not available")


@contextmanager
def empty_database(server: str, folder: Path) -> Iterator[str]:
    """Create a database without tables and return its URL; drop it afterwards."""
    if server == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    require(server, is_available(server))
    name = f"stratiform_test_{uuid4().hex[:12]}"
    maintenance = SERVERS[server] + _MAINTENANCE[server]
    with _connection(maintenance) as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{SERVERS[server]}/{name}"
    finally:
        force = " WITH (FORCE)" if server == "postgresql" else ""
        with _connection(maintenance) as db:
            db.execute(text(f"DROP DATABASE {name}{force}"))


def create_tables(database: Database) -> None:
    """Create all tables that are loaded."""
    url = database.engine.url
    if url.render_as_string(hide_password=False) in _complete:
        return
    file = Path(url.database or "")
    if url.get_backend_name() == "sqlite" and not file.exists():
        file.write_bytes(empty_sqlite_file())
    else:
        metadata.create_all(database.engine)


def empty_sqlite_file() -> bytes:
    """Return the content of an SQLite file with all tables that are loaded."""
    return _empty_sqlite_file(len(metadata.tables))


@cache
def _empty_sqlite_file(_tables: int) -> bytes:
    """Create the file; the number of tables is the key of the cache."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.db"
        database = Database(f"sqlite:///{file}")
        metadata.create_all(database.engine)
        database.close()
        return file.read_bytes()


class DatabasePool:
    """Databases with all tables and without rows."""

    def __init__(self) -> None:
        self._idle: dict[str, list[tuple[str, ExitStack]]] = {"postgresql": [], "mariadb": []}

    @contextmanager
    def database(self, server: str, folder: Path) -> Iterator[str]:
        """Return the URL of a database; on SQLite its file does not exist yet."""
        if server == "sqlite":
            yield f"sqlite:///{folder / 'test.db'}"
            return
        require(server, is_available(server))
        url, stack = self._idle[server].pop() if self._idle[server] else _new_complete_database(server, folder)
        try:
            yield url
        finally:
            if _reset(server, url):
                self._idle[server].append((url, stack))
            else:
                _complete.discard(url)
                stack.close()

    def close(self) -> None:
        for databases in self._idle.values():
            for _, stack in databases:
                stack.close()
            databases.clear()


def _new_complete_database(server: str, folder: Path) -> tuple[str, ExitStack]:
    from stratiform.app.database_schema import import_tables

    import_tables()
    stack = ExitStack()
    url = stack.enter_context(empty_database(server, folder))
    database = Database(url)
    metadata.create_all(database.engine)
    database.close()
    _complete.add(url)
    return url, stack


def _reset(server: str, url: str) -> bool:
    """Delete all rows and restart the counters. Return False if that fails or the tables are not all there."""
    try:
        with _connection(url) as db:
            db.execute(text(_PREPARE_RESET[server]))
            tables = set(inspect(db).get_table_names())
            if tables != set(metadata.tables):
                return False
            counters = db.execute(text(_USED_COUNTERS[server])).scalars().all()
            for name in _tables_with_rows(db):
                db.execute(text(f"DELETE FROM {name}"))
            for counter in counters:
                db.execute(text(_RESET_COUNTER[server].format(counter)))
    except SQLAlchemyError:
        return False
    return True


def _tables_with_rows(db: Connection) -> list[str]:
    """Return the tables that are not empty, children before their parents."""
    names = [table.name for table in reversed(metadata.sorted_tables)]
    query = " UNION ALL ".join(
        f"SELECT {number} AS number WHERE EXISTS (SELECT 1 FROM {name})" for number, name in enumerate(names)
    )
    return [names[number] for number in sorted(db.execute(text(query)).scalars())]


@contextmanager
def _connection(url: str) -> Iterator[Connection]:
    """Connect without a transaction and without a pool."""
    engine = create_engine(make_url(url), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as db:
        yield db
