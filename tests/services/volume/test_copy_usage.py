"""The usage of snapshots, backups and transferred volumes in the ledger."""

from stratiform.app.worker import collect_handlers
from stratiform.kit.clock import HOUR_US
from stratiform.kit.work_queue import Worker
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.volume.model import NewBackup, NewSnapshot, NewVolume
from support.stacks import customer
from support.volumes import VolumeHarness


def segments_of(volumes: VolumeHarness, resource_id: str) -> list[Segment]:
    """Ingest all events, and return the segments of a resource."""
    services = volumes.harness.services
    Worker(services.database, collect_handlers(services), name="ledger", clock=volumes.harness.clock).run_until_idle()
    with services.database.read_transaction() as db:
        return list(services.ledger.segments.iterate(db, UsageFilter(resource_id=resource_id)))


def test_snapshots_and_backups_are_metered_until_they_are_deleted(volumes: VolumeHarness) -> None:
    volume, service = volumes.create_available(NewVolume(3)), volumes.service
    with volumes.ctx() as ctx:
        snapshot = service.snapshots.create(ctx, NewSnapshot(volume.id))
        backup = service.backups.create(ctx, NewBackup(volume.id))
    volumes.run_worker()
    volumes.harness.clock.advance(HOUR_US)
    with volumes.ctx() as ctx:
        service.snapshots.delete(ctx, snapshot.id)
        service.backups.delete(ctx, backup.id)
    volumes.run_worker()
    for copy_id, resource_type in ((snapshot.id, "snapshot"), (backup.id, "backup")):
        [segment] = segments_of(volumes, copy_id)
        assert (segment.resource_type, segment.project_id, segment.state) == (resource_type, "p1", "active")
        assert segment.attributes["size_gib"] == 3
        assert segment.end is not None
        assert HOUR_US <= segment.end - segment.start < 2 * HOUR_US


def test_a_transferred_volume_is_metered_for_its_new_project(volumes: VolumeHarness) -> None:
    volume, service = volumes.create_available(), volumes.service
    volumes.harness.clock.advance(HOUR_US)
    with volumes.ctx() as ctx:
        transfer, key = service.transfers.create(ctx, volume.id, None)
    with volumes.ctx(customer("p2")) as ctx:
        service.transfers.accept(ctx, transfer.id, key)
    first, second = segments_of(volumes, volume.id)
    assert (first.project_id, second.project_id) == ("p1", "p2")
    assert (first.end, second.end) == (second.start, None)
