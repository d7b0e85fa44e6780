"""The simulated cloud: a SQLite file that all processes of an installation share.

A request is one transaction on the file, so a process that is killed leaves a consistent cloud, as a remote cloud
would be. The progress of asynchronous operations is computed from the clock when a resource is read.
"""

import hashlib
import os
import secrets
import sqlite3
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from stratiform.connectors.memory import errors
from stratiform.connectors.memory.clock_changes import TOLERANCE_US, complete_operations
from stratiform.connectors.memory.schema_versions import VERSIONS
from stratiform.connectors.memory.settings import Behavior, MemorySettings
from stratiform.contract.connector import Installation
from stratiform.kit.clock import Micros

_LOCK_TIMEOUT_S = 30
_VERSION = len(VERSIONS)
_PERCENT = 100
_TABLES = ("servers", "volumes", "snapshots", "images", "subnets")

Row = sqlite3.Row


@dataclass(frozen=True, slots=True)
class SimulatedRequest:
    """One request: its transaction, its time, and the cloud's current behavior."""

    db: sqlite3.Connection
    now: Micros
    installation_id: str
    zones: tuple[str, ...]
    behavior: Behavior
    breaks_server: bool  # a server created by this request ends in state error

    @property
    def completes_at(self) -> Micros:
        """The time at which an operation started by this request completes."""
        return self.now + self.behavior.latency_ms * 1000

    def find_row(self, query: str, *values: object) -> Row | None:
        row: Row | None = self.db.execute(query, values).fetchone()
        return row

    def list_rows(self, query: str, *values: object) -> list[Row]:
        return self.db.execute(query, values).fetchall()


