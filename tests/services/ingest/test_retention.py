"""Retention: old messages and checkpoints are deleted, their events stay in the ledger."""

from pathlib import Path

import pytest
from sqlalchemy import select

from stratiform.app.settings import Settings
from stratiform.app.wiring import build
from stratiform.app.worker import handlers
from stratiform.interfaces.services import Services
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, ManualClock
from stratiform.kit.db import metadata
from stratiform.kit.work import Worker, enqueue
from stratiform.services.ingest import repository as ingest_repository
from stratiform.services.ingest.events import parse_event
from stratiform.services.ledger import repository
from stratiform.services.proof.tables import checkpoint_table
from support.ledger import expected, listing, recorded


def build_services(home: Path, days: int, clock: ManualClock) -> Services:
    services = build(Settings(home=home, raw_messages_days=days, bcrypt_rounds=4), clock=clock)
    metadata.create_all(services.database.engine)
    return services


def work(services: Services, clock: ManualClock, kind: str = "metering.retention") -> None:
    with services.database.transaction() as db:
        enqueue(db, kind, "all", clock.now())
    Worker(services.database, handlers(services), name="w", clock=clock).run_until_idle()


def count_messages(services: Services) -> tuple[int, int]:
    """Return the number of stored messages, and of ignored ones."""
    with services.database.snapshot() as db:
        batches = repository.batches.iterate_messages(db, repository.batches.current_position(db))
        return sum(len(batch) for batch in batches), sum(
            each.count for each in ingest_repository.ignored_messages.count_by_type(db)
        )


@pytest.mark.parametrize("days", [30, 0])
def test_old_messages_are_deleted_and_the_ledger_stays(tmp_path: Path, days: int) -> None:
    clock = ManualClock()
    services = build_services(tmp_path, days, clock)
    lines = list(recorded())
    for start in range(0, 1000, 20):
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, "openstack", lines[start : start + 20], clock.now())
    clock.advance(20 * DAY_US)
    with services.database.transaction() as db:
        services.ingest.messages.ingest(db, "openstack", lines[1000:], clock.now())
    ignored = sum(not services.ingest.meters.parser.list_statements(parse_event(line, "c")) for line in lines[1000:])
    everything = count_messages(services)
    assert everything[0] == len(lines)
    work(services, clock)
    assert count_messages(services) == everything
    clock.advance(11 * DAY_US)
    work(services, clock)
    assert count_messages(services) == ((len(lines) - 1000, ignored) if days else everything)
    with services.database.snapshot() as db:
        assert listing(services.ledger, db) == expected()
    services.database.close()


def test_one_checkpoint_per_hour_and_the_newest_remain(tmp_path: Path) -> None:
    clock = ManualClock()
    services = build_services(tmp_path, 0, clock)
    lines = list(recorded())
    sizes: dict[int, int] = {}
    for start in range(0, 1000, 100):  # three an hour
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, "openstack", lines[start : start + 100], clock.now())
            sizes[services.proof.checkpoints.create(db, clock.now()).size] = clock.now() // HOUR_US
        clock.advance(20 * MINUTE_US)

    def left() -> list[int]:
        with services.database.snapshot() as db:
            return list(db.execute(select(checkpoint_table.c.size).order_by(checkpoint_table.c.size)).scalars())

    work(services, clock, "metering.checkpoints")
    assert left() == sorted(sizes)
    clock.advance(DAY_US)
    work(services, clock, "metering.checkpoints")
    assert left() == sorted({hour: size for size, hour in sorted(sizes.items())}.values())
    with services.database.transaction() as db:
        assert services.proof.checkpoints.create(db, clock.now()).size == max(sizes)
    services.database.close()
