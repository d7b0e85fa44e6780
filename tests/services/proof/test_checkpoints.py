"""Checkpoints: they are signed as the log grows, and never contradict earlier ones."""

from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from stratiform.kit import merkle_tree
from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, parse_iso
from stratiform.kit.errors import Conflict
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.ledger import repository
from stratiform.services.ledger.tables import (
    event_table,
    position_table,
    segment_table,
    tile_table,
)
from stratiform.services.proof.errors import LogRewritten
from stratiform.services.proof.model.verification import verify_export
from stratiform.services.proof.tables import checkpoint_table
from stratiform.services.proof.tasks import build_handlers
from support.exports import checkpoint, export, ingest, keys
from support.ledger import recorded
from support.money import disk, machine
from support.stacks import ServiceHarness, build_harness


def list_sizes(stack: ServiceHarness) -> list[int]:
    """Return the sizes of the stored checkpoints."""
    with stack.services.database.read_transaction() as db:
        return list(db.execute(select(checkpoint_table.c.size).order_by(checkpoint_table.c.size)).scalars())


def test_a_rewritten_ledger_is_not_signed_and_detected(any_harness: ServiceHarness, home: Path) -> None:
    """An attacker with write access to the database alters an event, all hashes and the signed checkpoints."""
    ingest(
        any_harness,
        machine("m1", "p1", "2026-01-01"),
        machine("m2", "p1", "2026-01-01"),
        disk("v1", "p1", "2026-01-01"),
    )
    signed = checkpoint(any_harness)
    with any_harness.services.database.transaction() as db:
        row = db.execute(select(event_table).where(event_table.c.seq == 1)).one()
        db.execute(
            update(event_table)
            .where(event_table.c.seq == 1)
            .values(fact={**row.fact, "launched": parse_iso("2026-01-09")})
        )
        db.execute(update(segment_table).where(segment_table.c.resource == 1).values(start_at=parse_iso("2026-01-09")))
        leaves = [
            merkle_tree.compute_leaf_hash(record.encode()) for _, record in repository.events.iterate_records(db, 0, 3)
        ]
        tiles = merkle_tree.append_leaves(lambda *_: b"", 0, leaves)
        db.execute(update(tile_table).values(hashes=tiles[0, 0]))
    ingest(any_harness, machine("m3", "p1", "2026-01-01"))
    with pytest.raises(LogRewritten, match="contradicts the signed checkpoint of 3 events"):
        checkpoint(any_harness)
    with any_harness.services.database.transaction() as db:
        db.execute(delete(checkpoint_table))
    with pytest.raises(LogRewritten):
        export(any_harness)
    (home / "keys" / "ledger" / "last").unlink()
    lines = export(any_harness, after=signed.size)
    assert verify_export(lines, keys(any_harness)).failures == []
    assert any(
        "the ledger was rewritten" in failure for failure in verify_export(lines, keys(any_harness), signed).failures
    )


def test_an_older_copy_of_the_database_is_not_signed(service_harness: ServiceHarness) -> None:
    """The last signed note is stored with the keys, outside of the database."""
    ingest(service_harness, disk("v1", "p1", "2026-01-01"))
    with service_harness.services.database.transaction() as db:
        ingested = db.execute(select(tile_table)).all()
    ingest(service_harness, disk("v2", "p1", "2026-01-01"))
    checkpoint(service_harness)
    with service_harness.services.database.transaction() as db:
        db.execute(delete(checkpoint_table))
        db.execute(delete(event_table).where(event_table.c.seq == 1))
        db.execute(update(tile_table).values(hashes=ingested[0].hashes))
        db.execute(update(position_table).values(events=1, position=1))
    with pytest.raises(LogRewritten, match="of 2 events"):
        checkpoint(service_harness)


def test_a_home_without_the_keys_of_the_ledger_signs_nothing(service_harness: ServiceHarness, tmp_path: Path) -> None:
    ingest(service_harness, disk("v1", "p1", "2026-01-01"))
    checkpoint(service_harness)
    (tmp_path / "other").mkdir()
    other = build_harness(tmp_path / "other", f"sqlite:///{service_harness.services.database.engine.url.database}")
    ingest(other, disk("v2", "p1", "2026-01-01"))
    with pytest.raises(Conflict, match="a key that this home does not have"):
        checkpoint(other)
    other.services.database.close()


def test_a_checkpoint_is_signed_when_the_log_has_grown(service_harness: ServiceHarness) -> None:
    services = service_harness.services
    worker = Worker(services.database, build_handlers(services.proof), name="w", clock=service_harness.clock)
    with services.database.transaction() as db:
        enqueue(db, "proof.checkpoint", "all", service_harness.clock.now())

    def sizes() -> list[int]:
        worker.run_until_idle()
        return list_sizes(service_harness)

    assert sizes() == [0]
    ingest(service_harness, disk("v1", "p1", "2026-01-01"))
    assert sizes() == [0]
    service_harness.clock.advance(MINUTE_US)
    assert sizes() == [0, 1]
    service_harness.clock.advance(MINUTE_US)
    assert sizes() == [0, 1]


def test_one_checkpoint_per_hour_is_kept(service_harness: ServiceHarness) -> None:
    services, clock = service_harness.services, service_harness.clock
    hours: dict[int, int] = {}
    for start in range(0, 1000, 100):  # three per hour
        ingest(service_harness, *recorded()[start : start + 100])
        hours[checkpoint(service_harness).size] = clock.now() // HOUR_US
        clock.advance(20 * MINUTE_US)
    worker = Worker(services.database, build_handlers(services.proof), name="w", clock=clock)

    def prune() -> list[int]:
        with services.database.transaction() as db:
            enqueue(db, "proof.checkpoint_pruning", "all", clock.now())
        worker.run_until_idle()
        return list_sizes(service_harness)

    assert prune() == sorted(hours)
    clock.advance(DAY_US)
    assert prune() == sorted({hour: size for size, hour in sorted(hours.items())}.values())
    assert checkpoint(service_harness).size == max(hours)
