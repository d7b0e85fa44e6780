"""Retention: old messages are deleted, their events stay in the ledger."""

from pathlib import Path

import pytest

from stratiform.app.settings import Settings
from stratiform.app.wiring import build_services
from stratiform.app.worker import collect_handlers
from stratiform.interfaces.services import Services
from stratiform.kit.clock import DAY_US, ManualClock
from stratiform.kit.ids import RandomIds
from stratiform.kit.installation_keys import InstallationKeys
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.ingest import repository as ingest_repository
from stratiform.services.ingest.parsing import parse_event
from stratiform.services.ledger import repository
from support.databases import create_tables
from support.ledger import expected, listing, recorded


def build_ingest(home: Path, days: int, clock: ManualClock) -> Services:
    InstallationKeys(home / "keys").create(RandomIds())
    services = build_services(Settings(home=home, raw_messages_days=days, bcrypt_rounds=4), clock=clock)
    create_tables(services.database)
    return services


def work(services: Services, clock: ManualClock) -> None:
    with services.database.transaction() as db:
        enqueue(db, "ingest.retention", "all", clock.now())
    Worker(services.database, collect_handlers(services), name="w", clock=clock).run_until_idle()


def count_messages(services: Services) -> tuple[int, int]:
    """Return the number of stored messages, and of ignored ones."""
    with services.database.read_transaction() as db:
        batches = repository.batches.iterate_messages(db, repository.batches.get_current_position(db))
        return sum(len(batch) for batch in batches), sum(
            each.count for each in ingest_repository.ignored_messages.count_by_type(db)
        )


@pytest.mark.parametrize("days", [30, 0])
def test_old_messages_are_deleted_and_the_ledger_stays(tmp_path: Path, days: int) -> None:
    clock = ManualClock()
    services = build_ingest(tmp_path, days, clock)
    lines = list(recorded())
    for start in range(0, 1000, 20):
        with services.database.transaction() as db:
            services.ingest.messages.ingest(db, "openstack", lines[start : start + 20], clock.now())
    clock.advance(20 * DAY_US)
    with services.database.transaction() as db:
        services.ingest.messages.ingest(db, "openstack", lines[1000:], clock.now())
    ignored = sum(not services.ingest.meters.parser.parse_event(parse_event(line, "c")) for line in lines[1000:])
    everything = count_messages(services)
    assert everything[0] == len(lines)
    work(services, clock)
    assert count_messages(services) == everything
    clock.advance(11 * DAY_US)
    work(services, clock)
    assert count_messages(services) == ((len(lines) - 1000, ignored) if days else everything)
    with services.database.read_transaction() as db:
        assert listing(services.ledger, db) == expected()
    services.database.close()
