"""Fixtures of the rating tests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stratiform.services.rating.engines.duckdb_engine import Session


@pytest.fixture(scope="session")
def session() -> "Iterator[Session]":
    """One DuckDB connection for all tests."""
    from stratiform.services.rating.engines import duckdb_engine

    with duckdb_engine.open_session(threads=1) as session:
        yield session