class Client:
    """A client of one simulated cloud. Thread-safe; processes share the cloud through its file."""

    def __init__(self, name: str, installation: Installation, settings: MemorySettings) -> None:
        self.name = name
        self.settings = settings
        self._file = installation.home / "clouds" / f"{name}.db"
        self._installation = installation
        self._random = Random(settings.seed) if settings.seed else Random()  # noqa: S311 - not used for secrets
        self._idle: list[sqlite3.Connection] = []
        self._verified_password = ""  # digest of the account's password when ours last matched it
        self._last_request_at: Micros | None = None
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def open_request(self, *, writes: bool = False) -> Iterator[SimulatedRequest]:
        """Run one request atomically.

        Raises: CloudThrottled (no effect), CloudUnreachable (took effect, response lost), CredentialsRejected.
        """
        try:
            behavior = self._admit()
            now = self._installation.clock.now()
            self._check_clock(now, behavior)
            with self._transaction(writes=writes) as db:
                self._authenticate(db)
                yield SimulatedRequest(
                    db=db,
                    now=now,
                    installation_id=self._installation.id,
                    zones=self.settings.zones,
                    behavior=behavior,
                    breaks_server=self._chance(behavior.break_percent),
                )
            lost = self._chance(behavior.lose_percent) or (behavior.lose_next > 0 and self._count_down("lose_next"))
        except sqlite3.OperationalError as error:
            raise errors.unreachable(str(error)) from error
        if lost:
            raise errors.response_lost()

    def set_faults(self, **values: int) -> None:
        """Override fields of Behavior for all processes. Raises: Invalid."""
        Behavior().replace(values)
        with self._transaction(writes=True) as db:
            db.executemany("INSERT OR REPLACE INTO faults (name, value) VALUES (?, ?)", list(values.items()))

    def clear_faults(self) -> None:
        """Return to the behavior of the settings."""
        with self._transaction(writes=True) as db:
            db.execute("DELETE FROM faults")

    def count_created(self, table: str = "servers") -> dict[str, int]:
        """Count the resources ever created in `table` (servers, volumes, snapshots, images, subnets) by token."""
        if table not in _TABLES:
            raise ValueError(table)
        query = f"SELECT token, count(*) FROM {table} WHERE token <> '' GROUP BY token ORDER BY token"  # noqa: S608 - checked above
        with self._transaction(writes=False) as db:
            return {str(token): int(number) for token, number in db.execute(query)}

    def read_config_drive(self, server_id: str) -> bytes:
        """Return the config drive of a server; empty if it has none."""
        with self._transaction(writes=False) as db:
            row = db.execute("SELECT config_drive FROM servers WHERE id = ?", (server_id,)).fetchone()
            return bytes(row["config_drive"]) if row is not None else b""

    def change_password(self, password: str) -> None:
        """Change the account's password, as its owner would; connections with the old one are rejected."""
        with self._transaction(writes=True) as db:
            _store_password(db, password)

    def close(self) -> None:
        """Close idle database connections; later requests open new ones."""
        _close_all(self._idle)

    def _admit(self) -> Behavior:
        """Return the current behavior; delay or fail the request accordingly."""
        with self._transaction(writes=False) as db:
            faults = {str(name): int(value) for name, value in db.execute("SELECT name, value FROM faults")}
        behavior = self.settings.behavior.replace(faults)
        if behavior.call_ms:
            time.sleep(behavior.call_ms / 1000)
        if self._chance(behavior.fail_percent) or (behavior.fail_next > 0 and self._count_down("fail_next")):
            raise errors.throttled()
        return behavior

    def _check_clock(self, now: Micros, behavior: Behavior) -> None:
        """Complete operations if the clock was set back, which is not known of the time before the first request."""
        if self._last_request_at is None or now < self._last_request_at - TOLERANCE_US:
            with self._transaction(writes=True) as db:
                complete_operations(db, now, behavior.latency_ms * 1000)
        self._last_request_at = now

    def _chance(self, percent: int) -> bool:
        return percent > 0 and self._random.random() * _PERCENT < percent

    def _count_down(self, name: str) -> bool:
        with self._transaction(writes=True) as db:
            result = db.execute("UPDATE faults SET value = value - 1 WHERE name = ? AND value > 0", (name,))
            return result.rowcount == 1

    def _authenticate(self, db: sqlite3.Connection) -> None:
        (stored,) = db.execute("SELECT value FROM account WHERE name = 'password'").fetchone() or ("",)
        verified = not stored or stored == self._verified_password
        if not verified and _digest(self.settings.password, stored.split("$")[0]) != stored:
            raise errors.credentials_rejected(self.name)
        self._verified_password = stored

    @contextmanager
    def _transaction(self, *, writes: bool) -> Iterator[sqlite3.Connection]:
        try:
            db = self._idle.pop()
        except IndexError:
            db = self._open()
        try:
            db.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
            yield db
            db.execute("COMMIT")
        finally:
            if db.in_transaction:
                db.execute("ROLLBACK")
            self._idle.append(db)

    def _open(self) -> sqlite3.Connection:
        _create_file(self._file)
        db = sqlite3.connect(self._file, timeout=_LOCK_TIMEOUT_S, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        try:
            if _read_version(db) < _VERSION:
                self._upgrade(db)
            db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.DatabaseError as error:
            db.close()
            raise errors.unreachable(str(error)) from error
        return db

    def _upgrade(self, db: sqlite3.Connection) -> None:
        """Create or upgrade the tables, once even if several processes start; the first password is stored."""
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        current = _read_version(db)
        for version in VERSIONS[current:]:
            for statement in version:
                db.execute(statement)
        if not current:
            _store_password(db, self.settings.password)
        db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("COMMIT")


def _read_version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _create_file(file: Path) -> None:
    """Create an empty file that only its owner can read, because user data may contain secrets."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise errors.unreachable(error.strerror or "its file cannot be opened") from error


def _close_all(idle: list[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()


def _store_password(db: sqlite3.Connection, password: str) -> None:
    digest = _digest(password, secrets.token_hex(16))
    db.execute("INSERT OR REPLACE INTO account (name, value) VALUES ('password', ?)", (digest,))


def _digest(password: str, salt: str) -> str:
    return f"{salt}${hashlib.scrypt(password.encode(), salt=salt.encode(), n=1024, r=8, p=1).hex()}"
