"""Rows with leases: nothing is done twice at once, nothing is forgotten."""

import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select, text

from stratiform.app.schema import load_tables
from stratiform.kit.clock import SECOND_US, ManualClock, SystemClock
from stratiform.kit.db import Database, metadata
from stratiform.kit.errors import Unavailable
from stratiform.kit.work import LEASE_US, Job, LeaseLostError, Requeue, Worker, enqueue, work_table


def left(database: Database) -> int:
    with database.snapshot() as db:
        return len(db.execute(select(work_table.c.key)).all())


def test_a_row_is_handled_once_and_gone(database: Database) -> None:
    clock, seen = ManualClock(), []
    with database.transaction() as db:
        enqueue(db, "thing", "a", clock.now())
        enqueue(db, "thing", "a", clock.now())
    Worker(database, {"thing": lambda job: seen.append(job.key)}, name="w", clock=clock).run_until_idle()
    assert (seen, left(database)) == (["a"], 0)


def test_what_is_wanted_again_meanwhile_is_looked_at_again(database: Database) -> None:
    clock, seen = ManualClock(), []

    def handle(job: Job) -> None:
        seen.append(job.key)
        if len(seen) == 1:
            with database.transaction() as db:
                enqueue(db, "thing", "a", clock.now())

    with database.transaction() as db:
        enqueue(db, "thing", "a", clock.now())
    Worker(database, {"thing": handle}, name="w", clock=clock).run_until_idle()
    assert (seen, left(database)) == (["a", "a"], 0)


def test_a_database_that_is_gone_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    load_tables()
    database = Database(f"sqlite:///{tmp_path / 'db'}")
    metadata.create_all(database.engine)
    begun = threading.Event()
    worker = Worker(database, {"thing": lambda _: begun.set()}, name="w", clock=ManualClock(), idle_us=1000)
    thread = threading.Thread(target=worker.run)
    thread.start()
    with database.transaction() as db:
        enqueue(db, "thing", "a", 0)
    assert begun.wait(10)
    with database.transaction() as db:
        db.execute(text("ALTER TABLE work RENAME TO gone"))
    until = time.monotonic() + 10
    while "no work taken" not in caplog.text and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.1)
    worker.stop()
    thread.join()
    database.close()
    assert caplog.text.count("no work taken") == 1


def test_again_waits(database: Database) -> None:
    clock, seen = ManualClock(), []

    def handle(job: Job) -> Requeue | None:
        seen.append(job.key)
        return Requeue(SECOND_US) if len(seen) == 1 else None

    with database.transaction() as db:
        enqueue(db, "thing", "a", clock.now())
    worker = Worker(database, {"thing": handle}, name="w", clock=clock)
    worker.run_until_idle()
    assert (len(seen), left(database)) == (1, 1)
    clock.advance(SECOND_US)
    worker.run_until_idle()
    assert (len(seen), left(database)) == (2, 0)


def test_a_failure_comes_back_later_with_its_reason(database: Database) -> None:
    clock = ManualClock()

    def handle(job: Job) -> None:
        if job.attempts < 2:
            raise Unavailable("the cloud is asleep")

    with database.transaction() as db:
        enqueue(db, "thing", "a", clock.now())
    worker = Worker(database, {"thing": handle}, name="w", clock=clock)
    worker.run_until_idle()
    with database.snapshot() as db:
        assert db.execute(select(work_table.c.last_error, work_table.c.attempts)).one() == ("the cloud is asleep", 1)
    for _ in range(2):
        clock.advance(60 * SECOND_US)
        worker.run_until_idle()
    assert left(database) == 0


def test_a_lost_lease_writes_nothing(database: Database) -> None:
    clock, outcome = ManualClock(), []

    def slow(job: Job) -> None:
        clock.advance(LEASE_US + 1)
        Worker(database, {"thing": lambda job: None}, name="other", clock=clock).run_until_idle()
        try:
            with job.apply():
                outcome.append("wrote")
        except LeaseLostError:
            outcome.append("refused")
            raise

    with database.transaction() as db:
        enqueue(db, "thing", "a", clock.now())
    Worker(database, {"thing": slow}, name="slow", clock=clock).run_until_idle()
    assert (outcome, left(database)) == (["refused"], 0)


def test_a_new_life_of_a_worker_goes_on_at_once(database: Database) -> None:
    clock, seen = SystemClock(), threading.Event()
    with database.transaction() as db:
        enqueue(db, "thing", "a", clock.now())
        db.execute(work_table.update().values(owner="w/7", leased_until=clock.now() + LEASE_US))
    worker = Worker(database, {"thing": lambda job: seen.set()}, name="w", clock=clock)
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert seen.wait(10)
    worker.stop()
    thread.join()


def test_many_workers_do_each_row_once(database: Database) -> None:
    clock, lock, seen = SystemClock(), threading.Lock(), Counter[str]()

    def handle(job: Job) -> None:
        with lock:
            seen[job.key] += 1

    with database.transaction() as db:
        for number in range(60):
            enqueue(db, "thing", str(number), clock.now())
    workers = [Worker(database, {"thing": handle}, name=f"w{i}", clock=clock, threads=3) for i in range(3)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 30
    while left(database) and time.monotonic() < until:
        time.sleep(0.02)
    for worker, thread in zip(workers, threads, strict=True):
        worker.stop()
        thread.join()
    assert seen == Counter({str(number): 1 for number in range(60)})
