"""Databases for tests: SQLite always, PostgreSQL and MariaDB where they answer.

Where one doesn't answer the test is skipped and named at the end; with CI=true that is a failure.
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
_FIRST = {"postgresql": "/postgres", "mariadb": "/"}


@cache
def answers(kind: str) -> bool:
    """Whether the server for `kind` is there. SQLite always is."""
    if kind == "sqlite":
        return True
    try:
        server = create_engine(SERVERS[kind] + _FIRST[kind], poolclass=NullPool)
        with server.connect() as db:
            db.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True


def need(what: str, there: bool) -> None:
    """Skip the test where `what` is missing; fail it where nothing may be left out."""
    if there:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} does not answer, and CI=true leaves nothing out")
    pytest.skip(f"{what} does not answer")


@contextmanager
def fresh_database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database, which is dropped afterwards."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'test.db'}"
        return
    need(kind, answers(kind))
    name = f"stratiform_test_{uuid4().hex[:12]}"
    server = create_engine(SERVERS[kind] + _FIRST[kind], isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with server.connect() as db:
        db.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield f"{SERVERS[kind]}/{name}"
    finally:
        force = " WITH (FORCE)" if kind == "postgresql" else ""
        with server.connect() as db:
            db.execute(text(f"DROP DATABASE {name}{force}"))
