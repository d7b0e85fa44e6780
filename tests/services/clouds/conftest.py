"""The clouds service on a database of its own."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from stratiform.contract.connector import Installation
from stratiform.kit.clock import ManualClock
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import Keys
from stratiform.kit.db import Connection, Database, metadata
from stratiform.kit.ids import CountingIds
from stratiform.kit.policy import SYSTEM, Caller
from stratiform.services.clouds.service import CloudsService


@dataclass(frozen=True, slots=True)
class Desk:
    """The service, and an operator's hands."""

    database: Database
    clouds: CloudsService
    keys: Keys
    place: Installation
    clock: ManualClock

    def ctx(self, db: Connection, caller: Caller = SYSTEM) -> RequestContext:
        return RequestContext(db, caller, self.clock.now())

    def ended(self, caller: Caller = SYSTEM) -> RequestContext:
        """A call whose transaction is over."""
        with self.database.snapshot() as db:
            return self.ctx(db, caller)

    def another(self) -> CloudsService:
        """The same, as another process has it."""
        return CloudsService(database=self.database, ids=CountingIds(), secrets=self.keys, place=self.place)


def _desk(url: str, home: Path) -> Desk:
    database, clock, keys = Database(url), ManualClock(), Keys(home / "keys")
    keys.create()
    metadata.create_all(database.engine)
    place = Installation("here", home, clock)
    service = CloudsService(database=database, ids=CountingIds(), secrets=keys, place=place)
    return Desk(database, service, keys, place, clock)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """On SQLite."""
    made = _desk(f"sqlite:///{tmp_path / 'desk.db'}", tmp_path / "home")
    yield made
    made.database.close()


@pytest.fixture
def every_desk(database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """On each database."""
    made = _desk(database_url, tmp_path / "home")
    yield made
    made.database.close()
