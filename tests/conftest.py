"""Fixtures that every test may ask for."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.app.schema import load_tables
from stratiform.kit.db import Database, metadata
from support.databases import fresh_database
from support.moto import moto_url as moto_url
from support.moto import strict_moto_url as strict_moto_url
from support.openstack import openstack_url as openstack_url
from support.prometheus import prometheus_url as prometheus_url
from support.stacks import Bench, bench


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of each kind; a test that asks for it runs once on each that answers."""
    with fresh_database(request.param, tmp_path) as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database with every table, and nothing in them."""
    load_tables()
    made = Database(database_url)
    metadata.create_all(made.engine)
    yield made
    made.close()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def stack_bench(home: Path) -> Iterator[Bench]:
    """A whole stack on SQLite."""
    home.mkdir(parents=True, exist_ok=True)
    made = bench(home)
    yield made
    made.services.database.close()
