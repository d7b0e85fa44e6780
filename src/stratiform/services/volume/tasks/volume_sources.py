"""What volumes are copied from and to: snapshots, backups, other volumes, and images.

A clone and an image are made from a temporary snapshot, whose token is the id of the new volume or image.
"""

from typing import Any, TypeVar

from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.image import NativeImage
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotDriver, SnapshotSpec
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import Backup, Snapshot, Volume
from stratiform.services.volume.repository import snapshots
from stratiform.services.volume.repository.snapshots import backups as backup_rows
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks.delays import build_requeue

T = TypeVar("T")


def require_capability(driver: T | None) -> T:
    """Return a driver. Raises NotSupported if the connector does not have it."""
    if driver is None:
        raise NotSupported("This cloud does not support copies of volumes.")
    return driver


def resolve_source(job: Job, connection: CloudConnection, volume: Volume) -> str | Requeue:
    """Return the native id of the snapshot to create a volume from, "" for none, or Requeue until it is available.

    Raises: RequestRejected if the source does not exist any longer.
    """
    if volume.source_volume_id:
        source = _get_native_volume_id(job, volume.source_volume_id)
        return _ensure_temporary_snapshot(job, connection, source, volume.id, volume)
    copy_id = volume.snapshot_id or volume.backup_id
    return get_native_copy_id(job, copy_id) if copy_id else ""


def get_native_copy_id(job: Job, copy_id: str) -> str:
    """Return the native id of a snapshot or backup. Raises RequestRejected if it does not exist any longer."""
    with job.database.read_transaction() as db:
        copy: Snapshot | Backup | None = snapshots.find(snapshot_rows, db, copy_id)
        copy = copy or snapshots.find(backup_rows, db, copy_id)
    if copy is None or not copy.native_id:
        raise RequestRejected(f"The snapshot or backup {copy_id} does not exist any longer.")
    return copy.native_id


def delete_temporary_snapshot(connection: CloudConnection, token: str) -> None:
    """Delete the snapshot that a volume was cloned from, or an image was to be created from."""
    if connection.snapshot is None:
        return
    native = connection.snapshot.find(token)
    if native is not None:
        connection.snapshot.delete(native.id)


def ensure_image(
    service: VolumeService, job: Job, connection: CloudConnection, volume: Volume
) -> NativeImage | Requeue:
    """Return the native image `target_id` of a volume, or Requeue until its snapshot is available."""
    snapshot_driver = require_capability(connection.snapshot)
    with job.database.read_transaction() as db:
        name = service.images.native_images.get_name(db, volume.target_id)
    snapshot_id = _ensure_temporary_snapshot(job, connection, volume.native_id, volume.target_id, volume)
    if isinstance(snapshot_id, Requeue):
        return snapshot_id
    return snapshot_driver.create_image(snapshot_id, volume.target_id, name)


def find_restored_attributes(job: Job, volume: Volume) -> dict[str, Any]:
    """Return what a volume gets from the backup that was restored to it, beside the data. Its own metadata stays."""
    with job.database.read_transaction() as db:
        backup = snapshots.find(backup_rows, db, volume.target_id)
    attributes = {} if backup is None else backup.volume_attributes
    if "metadata" not in attributes:
        return {}
    return {**attributes, "metadata": {**volume.metadata, **attributes["metadata"]}}


def complete_restore(service: VolumeService, job: Job, volume: Volume) -> None:
    """Record that a snapshot or backup is not read any longer."""
    copy_id = volume.target_id or volume.backup_id
    if not copy_id:
        return
    now = job.clock.now()
    with job.transaction() as db:
        snapshot = snapshots.find(snapshot_rows, db, copy_id)
        backup = snapshots.find(backup_rows, db, copy_id)
        if snapshot is not None:
            snapshots.update_in_status(snapshot_rows, db, snapshot, ("restoring",), now, status="available")
        if backup is not None and snapshots.update_in_status(
            backup_rows, db, backup, ("restoring",), now, status="available"
        ):
            restored = backup_rows.find(db, backup.id)
            assert restored is not None, "it was updated"
            events.append_backup_event(db, service.ids, events.BACKUP_RESTORED, restored, now)


def _ensure_temporary_snapshot(
    job: Job, connection: CloudConnection, native_volume_id: str, token: str, volume: Volume
) -> str | Requeue:
    driver: SnapshotDriver = require_capability(connection.snapshot)
    native: NativeSnapshot = driver.create(SnapshotSpec(token, f"temporary copy of {volume.name}", native_volume_id))
    if native.state is NativeSnapshotState.AVAILABLE:
        return native.id
    if native.state is NativeSnapshotState.CREATING:
        return build_requeue(job, volume.updated_at)
    raise RequestRejected(native.fault or f"The native snapshot is in state {native.state.value}.")


def _get_native_volume_id(job: Job, volume_id: str) -> str:
    with job.database.read_transaction() as db:
        volume = repository.find_volume(db, volume_id)
    if volume is None or not volume.native_id:
        raise RequestRejected(f"The volume {volume_id} does not exist any longer.")
    return volume.native_id
