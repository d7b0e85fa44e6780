"""All services on a database of a test, with a manual clock and sequential identifiers."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from litestar import Litestar

from stratiform.app.api import build_application
from stratiform.app.settings import Settings
from stratiform.app.wiring import build_services
from stratiform.interfaces.services import Services
from stratiform.kit.clock import ManualClock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.crypto import KeyRepository
from stratiform.kit.database import Connection
from stratiform.kit.ids import SequentialIds
from stratiform.kit.installation_keys import InstallationKeys
from stratiform.kit.policy import SYSTEM, Caller
from support.databases import create_tables, empty_sqlite_file

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class ServiceHarness:
    """The services with the clock and the generator of identifiers that a test controls."""

    services: Services
    clock: ManualClock
    ids: SequentialIds

    def ctx(self, db: Connection, caller: Caller = SYSTEM) -> RequestContext:
        return RequestContext(db, caller, self.clock.now(), "req-test")


def build_harness(home: Path, database_url: str = "", *, tables: bool = True, **settings: Any) -> ServiceHarness:
    """Build all services in `home`, with empty tables unless `tables` is False."""
    clock, ids = ManualClock(), SequentialIds()
    for name in ("tokens", "secrets"):
        _write_keys(home / "keys" / name)
    InstallationKeys(home / "keys").create(ids)
    services = build_services(
        Settings(home=home, database_url=database_url, bcrypt_rounds=4, **settings), clock=clock, ids=ids
    )
    if tables:
        create_tables(services.database)
    return ServiceHarness(services, clock, ids)


def _write_keys(folder: Path) -> None:
    """Write the keys that all harnesses use, so that tokens and credentials in copies of a database are valid."""
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
        for name, key in _create_keys().items():
            (folder / name).write_bytes(key)


@cache
def _create_keys() -> dict[str, bytes]:
    with TemporaryDirectory() as folder:
        KeyRepository(Path(folder)).create()
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


@dataclass(frozen=True, slots=True)
class _Snapshot:
    """An SQLite database after its preparation."""

    result: Any
    file: bytes
    ids: dict[str, Any]


#: The snapshots by the digest of the database before, the name of the preparation, and the time.
_snapshots: dict[tuple[bytes, str, Micros], _Snapshot] = {}

#: Digests of the databases in which nothing was written since a preparation.
_prepared: set[bytes] = set()


def prepare(harness: ServiceHarness, name: str, function: Callable[[ServiceHarness], R]) -> R:
    """Call `function`, which prepares the database and returns plain data. Preparations may follow each other.

    On an SQLite database that is new or prepared it is called once per process; afterwards, the result is copied.
    """
    file = Path(harness.services.database.engine.url.database or "")
    digest = _find_prepared(harness, file)
    if digest is None:
        return function(harness)
    key = (digest, name, harness.clock.now())
    if key not in _snapshots:
        result = function(harness)
        with closing(sqlite3.connect(file)) as db:
            _snapshots[key] = _Snapshot(result, db.serialize(), dict(vars(harness.ids)))
        _prepared.add(_digest(_snapshots[key].file))
    snapshot = _snapshots[key]
    harness.services.database.close()
    for path in file.parent.glob(f"{file.name}-*"):
        path.unlink()
    file.write_bytes(snapshot.file)
    vars(harness.ids).update(snapshot.ids)
    prepared: R = snapshot.result
    return prepared


def _find_prepared(harness: ServiceHarness, file: Path) -> bytes | None:
    """Return the digest of an SQLite database in which nothing was written since its preparation, or None."""
    is_sqlite = harness.services.database.engine.url.get_backend_name() == "sqlite"
    if not is_sqlite or any(path.stat().st_size for path in file.parent.glob(f"{file.name}-wal")):
        return None
    digest = _digest(file.read_bytes())
    return digest if digest in _prepared or digest == _digest(empty_sqlite_file()) else None


def _digest(content: bytes) -> bytes:
    return hashlib.blake2b(content).digest()


def customer(project_id: str = "p1", *roles: str) -> Caller:
    """Return a caller with `roles` (default: member) and the roles that they imply in a project."""
    implied = {"admin": {"admin", "member", "reader"}, "member": {"member", "reader"}, "reader": {"reader"}}
    return Caller(
        user_id="u1",
        project_id=project_id,
        roles=frozenset().union(*(implied.get(role, {role}) for role in roles or ("member",))),
    )


def cached_application(services: Services) -> Litestar:
    """Return the application of these services: one per process, because its routes take a second to create."""
    if not _applications:
        _applications.append(build_application(services))
    _applications[0].state.services = services
    return _applications[0]


_applications: list[Litestar] = []
