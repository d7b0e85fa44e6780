"""Snapshots and backups."""

from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import Since
from stratiform.interfaces.openstack.volume.lists import ListQuery
from stratiform.interfaces.openstack.volume.schemas.common import Link


class SnapshotCreate(Struct):
    volume_id: str | None
    name: str | None = None
    display_name: str | None = None
    description: str | None = None
    display_description: str | None = None
    force: bool | None = None
    metadata: dict[str, str] | None = None


class SnapshotCreateRequest(Struct):
    snapshot: SnapshotCreate


class SnapshotUpdate(Struct):
    name: str | UnsetType | None = UNSET
    display_name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    display_description: str | UnsetType | None = UNSET


class SnapshotUpdateRequest(Struct):
    snapshot: SnapshotUpdate


class SnapshotListQuery(ListQuery, kw_only=True):
    project_id: str | None = None
    name: str | None = None
    display_name: str | None = None
    status: str | None = None
    volume_id: str | None = None
    metadata: Annotated[str | None, Since(22)] = None


class SnapshotDetail(Struct, kw_only=True):
    id: str
    created_at: str
    updated_at: str
    name: str
    description: str | None
    volume_id: str
    status: str
    size: int
    metadata: dict[str, str]
    progress: str | UnsetType = field(name="os-extended-snapshot-attributes:progress")
    project_id: str | UnsetType = field(name="os-extended-snapshot-attributes:project_id")
    group_snapshot_id: Annotated[str | None, Since(14)]
    user_id: Annotated[str, Since(41)]
    consumes_quota: Annotated[bool, Since(65)] = True


class SnapshotResponse(Struct):
    snapshot: SnapshotDetail


class SnapshotsResponse(Struct):
    snapshots: list[SnapshotDetail]
    snapshots_links: list[Link] | UnsetType = UNSET
    count: Annotated[int | UnsetType, Since(45)] = UNSET


class ResetStatus(Struct):
    status: str


class UpdateSnapshotStatus(Struct):
    status: str
    progress: str | None = None


class BackupCreate(Struct):
    volume_id: str
    snapshot_id: str | None = None
    name: str | None = None
    description: str | None = None
    container: str | None = None
    incremental: bool = False
    force: bool = False
    metadata: Annotated[dict[str, str] | UnsetType | None, Since(43)] = UNSET
    availability_zone: Annotated[str | UnsetType | None, Since(51)] = UNSET


class BackupCreateRequest(Struct):
    backup: BackupCreate


class BackupUpdate(Struct):
    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    metadata: Annotated[dict[str, str] | UnsetType, Since(43)] = UNSET


class BackupUpdateRequest(Struct):
    backup: BackupUpdate


class BackupListQuery(ListQuery, kw_only=True):
    project_id: str | None = None
    name: str | None = None
    status: str | None = None
    volume_id: str | None = None
    snapshot_id: str | None = None
    metadata: Annotated[str | None, Since(43)] = None


class BackupSummary(Struct):
    id: str
    name: str
    links: list[Link]


class BackupDetail(BackupSummary, kw_only=True):
    status: str
    size: int
    object_count: int
    availability_zone: str
    container: str | None
    created_at: str
    updated_at: str
    description: str | None
    fail_reason: str | None
    volume_id: str
    is_incremental: bool
    has_dependent_backups: bool
    snapshot_id: str | None
    data_timestamp: str
    project_id: Annotated[str, Since(18)] = field(name="os-backup-project-attr:project_id")
    metadata: Annotated[dict[str, str], Since(43)]
    user_id: Annotated[str, Since(56)]
    encryption_key_id: Annotated[str | UnsetType, Since(64)] = UNSET


class BackupCreatedResponse(Struct):
    backup: BackupSummary


class BackupResponse(Struct):
    backup: BackupDetail


class BackupsResponse(Struct):
    backups: list[BackupSummary]
    backups_links: list[Link] | UnsetType = UNSET
    count: Annotated[int | UnsetType, Since(45)] = UNSET


class BackupsDetailResponse(Struct):
    backups: list[BackupDetail]
    backups_links: list[Link] | UnsetType = UNSET
    count: Annotated[int | UnsetType, Since(45)] = UNSET


class Restore(Struct):
    volume_id: str | None = None
    name: str | None = None


class RestoreRequest(Struct):
    restore: Restore


class Restored(Struct):
    backup_id: str
    volume_id: str
    volume_name: str


class RestoreResponse(Struct):
    restore: Restored


class BackupRecord(Struct):
    """The record of a backup, which another installation of the cloud can import."""

    backup_service: str
    backup_url: str


class BackupRecordRequest(Struct):
    record: BackupRecord = field(name="backup-record")


class BackupRecordResponse(Struct):
    record: BackupRecord = field(name="backup-record")
