"""Databases for tests: SQLite, and PostgreSQL and MariaDB if their servers are available.

A test whose server is not available is skipped; with CI=true it fails.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

SERVERS = {
    "postgresql": os.environ.get("STRATIFORM_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432"),
    "mariadb": os.environ.get("STRATIFORM_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306"),
}
_MAINTENANCE = {"postgresql": "/postgres", "mariadb": "/"}


@cache
def is_available(kind: str) -> bool:
    """Return True if the server for `kind` accepts connections."""
    if kind == "sqlite":
        return True
    try:
        server = create_engine(SERVERS[kind] + _MAINTENANCE[kind], poolclass=NullPool)
        with server.connect() as db:
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
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """Create an empty database and return its URL; drop it afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    require(kind, is_available(kind))
    name = f"stratiform_test_{uuid4().hex[:12]}"
    server = create_engine(SERVERS[kind] + _MAINTENANCE[kind], isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{SERVERS[kind]}/{name}"
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        with server.connect() as db:
            db.execute(text(f"DROP DATABASE {name}{force}"))
