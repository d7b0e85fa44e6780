"""The reconcile of snapshots and backups, which are both native snapshots."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from stratiform.contract.adoption import AdoptableKind
from stratiform.contract.connector import CloudConnection
from stratiform.contract.errors import InsufficientCapacity, NativeNotFound, RequestRejected
from stratiform.contract.snapshot import NativeSnapshot, NativeSnapshotState, SnapshotDriver, SnapshotSpec
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import Job, Requeue
from stratiform.services.volume import events, repository
from stratiform.services.volume.model import Backup, Snapshot
from stratiform.services.volume.model.messages import BACKUP, SNAPSHOT, Action, Detail, Failure
from stratiform.services.volume.repository import groups, snapshots
from stratiform.services.volume.service import VolumeService
from stratiform.services.volume.tasks.delays import build_requeue
from stratiform.services.volume.tasks.managed_snapshots import adopt_snapshot, is_managed_request
from stratiform.services.volume.tasks.managed_volumes import require_adoption_driver
from stratiform.services.volume.tasks.volume_sources import get_native_copy_id

T = TypeVar("T", Snapshot, Backup)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CopyKind(Generic[T]):
    """Snapshots, or backups: their rows and events, and by status what a message states if an operation fails.

    `failure_log`: the format of a log message with id, status and error.
    """

    failure_log: str
    rows: TableGateway[T]
    append_event: Callable[[Connection, Ids, str, T, Micros], None]
    created: str
    deleted: str
    updated: str
    failures: Mapping[str, Failure]


SNAPSHOTS = CopyKind(
    "snapshot operation failed snapshot=%s status=%s error=%r",
    snapshots.snapshots,
    events.append_snapshot_event,
    events.SNAPSHOT_CREATED,
    events.SNAPSHOT_DELETED,
    events.SNAPSHOT_UPDATED,
    {
        "creating": Failure(Action.CREATE_SNAPSHOT, Detail.CREATE_SNAPSHOT, SNAPSHOT),
        "deleting": Failure(Action.DELETE_SNAPSHOT, Detail.DELETE_SNAPSHOT, SNAPSHOT),
    },
)
BACKUPS = CopyKind(
    "backup operation failed backup=%s status=%s error=%r",
    snapshots.backups,
    events.append_backup_event,
    events.BACKUP_CREATED,
    events.BACKUP_DELETED,
    events.BACKUP_CREATED,
    {
        "creating": Failure(Action.CREATE_BACKUP, Detail.CREATE_BACKUP, BACKUP),
        "deleting": Failure(Action.DELETE_BACKUP, Detail.DELETE_BACKUP, BACKUP),
    },
)


def reconcile_copy(kind: CopyKind[T], service: VolumeService, job: Job) -> Requeue | None:
    """Take the next step of one snapshot or backup."""
    with job.database.read_transaction() as db:
        copy = snapshots.find(kind.rows, db, job.key)
    if copy is None or copy.status not in ("creating", "deleting", "unmanaging"):
        return None
    connection = service.clouds.connections.get(copy.cloud_id)
    cloud = connection.snapshot
    if cloud is None:
        _fail(kind, service, job, copy, "error", "The cloud has no snapshots.")
        return None
    if _waits_for_group(job, copy):
        return build_requeue(job, copy.updated_at)
    if copy.status == "unmanaging":
        _release(kind, service, job, connection, copy)
        return None
    if copy.status == "creating" and not copy.native_id and is_managed_request(job, copy.id):
        _adopt(kind, service, job, connection, copy)
        return None
    step = _create if copy.status == "creating" else _delete
    return step(kind, service, job, cloud, copy)


def _waits_for_group(job: Job, copy: Snapshot | Backup) -> bool:
    """Return True if a snapshot is to be taken together with those of the other volumes of its group."""
    if not isinstance(copy, Snapshot) or not copy.group_snapshot_id or copy.native_id or copy.status != "creating":
        return False
    with job.database.read_transaction() as db:
        group_snapshot = groups.find_group_snapshot(db, copy.group_snapshot_id)
    return group_snapshot is not None and group_snapshot.is_consistent and group_snapshot.status == "creating"


def _create(kind: CopyKind[T], service: VolumeService, job: Job, cloud: SnapshotDriver, copy: T) -> Requeue | None:
    try:
        native = cloud.get(copy.native_id) if copy.native_id else cloud.create(_build_spec(job, copy))
    except (NativeNotFound, InsufficientCapacity, RequestRejected) as error:
        _fail(kind, service, job, copy, "error", error.message)
        return None
    if native.state is NativeSnapshotState.CREATING:
        if native.id != copy.native_id:
            with job.transaction() as db:
                snapshots.update_in_status(kind.rows, db, copy, ("creating",), copy.updated_at, native_id=native.id)
        return build_requeue(job, copy.updated_at)
    if native.state is not NativeSnapshotState.AVAILABLE:
        _fail(kind, service, job, copy, "error", native.fault or f"The native snapshot is {native.state.value}.")
        return None
    _complete(kind, service, job, copy, kind.created, status="available", native_id=native.id, fault="")
    return None


def _build_spec(job: Job, copy: Snapshot | Backup) -> SnapshotSpec:
    with job.database.read_transaction() as db:
        volume = repository.volumes.find(db, copy.volume_id)
    source = ""
    if isinstance(copy, Backup) and copy.snapshot_id:
        source = get_native_copy_id(job, copy.snapshot_id)
    native_volume_id = volume.native_id if volume is not None else ""
    return SnapshotSpec(copy.id, copy.name or copy.id, native_volume_id, source, copy.metadata)


def _delete(kind: CopyKind[T], service: VolumeService, job: Job, cloud: SnapshotDriver, copy: T) -> Requeue | None:
    native = _find_native(cloud, copy)
    if native is not None:
        try:
            cloud.delete(native.id)
        except RequestRejected as error:
            _fail(kind, service, job, copy, "error_deleting", error.message)
            return None
        native = _find_native(cloud, copy)
    if native is not None:
        return build_requeue(job, copy.updated_at)
    _complete(kind, service, job, copy, kind.deleted, status="deleted", deleted_at=job.clock.now())
    return None


def _adopt(kind: CopyKind[T], service: VolumeService, job: Job, connection: CloudConnection, copy: T) -> None:
    """Tag a snapshot that exists already."""
    try:
        native = adopt_snapshot(job, connection, copy)
    except (NativeNotFound, RequestRejected) as error:
        _fail(kind, service, job, copy, "error", error.message)
        return
    values: dict[str, Any] = {"native_id": native.id, "size_gib": native.size_gib, "fault": ""}
    _complete(kind, service, job, copy, events.SNAPSHOT_MANAGED, status="available", **values)


def _release(kind: CopyKind[T], service: VolumeService, job: Job, connection: CloudConnection, copy: T) -> None:
    """Remove our tags from a snapshot, which stays in its cloud."""
    native = None if connection.snapshot is None else _find_native(connection.snapshot, copy)
    try:
        if native is not None and native.token == copy.id:
            driver = require_adoption_driver(connection)
            driver.release(AdoptableKind.SNAPSHOT, native.id, f"_snapshot-{copy.id}")
    except RequestRejected as error:
        _fail(kind, service, job, copy, "error_deleting", error.message)
        return
    _complete(kind, service, job, copy, kind.deleted, status="deleted", deleted_at=job.clock.now())


def _find_native(cloud: SnapshotDriver, copy: Snapshot | Backup) -> NativeSnapshot | None:
    """Return the native snapshot, also if the response of its creation was lost."""
    native = cloud.find(copy.id)
    if native is None and copy.native_id:
        try:
            native = cloud.get(copy.native_id)
        except NativeNotFound:
            return None
    return None if native is None or native.state is NativeSnapshotState.DELETED else native


def _fail(kind: CopyKind[T], service: VolumeService, job: Job, copy: T, status: str, reason: str) -> None:
    logger.warning(kind.failure_log, copy.id, status, reason)
    failure = kind.failures.get(copy.status)
    _complete(kind, service, job, copy, kind.updated, failure=failure, status=status, fault=reason)


def _complete(
    kind: CopyKind[T],
    service: VolumeService,
    job: Job,
    copy: T,
    event_type: str,
    *,
    failure: Failure | None = None,
    **values: Any,
) -> None:
    """Write an outcome, its event and the message about a failure, unless the status was changed in the meantime."""
    now = job.clock.now()
    with job.transaction() as db:
        _release_volume(db, copy, now)
        if snapshots.update_in_status(kind.rows, db, copy, (copy.status,), now, **values):
            updated = kind.rows.find(db, copy.id)
            assert updated is not None, "it was updated"
            kind.append_event(db, service.ids, event_type, updated, now)
            if failure is not None:
                service.messages.create(db, copy.project_id, copy.id, failure, now)


def _release_volume(db: Connection, copy: Snapshot | Backup, now: Micros) -> None:
    """Set the volume of a new backup back to the status that it had before."""
    if not isinstance(copy, Backup) or copy.status != "creating":
        return
    volume = repository.find_volume(db, copy.volume_id)
    if volume is not None and volume.target_id == copy.id:
        previous_status = repository.volumes.table.c.previous_status
        repository.update_in_status(db, volume, ("backing-up",), now, status=previous_status, target_id="")
