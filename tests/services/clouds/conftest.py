"""Fixtures for the clouds service on a database of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stratiform.contract.connector import Installation
from stratiform.kit.clock import ManualClock
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection, Database
from stratiform.kit.ids import SequentialIds
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.clouds.model import Cloud
from stratiform.services.clouds.service import CloudsService
from support.databases import create_tables


@dataclass(frozen=True, slots=True)
class Fixture:
    """The clouds service with its database, keys and clock."""

    database: Database
    clouds: CloudsService
    keys: KeyRepository
    installation: Installation
    clock: ManualClock

    def ctx(self, db: Connection, caller: Caller = SYSTEM) -> RequestContext:
        return RequestContext(db, caller, self.clock.now())

    def closed_ctx(self, caller: Caller = SYSTEM) -> RequestContext:
        """Return a context whose transaction has ended."""
        with self.database.read_transaction() as db:
            return self.ctx(db, caller)

    def second_process(self) -> CloudsService:
        """Return the service as another process on the same database has it."""
        return _service(self.database, self.keys, self.installation)

    def add(self, name: str = "memory", **settings: str) -> Cloud:
        with self.database.transaction() as db:
            return self.clouds.accounts.create(self.ctx(db), "memory", name, settings)

    def bind(self, project_id: str, cloud: Cloud, zone: str = "", native_zone: str = "") -> None:
        with self.database.transaction() as db:
            self.clouds.bindings.create(self.ctx(db), project_id, cloud.id, zone, native_zone)


def _service(database: Database, keys: KeyRepository, installation: Installation) -> CloudsService:
    return CloudsService.build(database=database, ids=SequentialIds(), keys=keys, installation=installation)


def _fixture(url: str, home: Path) -> Fixture:
    database, clock, keys = Database(url), ManualClock(), KeyRepository(home / "keys")
    keys.create()
    create_tables(database)
    installation = Installation("test-installation", home, clock)
    return Fixture(database, _service(database, keys, installation), keys, installation, clock)


@pytest.fixture
def fixture(tmp_path: Path) -> Iterator[Fixture]:
    """The service on SQLite."""
    fixture = _fixture(f"sqlite:///{tmp_path / 'clouds.db'}", tmp_path / "home")
    yield fixture
    fixture.database.close()


@pytest.fixture
def any_fixture(database_url: str, tmp_path: Path) -> Iterator[Fixture]:
    """The service on each database."""
    fixture = _fixture(database_url, tmp_path / "home")
    yield fixture
    fixture.database.close()
