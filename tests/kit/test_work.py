"""Background work: leases, retries, and workers that run concurrently or are killed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from sqlalchemy import select

from stratiform.app.database_schema import import_tables
from stratiform.kit.clock import SECOND_US, ManualClock, SystemClock
from stratiform.kit.context import attach_context, get_attached_context
from stratiform.kit.database import Database, metadata
from stratiform.kit.errors import Unavailable
from stratiform.kit.work_queue import LEASE_US, Job, LeaseLost, Requeue, Worker, enqueue, work_table

_TIMEOUT_S = 60


def count_rows(database: Database) -> int:
    with database.read_transaction() as db:
        return len(db.execute(select(work_table.c.key)).all())


def wait_until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + _TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, "timeout"
        time.sleep(0.01)


@contextmanager
def running(*workers: Worker) -> Iterator[None]:
    """Run workers in threads."""
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.stop()
        for thread in threads:
            thread.join()


def test_row_enqueued_twice_is_handled_once_and_deleted(database: Database) -> None:
    clock, handled = ManualClock(), []
    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
        enqueue(db, "server", "a", clock.now())
    Worker(database, {"server": lambda job: handled.append(job.key)}, name="w", clock=clock).run_until_idle()
    assert (handled, count_rows(database)) == (["a"], 0)


def test_job_has_the_context_of_the_last_request(database: Database) -> None:
    clock, contexts = ManualClock(), list[dict[str, Any]]()

    def handle(job: Job) -> None:
        with job.transaction() as db:
            contexts.append(get_attached_context(db))
            if job.key == "a":
                enqueue(db, "server", "follow-up", clock.now())

    with database.transaction() as db:
        attach_context(db, {"request_id": "req-1"})
        enqueue(db, "server", "a", clock.now())
    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
        enqueue(db, "server", "b", clock.now())
    Worker(database, {"server": handle}, name="w", clock=clock).run_until_idle()
    assert sorted(contexts, key=len) == [{}, {"request_id": "req-1"}, {"request_id": "req-1"}]


def test_row_enqueued_during_its_job_is_handled_again(database: Database) -> None:
    clock, handled = ManualClock(), []

    def handle(job: Job) -> None:
        handled.append(job.key)
        if len(handled) == 1:
            with database.transaction() as db:
                enqueue(db, "server", "a", clock.now())

    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
    Worker(database, {"server": handle}, name="w", clock=clock).run_until_idle()
    assert (handled, count_rows(database)) == (["a", "a"], 0)


@pytest.mark.parametrize("error", [Unavailable("no database"), RuntimeError("no table")], ids=str)
def test_failure_to_lease_is_logged_once_and_retried(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import_tables()
    database = Database(f"sqlite:///{tmp_path / 'db'}")
    metadata.create_all(database.engine)
    handled = threading.Event()
    worker = Worker(database, {"server": lambda _: handled.set()}, name="w", clock=ManualClock(), idle_us=1000)
    with running(worker):
        with monkeypatch.context() as patch:
            patch.setattr(database, "read_transaction", Mock(side_effect=error))
            wait_until(lambda: bool(caplog.messages))
            time.sleep(0.1)
        with database.transaction() as db:
            enqueue(db, "server", "a", 0)
        assert handled.wait(_TIMEOUT_S)
    database.close()
    assert caplog.messages == [f"failed to lease work, retrying error='{error}'"]


def test_requeued_row_is_handled_after_its_time(database: Database) -> None:
    clock, handled = ManualClock(), []

    def handle(job: Job) -> Requeue | None:
        handled.append(job.key)
        return Requeue(SECOND_US) if len(handled) == 1 else None

    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
    worker = Worker(database, {"server": handle}, name="w", clock=clock)
    worker.run_until_idle()
    assert (len(handled), count_rows(database)) == (1, 1)
    clock.advance(SECOND_US)
    worker.run_until_idle()
    assert (len(handled), count_rows(database)) == (2, 0)


def test_failed_job_is_retried_and_its_error_stored(database: Database) -> None:
    clock = ManualClock()

    def handle(job: Job) -> None:
        if job.attempts < 2:
            raise Unavailable("the cloud does not respond")

    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
    worker = Worker(database, {"server": handle}, name="w", clock=clock)
    worker.run_until_idle()
    with database.read_transaction() as db:
        row = db.execute(select(work_table.c.last_error, work_table.c.attempts)).one()
    assert row == ("the cloud does not respond", 1)
    for _ in range(2):
        clock.advance(60 * SECOND_US)
        worker.run_until_idle()
    assert count_rows(database) == 0


def test_job_with_lost_lease_cannot_write(database: Database) -> None:
    clock, results = ManualClock(), []

    def handle_slowly(job: Job) -> None:
        clock.advance(LEASE_US + 1)
        Worker(database, {"server": lambda _: None}, name="other", clock=clock).run_until_idle()
        try:
            with job.transaction():
                results.append("written")
        except LeaseLost:
            results.append("lease lost")
            raise

    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
    Worker(database, {"server": handle_slowly}, name="slow", clock=clock).run_until_idle()
    assert (results, count_rows(database)) == (["lease lost"], 0)


def test_restarted_worker_releases_the_leases_of_its_name(database: Database) -> None:
    clock, handled = SystemClock(), threading.Event()
    with database.transaction() as db:
        enqueue(db, "server", "a", clock.now())
        db.execute(work_table.update().values(owner="w/7", leased_until=clock.now() + 2 * _TIMEOUT_S * SECOND_US))
    with running(Worker(database, {"server": lambda _: handled.set()}, name="w", clock=clock)):
        assert handled.wait(_TIMEOUT_S)


def test_concurrent_workers_handle_each_row_once(database: Database) -> None:
    clock, lock, handled = SystemClock(), threading.Lock(), Counter[str]()

    def handle(job: Job) -> None:
        with lock:
            handled[job.key] += 1

    with database.transaction() as db:
        for number in range(60):
            enqueue(db, "server", str(number), clock.now())
    workers = [Worker(database, {"server": handle}, name=f"w{i}", clock=clock, threads=3) for i in range(3)]
    with running(*workers):
        wait_until(lambda: count_rows(database) == 0)
    assert handled == Counter({str(number): 1 for number in range(60)})


def test_worker_reports_since_when_the_database_is_not_available(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock()
    worker = Worker(database, {}, name="w", clock=clock, idle_us=1000)
    assert worker.failure is None
    with monkeypatch.context() as patch, running(worker):
        since = clock.now()
        patch.setattr(database, "read_transaction", _unavailable)
        wait_until(lambda: worker.failure == ("no database", since))
        clock.advance(SECOND_US)
        time.sleep(0.05)
        assert worker.failure == ("no database", since), "further attempts do not change since when"
        patch.undo()
        wait_until(lambda: worker.failure is None)


def _unavailable() -> None:
    raise Unavailable("no database")
