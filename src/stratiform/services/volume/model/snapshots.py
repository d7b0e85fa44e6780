"""Snapshots and backups of volumes: in every cloud, both are native snapshots."""

from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import Micros

#: The possible statuses. Source: cinder/objects/fields.py, SnapshotStatus.
SNAPSHOT_STATUSES = frozenset(
    {"creating", "available", "deleting", "restoring", "backing-up", "unmanaging", "error", "error_deleting"}
)

#: The statuses that a client may report, by current status. Source: cinder/api/contrib/snapshot_actions.py.
REPORTABLE_STATUSES = {"creating": ("creating", "available", "error"), "deleting": ("deleting", "error_deleting")}

#: The possible statuses. Source: cinder/objects/fields.py, BackupStatus.
BACKUP_STATUSES = frozenset({"creating", "available", "deleting", "restoring", "error", "error_deleting"})

#: Statuses in which a snapshot or a backup can be deleted.
DELETABLE_COPY_STATUSES = ("available", "error", "error_deleting")


#: The name of our backup service in exported records: in Cinder, that of a module of a backup driver.
BACKUP_SERVICE = "cinder.backup.drivers.stratiform"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot. `status`: `creating` and `deleting` are in progress. `progress`: reported by a client, or ""."""

    id: str
    project_id: str
    user_id: str
    name: str
    description: str | None
    volume_id: str
    type_id: str
    size_gib: int
    status: str
    zone: str
    cloud_id: str
    cloud_name: str
    native_id: str
    metadata: dict[str, str]
    fault: str
    group_snapshot_id: str
    created_at: Micros
    updated_at: Micros
    deleted_at: Micros | None = None
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup. It contains the data of the volume, or of the snapshot `snapshot_id`, at `data_at`.

    `parent_id` is the backup before an incremental one, "" for a full one. `volume_attributes`: those of the volume
    that a restored volume has, too: metadata, image_id, image_metadata and bootable.
    """

    id: str
    project_id: str
    user_id: str
    name: str
    description: str | None
    volume_id: str
    snapshot_id: str
    parent_id: str
    container: str
    size_gib: int
    status: str
    zone: str
    cloud_id: str
    cloud_name: str
    native_id: str
    metadata: dict[str, str]
    fault: str
    data_at: Micros
    created_at: Micros
    updated_at: Micros
    deleted_at: Micros | None = None
    volume_attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """The parameters of a new snapshot. `allow_in_use`: the volume may be attached."""

    volume_id: str
    name: str = ""
    description: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    allow_in_use: bool = False


@dataclass(frozen=True, slots=True)
class NewBackup:
    """The parameters of a new backup. `force`: the volume may be attached."""

    volume_id: str
    snapshot_id: str = ""
    name: str = ""
    description: str | None = None
    container: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    incremental: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class CopyFilter:
    """Filters of a list of snapshots or backups; None: no filter. `project_id` None: all projects."""

    project_id: str | None = None
    id: str | None = None
    name: str | None = None
    status: str | None = None
    volume_id: str | None = None
    snapshot_id: str | None = None
    metadata: dict[str, str] | None = None
