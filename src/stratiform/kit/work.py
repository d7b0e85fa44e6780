"""Background work: rows with leases.

A row says "look at this thing", not "do that": its handler loads what is wanted, compares it with what
is, and takes the next step. So a row may be handled twice, late, or by another process after a kill, and
asking twice is asking once. A handler calls the outside with no transaction open and applies what it
learnt through `Job.apply`, which refuses when the lease has run out and someone else goes on.
"""

import itertools
import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, String, Text, select

from stratiform.kit.clock import SECOND_US, Clock, Micros
from stratiform.kit.db import Connection, Database, Rows, table, upsert
from stratiform.kit.errors import Fault, Unavailable

LEASE_US = 60 * SECOND_US
_BACKOFF_FIRST_US = SECOND_US // 4
_BACKOFF_LAST_US = 60 * SECOND_US

logger = logging.getLogger(__name__)

work_table = table(
    "work",
    Column("kind", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("wanted", BigInteger, nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Index("ix_work_due", "due_at"),
)


@dataclass(frozen=True, slots=True)
class Task:
    """A row of work. `wanted` counts how often it was asked for; it tells a late wish from a done one."""

    kind: str
    key: str
    due_at: Micros
    wanted: int
    leased_until: Micros
    owner: str
    attempts: int
    last_error: str


_tasks = Rows(work_table, Task, key="key")


def enqueue(db: Connection, kind: str, key: str, at: Micros) -> None:
    """Ask that `kind` looks at `key` at `at` or soon after; part of the caller's transaction."""
    row = {
        "kind": kind,
        "key": key,
        "due_at": at,
        "wanted": 1,
        "leased_until": 0,
        "owner": "",
        "attempts": 0,
        "last_error": "",
    }
    again = {"due_at": at, "wanted": work_table.c.wanted + 1, "attempts": 0}
    upsert(db, work_table, row, key=("kind", "key"), change=again)


class LeaseLostError(Exception):
    """Another worker goes on with this row; what this one learnt is dropped."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """A handler's answer: look again after so long (microseconds)."""

    after_us: Micros


@dataclass(frozen=True, slots=True)
class Job:
    """One leased row in the hands of a handler."""

    database: Database
    task: Task
    clock: Clock

    @property
    def key(self) -> str:
        return self.task.key

    @property
    def attempts(self) -> int:
        """How often this was tried and failed since it was last asked for."""
        return self.task.attempts

    @contextmanager
    def apply(self) -> Iterator[Connection]:
        """A write transaction that holds only while the lease does. Raises LeaseLostError."""
        with self.database.transaction() as db:
            held = work_table.update().where(_mine(self.task)).values(leased_until=self.clock.now() + LEASE_US)
            if db.execute(held).rowcount != 1:
                raise LeaseLostError(f"{self.task.kind} {self.task.key}")
            yield db


class Handler(Protocol):
    """Looks at one thing. None: it is as wanted. Again: it is on its way. Raising: try again later."""

    def __call__(self, job: Job, /) -> Requeue | None: ...


class Worker:
    """Leases due rows and gives them to their handlers, until it is told to stop.

    `name` is this worker's own on the whole installation, and the same after a restart: what an earlier
    life of it had leased is free at once. Each lease has its own owner, so two lives can't be mixed up.
    """

    def __init__(
        self,
        database: Database,
        handlers: Mapping[str, Handler],
        *,
        name: str,
        clock: Clock,
        threads: int = 8,
        idle_us: Micros = SECOND_US // 4,
    ) -> None:
        self._database = database
        self._handlers = handlers
        self._name = name
        self._clock = clock
        self._threads = threads
        self._idle_s = idle_us / SECOND_US
        self._signal = threading.Condition()
        self._woken = False
        self._stopping = False
        self._busy = 0
        self._next_due_at: Micros | None = None
        self._refusal = ""
        self._leases = itertools.count(1)

    def run(self) -> None:
        """Work until `stop`; then wait for the handlers that are under way."""
        self._free_earlier_life()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="work") as pool:
            while not self._stopping:
                if not self._start_some(pool):
                    self._sleep()

    def run_until_idle(self, *, rounds: int = 1000) -> None:
        """Handle everything that is due now, in this thread. For tests and one-shot commands."""
        for _ in range(rounds):
            tasks = self._lease(self._threads)
            if not tasks:
                return
            for task in tasks:
                self._handle(task)

    def wake(self) -> None:
        """Look now: something may be due."""
        with self._signal:
            self._woken = True
            self._signal.notify_all()

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def _start_some(self, pool: ThreadPoolExecutor) -> bool:
        self._next_due_at = None
        free = self._threads - self._busy
        if free <= 0:
            return False
        try:
            tasks = self._lease(free)
        except Unavailable as error:
            if error.message != self._refusal:
                logger.warning("no work taken: %s; trying again", error.message)
            self._refusal = error.message
            return False
        self._refusal = ""
        for task in tasks:
            with self._signal:
                self._busy += 1
            pool.submit(self._handle_and_free, task)
        return bool(tasks)

    def _sleep(self) -> None:
        with self._signal:
            if not self._woken:
                self._signal.wait(self._until_due_s())
            self._woken = False

    def _until_due_s(self) -> float:
        """Not longer than until the next row is due: a handler that looks again after 20 ms means it."""
        if self._next_due_at is None:
            return self._idle_s
        return min(max(self._next_due_at - self._clock.now(), 0) / SECOND_US, self._idle_s)

    def _handle_and_free(self, task: Task) -> None:
        try:
            self._handle(task)
        except Fault as error:
            told = "work %s %s could not be put back, its lease will run out: %s"
            logger.warning(told, task.kind, task.key, error.message)
        except Exception:
            logger.exception("work %s %s could not be put back; its lease will run out", task.kind, task.key)
        finally:
            with self._signal:
                self._busy -= 1
            self.wake()

    def _free_earlier_life(self) -> None:
        mine = work_table.c.owner.startswith(self._name + "/", autoescape=True)
        with self._database.transaction() as db:
            db.execute(work_table.update().where(mine).values(owner="", leased_until=0))

    def _lease(self, limit: int) -> list[Task]:
        c = work_table.c
        now = self._clock.now()
        known = c.kind.in_(list(self._handlers))
        due = (c.due_at <= now) & (c.leased_until <= now) & known
        free = select(c.due_at).where((c.leased_until <= now) & known)
        with self._database.snapshot() as db:
            first = db.execute(free.order_by(c.due_at).limit(1)).scalar()
        if first is None or first > now:
            self._next_due_at = first
            return []
        with self._database.transaction() as db:
            oldest = select(*_tasks.columns).where(due).order_by(c.due_at).limit(limit)
            found = [Task(*row) for row in db.execute(oldest.with_for_update(skip_locked=True))]
            until = now + LEASE_US
            leased = [replace(task, owner=f"{self._name}/{next(self._leases)}", leased_until=until) for task in found]
            for task in leased:
                row = (c.kind == task.kind) & (c.key == task.key)
                db.execute(work_table.update().where(row).values(owner=task.owner, leased_until=until))
        return leased

    def _handle(self, task: Task) -> None:
        job = Job(self._database, task, self._clock)
        try:
            again = self._handlers[task.kind](job)
        except LeaseLostError:
            logger.info("work %s %s went on elsewhere", task.kind, task.key)
        except Fault as error:
            self._put_back(task, error.message)
        except Exception as error:
            logger.exception("work %s %s failed", task.kind, task.key)
            self._put_back(task, type(error).__name__)
        else:
            self._finish(task, again)

    def _finish(self, task: Task, again: Requeue | None) -> None:
        mine = _mine(task)
        not_asked_anew = work_table.c.wanted == task.wanted
        with self._database.transaction() as db:
            if again is not None:
                later = self._clock.now() + again.after_us
                rest = {"owner": "", "leased_until": 0, "attempts": 0, "last_error": ""}
                if db.execute(work_table.update().where(mine & not_asked_anew).values(due_at=later, **rest)).rowcount:
                    return
            elif db.execute(work_table.delete().where(mine & not_asked_anew)).rowcount:
                return
            db.execute(work_table.update().where(mine).values(owner="", leased_until=0))

    def _put_back(self, task: Task, reason: str) -> None:
        wait = min(_BACKOFF_FIRST_US << min(task.attempts, 16), _BACKOFF_LAST_US)
        logger.warning("work %s %s: %s (again in %.1f s)", task.kind, task.key, reason, wait / SECOND_US)
        with self._database.transaction() as db:
            db.execute(
                work_table.update()
                .where(_mine(task))
                .values(
                    owner="",
                    leased_until=0,
                    due_at=self._clock.now() + wait,
                    attempts=task.attempts + 1,
                    last_error=reason,
                )
            )


def _mine(task: Task) -> ColumnElement[bool]:
    c = work_table.c
    return (c.kind == task.kind) & (c.key == task.key) & (c.owner == task.owner)
