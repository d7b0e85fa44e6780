"""The simulated cloud itself: a SQLite file, outside our database, that every process of one home asks.

One request is one transaction in the file, so that a process killed at any moment leaves a cloud that is
whole, as a remote cloud would be. Whatever takes time is computed from the clock when it is looked at.
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
from stratiform.connectors.memory.schema import VERSIONS
from stratiform.connectors.memory.settings import Behaviour, MemorySettings
from stratiform.contract.connector import Installation
from stratiform.kit.clock import Micros

_WAIT_S = 30
_VERSION = len(VERSIONS)
_ALL_PERCENT = 100

Row = sqlite3.Row


@dataclass(frozen=True, slots=True)
class Request:
    """One request as the cloud sees it: its transaction, its instant, and how it behaves just now."""

    db: sqlite3.Connection
    now: Micros
    installation: str
    zones: tuple[str, ...]
    behaviour: Behaviour
    broken: bool  # a machine made by this request ends in an error

    @property
    def ready_at(self) -> Micros:
        """When that which begins now will be done."""
        return self.now + self.behaviour.latency_ms * 1000

    def first(self, query: str, *values: object) -> Row | None:
        row: Row | None = self.db.execute(query, values).fetchone()
        return row

    def all(self, query: str, *values: object) -> list[Row]:
        return self.db.execute(query, values).fetchall()


class Client:
    """The way into one simulated cloud; thread-safe, and shared with other processes through the file."""

    def __init__(self, name: str, place: Installation, settings: MemorySettings) -> None:
        self.name = name
        self.settings = settings
        self._file = place.home / "clouds" / f"{name}.db"
        self._place = place
        self._random = Random(settings.seed) if settings.seed else Random()  # noqa: S311 - faults keep no secret
        self._idle: list[sqlite3.Connection] = []
        self._proved = ""
        weakref.finalize(self, _close_all, self._idle)

    @contextmanager
    def request(self, *, writes: bool = False) -> Iterator[Request]:
        """One call over the simulated wire, atomic in the cloud.

        Raises CloudThrottled before it takes effect, CloudUnreachable after it, CredentialsRejected.
        """
        try:
            behaviour = self._set_out()
            with self._transaction(writes=writes) as db:
                self._admit(db)
                yield Request(
                    db=db,
                    now=self._place.clock.now(),
                    installation=self._place.installation,
                    zones=self.settings.zones,
                    behaviour=behaviour,
                    broken=self._rolls(behaviour.break_percent),
                )
            lost = self._rolls(behaviour.lose_percent) or (behaviour.lose_next > 0 and self._count_down("lose_next"))
        except sqlite3.OperationalError as error:
            raise errors.silent(str(error)) from error
        if lost:
            raise errors.answer_lost()

    def set_faults(self, **values: int) -> None:
        """From now on, in every process, behave so (fields of Behaviour). Raises Invalid."""
        Behaviour().changed(values)
        with self._transaction(writes=True) as db:
            db.executemany("INSERT OR REPLACE INTO faults (name, value) VALUES (?, ?)", list(values.items()))

    def clear_faults(self) -> None:
        """Behave as the settings say."""
        with self._transaction(writes=True) as db:
            db.execute("DELETE FROM faults")

    def history(self, kind: str = "machines") -> dict[str, int]:
        """How many of `kind` (machines, disks, images, subnets) were ever made, by token; deleted ones count."""
        table = {"machines": "machines", "disks": "disks", "images": "images", "subnets": "subnets"}[kind]
        query = f"SELECT token, count(*) FROM {table} WHERE token <> '' GROUP BY token ORDER BY token"  # noqa: S608 - from the table above
        with self._transaction(writes=False) as db:
            return {str(token): int(number) for token, number in db.execute(query)}

    def change_password(self, password: str) -> None:
        """What the account's owner does at the cloud: earlier credentials are rejected from now on."""
        with self._transaction(writes=True) as db:
            _store_password(db, password)

    def close(self) -> None:
        """Close what is open and idle; a later request opens anew."""
        _close_all(self._idle)

    def _set_out(self) -> Behaviour:
        with self._transaction(writes=False) as db:
            faults = {str(name): int(value) for name, value in db.execute("SELECT name, value FROM faults")}
        behaviour = self.settings.behaviour.changed(faults)
        if behaviour.call_ms:
            time.sleep(behaviour.call_ms / 1000)
        if self._rolls(behaviour.fail_percent) or (behaviour.fail_next > 0 and self._count_down("fail_next")):
            raise errors.throttled()
        return behaviour

    def _rolls(self, percent: int) -> bool:
        return percent > 0 and self._random.random() * _ALL_PERCENT < percent

    def _count_down(self, name: str) -> bool:
        with self._transaction(writes=True) as db:
            counted = db.execute("UPDATE faults SET value = value - 1 WHERE name = ? AND value > 0", (name,))
            return counted.rowcount == 1

    def _admit(self, db: sqlite3.Connection) -> None:
        (stored,) = db.execute("SELECT value FROM account WHERE name = 'password'").fetchone() or ("",)
        if stored and stored != self._proved and _digest(self.settings.password, stored.split("$")[0]) != stored:
            raise errors.rejected(self.name)
        self._proved = stored

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
        _make_file(self._file)
        db = sqlite3.connect(self._file, timeout=_WAIT_S, isolation_level=None, check_same_thread=False)
        db.row_factory = sqlite3.Row
        try:
            if _version(db) < _VERSION:
                self._lay_out(db)
            db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.DatabaseError as error:
            db.close()
            raise errors.silent(str(error)) from error
        return db

    def _lay_out(self, db: sqlite3.Connection) -> None:
        """Make the tables, once, also where several processes come first; the first password becomes the account's."""
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("BEGIN IMMEDIATE")
        there = _version(db)
        for version in VERSIONS[there:]:
            for statement in version:
                db.execute(statement)
        if not there:
            _store_password(db, self.settings.password)
        db.execute(f"PRAGMA user_version = {_VERSION}")
        db.execute("COMMIT")


def _version(db: sqlite3.Connection) -> int:
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def _make_file(file: Path) -> None:
    """An empty file that only its owner reads: user data may hold secrets."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise errors.silent(error.strerror or "its file can't be opened") from error


def _close_all(idle: list[sqlite3.Connection]) -> None:
    while idle:
        idle.pop().close()


def _store_password(db: sqlite3.Connection, password: str) -> None:
    stored = _digest(password, secrets.token_hex(16))
    db.execute("INSERT OR REPLACE INTO account (name, value) VALUES ('password', ?)", (stored,))


def _digest(password: str, salt: str) -> str:
    return f"{salt}${hashlib.scrypt(password.encode(), salt=salt.encode(), n=1024, r=8, p=1).hex()}"
