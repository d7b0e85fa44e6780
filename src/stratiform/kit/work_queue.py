"""Background work: rows with leases.

A row means "reconcile this resource": its handler loads the desired state, compares it with the observed state and
takes the next step. A row may therefore be handled twice, late, or by another process after a kill, and enqueuing
it twice has the effect of enqueuing it once. Handlers send requests to clouds without an open transaction and write
the results with `Job.transaction`, which fails if the lease has expired and another worker has the row.
"""

import itertools
import logging
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import BigInteger, Column, ColumnElement, Index, Integer, String, Text, select

from stratiform.kit.clock import SECOND_US, Clock, Micros
from stratiform.kit.context import attach_context, get_attached_context
from stratiform.kit.database import Connection, Database, Json, TableGateway, define_table, upsert
from stratiform.kit.errors import Fault

LEASE_US = 60 * SECOND_US
_MIN_BACKOFF_US = SECOND_US // 4
_MAX_BACKOFF_US = 60 * SECOND_US

logger = logging.getLogger(__name__)

work_table = define_table(
    "work",
    Column("kind", String(64), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("due_at", BigInteger, nullable=False),
    Column("wanted", BigInteger, key="generation", nullable=False),
    Column("leased_until", BigInteger, nullable=False),
    Column("owner", String(64), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("last_error", Text, nullable=False),
    Column("context", Json, nullable=False),
    Index("ix_work_due", "due_at"),
)


@dataclass(frozen=True, slots=True)
class WorkRow:
    """A row of work. `generation` counts the calls of `enqueue`, so that one during a job is not lost.

    `context`: of the last request that enqueued it; {} if none did.
    """

    kind: str
    key: str
    due_at: Micros
    generation: int
    leased_until: Micros
    owner: str
    attempts: int
    last_error: str
    context: dict[str, Any]


_tasks = TableGateway(work_table, WorkRow, key="key")


_NEXT_GENERATION = work_table.c.generation + 1


def enqueue(db: Connection, kind: str, key: str, at: Micros) -> None:
    """Have the handler of `kind` called for `key` at `at` or soon after, if the caller's transaction commits."""
    context = get_attached_context(db)
    row = {
        "kind": kind,
        "key": key,
        "due_at": at,
        "generation": 1,
        "leased_until": 0,
        "owner": "",
        "attempts": 0,
        "last_error": "",
        "context": context,
    }
    next_generation = {"due_at": at, "generation": _NEXT_GENERATION, "attempts": 0}
    if context:
        next_generation["context"] = context
    upsert(db, work_table, row, key=("kind", "key"), on_conflict=next_generation)


class LeaseLost(Exception):
    """The lease has expired and another worker has the row; the results of this job are discarded."""


@dataclass(frozen=True, slots=True)
class Requeue:
    """A handler's result: call it again after this time (microseconds)."""

    after_us: Micros


@dataclass(frozen=True, slots=True)
class Job:
    """A leased row, passed to its handler."""

    database: Database
    task: WorkRow
    clock: Clock

    @property
    def key(self) -> str:
        return self.task.key

    @property
    def attempts(self) -> int:
        """The number of failed attempts since the row was last enqueued."""
        return self.task.attempts

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Open a write transaction and renew the lease. Raises: LeaseLost."""
        with self.database.transaction() as db:
            renewal = work_table.update().where(_owned(self.task)).values(leased_until=self.clock.now() + LEASE_US)
            if db.execute(renewal).rowcount != 1:
                raise LeaseLost(f"{self.task.kind} {self.task.key}")
            attach_context(db, self.task.context)
            yield db


class Handler(Protocol):
    """Reconciles one resource.

    Returns None if the observed state is the desired state, or Requeue if it isn't yet. After an exception the job is
    retried with exponential backoff.
    """

    def __call__(self, job: Job, /) -> Requeue | None: ...


class Worker:
    """Leases rows that are due and calls their handlers until it is stopped.

    `name` must be unique in the installation and the same after a restart: leases of the previous process with this
    name are released at start. Each lease has its own owner, so that two processes are never confused.
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
        self._condition = threading.Condition()
        self._woken = False
        self._stopping = False
        self._busy = 0
        self._next_due_at: Micros | None = None
        self._failure: tuple[str, Micros] | None = None
        self._lease_numbers = itertools.count(1)

    @property
    def failure(self) -> tuple[str, Micros] | None:
        """Why no rows can be leased, and since when; None if they can."""
        return self._failure

    def run(self) -> None:
        """Run jobs until `stop` is called, and wait for the ones in progress."""
        self._release_leases()
        with ThreadPoolExecutor(self._threads, thread_name_prefix="work") as pool:
            while not self._stopping:
                if not self._start_jobs(pool):
                    self._sleep()

    def run_until_idle(self, *, rounds: int = 1000) -> None:
        """Run all jobs that are due now in this thread. For tests and one-shot commands."""
        for _ in range(rounds):
            tasks = self._lease(self._threads)
            if not tasks:
                return
            for task in tasks:
                self._run_job(task)

    def wake(self) -> None:
        """Interrupt the worker's sleep, because a row may be due."""
        with self._condition:
            self._woken = True
            self._condition.notify_all()

    def stop(self) -> None:
        self._stopping = True
        self.wake()

    def _start_jobs(self, pool: ThreadPoolExecutor) -> bool:
        """Start jobs in idle threads; return True if there were any."""
        self._next_due_at = None
        idle = self._threads - self._busy
        if idle <= 0:
            return False
        try:
            tasks = self._lease(idle)
        except Exception as error:  # without its thread nothing would be reconciled any more
            reason, since = self._failure or ("", self._clock.now())
            if str(error) != reason:
                logger.warning("failed to lease work, retrying error=%r", str(error))
            self._failure = str(error), since
            return False
        self._failure = None
        for task in tasks:
            with self._condition:
                self._busy += 1
            pool.submit(self._run_job_in_thread, task)
        return bool(tasks)

    def _sleep(self) -> None:
        with self._condition:
            if not self._woken:
                self._condition.wait(self._seconds_until_due())
            self._woken = False

    def _seconds_until_due(self) -> float:
        """Return the time to sleep: until the next row is due, at most the idle time."""
        if self._next_due_at is None:
            return self._idle_s
        return min(max(self._next_due_at - self._clock.now(), 0) / SECOND_US, self._idle_s)

    def _run_job_in_thread(self, task: WorkRow) -> None:
        try:
            self._run_job(task)
        except Fault as error:
            logger.warning(
                "failed to release job, waiting for its lease to expire kind=%s key=%s error=%r",
                *(task.kind, task.key, str(error)),
            )
        except Exception:
            logger.exception(
                "failed to release job, waiting for its lease to expire kind=%s key=%s", task.kind, task.key
            )
        finally:
            with self._condition:
                self._busy -= 1
            self.wake()

    def _release_leases(self) -> None:
        own = work_table.c.owner.startswith(self._name + "/", autoescape=True)
        with self._database.transaction() as db:
            db.execute(work_table.update().where(own).values(owner="", leased_until=0))

    def _lease(self, limit: int) -> list[WorkRow]:
        c = work_table.c
        now = self._clock.now()
        has_handler = c.kind.in_(list(self._handlers))
        due = (c.due_at <= now) & (c.leased_until <= now) & has_handler
        unleased = select(c.due_at).where((c.leased_until <= now) & has_handler)
        with self._database.read_transaction() as db:
            first = db.execute(unleased.order_by(c.due_at).limit(1)).scalar()
        if first is None or first > now:
            self._next_due_at = first
            return []
        until = now + LEASE_US
        with self._database.transaction() as db:
            oldest = select(*_tasks.columns).where(due).order_by(c.due_at).limit(limit)
            tasks = [WorkRow(*row) for row in db.execute(oldest.with_for_update(skip_locked=True))]
            leased = [replace(task, owner=self._new_owner(), leased_until=until) for task in tasks]
            for task in leased:
                row = (c.kind == task.kind) & (c.key == task.key)
                db.execute(work_table.update().where(row).values(owner=task.owner, leased_until=until))
        return leased

    def _new_owner(self) -> str:
        return f"{self._name}/{next(self._lease_numbers)}"

    def _run_job(self, task: WorkRow) -> None:
        job = Job(self._database, task, self._clock)
        try:
            result = self._handlers[task.kind](job)
        except LeaseLost:
            logger.info("lease lost kind=%s key=%s", task.kind, task.key)
        except Fault as error:
            self._retry(task, str(error))
        except Exception as error:
            logger.exception("job failed kind=%s key=%s", task.kind, task.key)
            self._retry(task, type(error).__name__)
        else:
            self._release(task, result)

    def _release(self, task: WorkRow, result: Requeue | None) -> None:
        """Requeue or delete the row; if it was enqueued during the job, only end the lease."""
        owned = _owned(task)
        unchanged = work_table.c.generation == task.generation
        with self._database.transaction() as db:
            if result is not None:
                due_at = self._clock.now() + result.after_us
                values = {"due_at": due_at, "owner": "", "leased_until": 0, "attempts": 0, "last_error": ""}
                if db.execute(work_table.update().where(owned & unchanged).values(**values)).rowcount:
                    return
            elif db.execute(work_table.delete().where(owned & unchanged)).rowcount:
                return
            db.execute(work_table.update().where(owned).values(owner="", leased_until=0))

    def _retry(self, task: WorkRow, reason: str) -> None:
        backoff = min(_MIN_BACKOFF_US << min(task.attempts, 16), _MAX_BACKOFF_US)
        logger.warning(
            "job failed, retrying kind=%s key=%s after_s=%.1f error=%r",
            task.kind,
            task.key,
            backoff / SECOND_US,
            reason,
        )
        with self._database.transaction() as db:
            db.execute(
                work_table.update()
                .where(_owned(task))
                .values(
                    owner="",
                    leased_until=0,
                    due_at=self._clock.now() + backoff,
                    attempts=task.attempts + 1,
                    last_error=reason,
                )
            )


def _owned(task: WorkRow) -> ColumnElement[bool]:
    c = work_table.c
    return (c.kind == task.kind) & (c.key == task.key) & (c.owner == task.owner)
