"""The reconcile of group snapshots: each volume's snapshot has a reconcile of its own."""

from stratiform.contract.errors import CloudUnreachable, InsufficientCapacity, NotSupported, RequestRejected
from stratiform.contract.snapshot import SnapshotSpec
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import Snapshot
from stratiform.services.volume.model.groups import GroupSnapshot
from stratiform.services.volume.repository import groups
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks.delays import build_requeue
from stratiform.services.volume.tasks.volume_sources import require_capability


def reconcile_group_snapshot(service: VolumeService, job: Job) -> Requeue | None:
    """Complete a group snapshot when the snapshots of all its volumes are complete."""
    with job.database.read_transaction() as db:
        group_snapshot = groups.find_group_snapshot(db, job.key)
        snapshots = groups.list_snapshots(db, job.key)
    if group_snapshot is None or group_snapshot.status not in ("creating", "deleting"):
        return None
    if group_snapshot.status == "deleting":
        return _complete_delete(service, job, group_snapshot, snapshots)
    if group_snapshot.is_consistent and all(not snapshot.native_id for snapshot in snapshots):
        return _take_snapshots(service, job, group_snapshot, snapshots)
    if any(snapshot.status == "creating" for snapshot in snapshots):
        return build_requeue(job, group_snapshot.updated_at)
    failed = any(snapshot.status == "error" for snapshot in snapshots)
    _save_status(service, job, group_snapshot, "error" if failed else "available")
    return None


def _take_snapshots(
    service: VolumeService, job: Job, group_snapshot: GroupSnapshot, snapshots: list[Snapshot]
) -> Requeue | None:
    """Take all snapshots at one instant; their own reconciles then complete them."""
    driver = require_capability(service.clouds.connections.get(group_snapshot.cloud_id).snapshot)
    with job.database.read_transaction() as db:
        volumes = repository.get_volumes(db, [snapshot.volume_id for snapshot in snapshots])
    specs = [
        SnapshotSpec(item.id, item.name or item.id, volumes[item.volume_id].native_id, metadata=item.metadata)
        for item in snapshots
    ]
    try:
        native_snapshots = driver.create_consistent(specs)
    except CloudUnreachable:
        raise
    except (RequestRejected, InsufficientCapacity, NotSupported):
        _save_status(service, job, group_snapshot, "error")
        return None
    with job.transaction() as db:
        for native in native_snapshots:
            snapshot_rows.update(db, native.token, native_id=native.id)
    return build_requeue(job, group_snapshot.updated_at)


def _complete_delete(
    service: VolumeService, job: Job, group_snapshot: GroupSnapshot, snapshots: list[Snapshot]
) -> Requeue | None:
    if any(snapshot.status == "deleting" for snapshot in snapshots):
        return build_requeue(job, group_snapshot.updated_at)
    _save_status(service, job, group_snapshot, "error" if snapshots else "deleted")
    return None


def _save_status(service: VolumeService, job: Job, group_snapshot: GroupSnapshot, status: str) -> None:
    """Write the outcome and its event, unless an operator has reset the status meanwhile."""
    now = job.clock.now()
    with job.transaction() as db:
        current = groups.find_group_snapshot(db, group_snapshot.id)
        if current is None or current.status != group_snapshot.status:
            return
        deleted_at = now if status == "deleted" else None
        groups.group_snapshots.update(db, current.id, status=status, updated_at=now, deleted_at=deleted_at)
        updated = groups.group_snapshots.find(db, current.id)
        assert updated is not None, "it was updated"
        is_delete = current.status == "deleting"
        event_type = events.GROUP_SNAPSHOT_DELETED if is_delete else events.GROUP_SNAPSHOT_CREATED
        events.append_group_event(db, service.ids, event_type, updated, now)
