"""Raw messages are dropped after a time; what was read out of them stays."""

from pathlib import Path

import pytest
from sqlalchemy import select

from stratiform.app.settings import Settings
from stratiform.app.wiring import build
from stratiform.app.worker import handlers
from stratiform.faces.stack import Stack
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, ManualClock
from stratiform.kit.db import metadata
from stratiform.kit.work import Worker, want
from stratiform.services.metering import repository
from stratiform.services.metering.events import event_of
from stratiform.services.metering.tables import checkpoint_table
from support.ledger import expected, listing, recorded


def made(home: Path, days: int, clock: ManualClock) -> Stack:
    stack = build(Settings(home=home, raw_messages_days=days, bcrypt_rounds=4), clock=clock)
    metadata.create_all(stack.database.engine)
    return stack


def work(stack: Stack, clock: ManualClock, what: str = "metering.retention") -> None:
    with stack.database.transaction() as db:
        want(db, what, "all", clock.now())
    Worker(stack.database, handlers(stack), name="w", clock=clock).run_until_idle()


def kept(stack: Stack) -> tuple[int, int]:
    """How many raw messages there are, and how many are counted as unknown."""
    with stack.database.snapshot() as db:
        batches = repository.ledger.batches(db, repository.ledger.position(db))
        return sum(len(one) for one in batches), sum(one.count for one in repository.unknown.counted(db))


@pytest.mark.parametrize("days", [30, 0])
def test_raw_messages_go_and_the_ledger_stays(tmp_path: Path, days: int) -> None:
    clock = ManualClock()
    stack = made(tmp_path, days, clock)
    lines = list(recorded())
    for start in range(0, 1000, 20):
        with stack.database.transaction() as db:
            stack.metering.ingest_messages(db, "openstack", lines[start : start + 20], clock.now())
    clock.advance(20 * DAY_US)
    with stack.database.transaction() as db:
        stack.metering.ingest_messages(db, "openstack", lines[1000:], clock.now())
    unknown = sum(not stack.metering.reader.read(event_of(line, "c")) for line in lines[1000:])
    everything = kept(stack)
    assert everything[0] == len(lines)
    work(stack, clock)
    assert kept(stack) == everything
    clock.advance(11 * DAY_US)
    work(stack, clock)
    assert kept(stack) == ((len(lines) - 1000, unknown) if days else everything)
    with stack.database.snapshot() as db:
        assert listing(stack.metering, db) == expected()
    stack.database.close()


def test_of_old_checkpoints_one_an_hour_is_kept_and_the_newest(tmp_path: Path) -> None:
    clock = ManualClock()
    stack = made(tmp_path, 0, clock)
    lines = list(recorded())
    sizes: dict[int, int] = {}
    for start in range(0, 1000, 100):  # three an hour
        with stack.database.transaction() as db:
            stack.metering.ingest_messages(db, "openstack", lines[start : start + 100], clock.now())
            sizes[stack.metering.make_checkpoint(db, clock.now()).size] = clock.now() // HOUR_US
        clock.advance(20 * MINUTE_US)

    def left() -> list[int]:
        with stack.database.snapshot() as db:
            return list(db.execute(select(checkpoint_table.c.size).order_by(checkpoint_table.c.size)).scalars())

    work(stack, clock, "metering.checkpoints")
    assert left() == sorted(sizes)
    clock.advance(DAY_US)
    work(stack, clock, "metering.checkpoints")
    assert left() == sorted({hour: size for size, hour in sorted(sizes.items())}.values())
    with stack.database.transaction() as db:
        assert stack.metering.make_checkpoint(db, clock.now()).size == max(sizes)
    stack.database.close()
