"""Backups of volumes: copies that outlive their volume, and count against quotas of their own."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.policy import Rule
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import (
    BackupNotFound,
    InvalidBackup,
    InvalidInput,
    InvalidSnapshot,
    InvalidVolume,
)
from stratiform.services.volume.model import (
    BACKUP_STATUSES,
    DELETABLE_COPY_STATUSES,
    Backup,
    CopyFilter,
    NewBackup,
    Sort,
    check_metadata,
    check_name,
)
from stratiform.services.volume.repository import snapshots
from stratiform.services.volume.repository.snapshots import backups as backup_rows
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.snapshots import get_snapshot, require_snapshots, restrict_to_project
from stratiform.services.volume.service.volume_access import get_volume

#: The kind of work that reconciles one backup; its key is the backup's id.
RECONCILE_BACKUP = "volume.backup"


@dataclass(frozen=True, slots=True)
class Backups:
    """Create, read, update and delete backups."""

    ids: Ids
    clouds: CloudsService
    quota_sets: QuotaSets

    def create(self, ctx: RequestContext, new: NewBackup) -> Backup:
        """Create a backup in status `creating`.

        Raises: VolumeNotFound, SnapshotNotFound, InvalidVolume and InvalidSnapshot for a wrong status, InvalidBackup,
        QuotaExceeded, UnsupportedOperation.
        """
        volume = get_volume(ctx, policy.BACKUP_CREATE, new.volume_id)
        require_snapshots(ctx, self.clouds, volume)
        self.quota_sets.reserve(ctx.db, volume.project_id, {"backups": 1, "backup_gigabytes": volume.size_gib})
        data_at = self._check_snapshot(ctx, new) if new.snapshot_id else ctx.now
        backup = Backup(
            id=self.ids.uuid(),
            project_id=ctx.caller.project_id or volume.project_id,
            user_id=ctx.caller.user_id,
            name=check_name(new.name),
            description=new.description,
            volume_id=volume.id,
            snapshot_id=new.snapshot_id,
            parent_id=self._find_parent_id(ctx, new),
            container=new.container,
            size_gib=volume.size_gib,
            status="creating",
            zone=volume.zone,
            cloud_id=volume.cloud_id,
            cloud_name=volume.cloud_name,
            native_id="",
            metadata=check_metadata(new.metadata),
            fault="",
            data_at=data_at,
            created_at=ctx.now,
            updated_at=ctx.now,
            volume_attributes={
                "metadata": volume.metadata,
                "image_id": volume.image_id,
                "image_metadata": volume.image_metadata,
                "bootable": volume.bootable,
            },
        )
        if not new.snapshot_id:
            statuses = ("available", "in-use") if new.force else ("available",)
            values = {"status": "backing-up", "previous_status": volume.status, "target_id": backup.id}
            allowed = (volume.status,) if volume.status in statuses else ()
            if not repository.update_in_status(ctx.db, volume, allowed, ctx.now, **values):
                raise InvalidVolume(
                    f"Volume to be backed up must be {' or '.join(statuses)} but the current status is "
                    f'"{volume.status}".'
                )
        backup_rows.insert(ctx.db, backup)
        enqueue(ctx.db, RECONCILE_BACKUP, backup.id, ctx.now)
        return backup

    def get(self, ctx: RequestContext, backup_id: str) -> Backup:
        """Raises BackupNotFound, also for another project's backup."""
        return get_backup(ctx, policy.BACKUP_GET, backup_id)

    def list(
        self,
        ctx: RequestContext,
        filters: CopyFilter,
        page: Page,
        sort: Sequence[Sort] = (),
        *,
        offset: int = 0,
        all_projects: bool = False,
    ) -> Slice[Backup]:
        """List the project's backups, newest first by default; `all_projects` has an effect for operators only."""
        filters = restrict_to_project(ctx, policy.BACKUP_GET_ALL, filters, all_projects)
        return snapshots.list_page(backup_rows, ctx.db, filters, page, sort, offset)

    def count(self, ctx: RequestContext, filters: CopyFilter, *, all_projects: bool = False) -> int:
        """Count the backups on all pages of the same list."""
        filters = restrict_to_project(ctx, policy.BACKUP_GET_ALL, filters, all_projects)
        return snapshots.count(backup_rows, ctx.db, filters)

    def list_ids_with_children(self, ctx: RequestContext, backups: Sequence[Backup]) -> set[str]:
        """Return which of these backups have incremental backups after them."""
        return snapshots.list_parent_ids(ctx.db, [backup.id for backup in backups])

    def update(self, ctx: RequestContext, backup_id: str, **changes: Any) -> Backup:
        """Set `name`, `description` or `metadata`."""
        backup = get_backup(ctx, policy.BACKUP_UPDATE, backup_id)
        if "name" in changes:
            changes["name"] = check_name(changes["name"])
        if "metadata" in changes:
            check_metadata(changes["metadata"])
        backup_rows.update(ctx.db, backup.id, updated_at=ctx.now, **changes)
        return replace(backup, updated_at=ctx.now, **changes)

    def delete(self, ctx: RequestContext, backup_id: str, *, force: bool = False) -> None:
        """Start to delete a backup. `force` (operators) accepts any status. Raises InvalidBackup."""
        backup = get_backup(ctx, policy.BACKUP_FORCE_DELETE if force else policy.BACKUP_DELETE, backup_id)
        if snapshots.list_children(ctx.db, backup_id):
            raise InvalidBackup("Incremental backups exist for this backup.")
        statuses = BACKUP_STATUSES if force else DELETABLE_COPY_STATUSES
        if not snapshots.update_in_status(backup_rows, ctx.db, backup, statuses, ctx.now, status="deleting"):
            raise InvalidBackup("Backup status must be available or error")
        enqueue(ctx.db, RECONCILE_BACKUP, backup.id, ctx.now)

    def reset_status(self, ctx: RequestContext, backup_id: str, status: str) -> None:
        """Overwrite the status. Raises InvalidInput for one that an operator cannot set."""
        backup = get_backup(ctx, policy.BACKUP_RESET_STATUS, backup_id)
        if status not in ("available", "error"):
            raise InvalidInput(f"Must specify a valid status, not '{status}'.")
        backup_rows.update(ctx.db, backup.id, status=status, updated_at=ctx.now)

    def _check_snapshot(self, ctx: RequestContext, new: NewBackup) -> int:
        """Return the time of the snapshot's data. Raises InvalidSnapshot."""
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_GET, new.snapshot_id)
        if snapshot.volume_id != new.volume_id:
            raise InvalidSnapshot(f"Snapshot {snapshot.id} is not of volume {new.volume_id}.")
        if snapshot.status != "available":
            raise InvalidSnapshot(
                f'Snapshot to be backed up must be available but the current status is "{snapshot.status}".'
            )
        return snapshot.created_at

    def _find_parent_id(self, ctx: RequestContext, new: NewBackup) -> str:
        """Return the latest backup of the volume for an incremental one. Raises InvalidBackup without one."""
        if not new.incremental:
            return ""
        of_volume = snapshots.list_of_volume(backup_rows, ctx.db, new.volume_id)
        available = [backup for backup in of_volume if backup.status in ("available", "restoring")]
        if not available:
            raise InvalidBackup("No backups available to do an incremental backup.")
        return max(available, key=lambda backup: (backup.data_at, backup.created_at)).id


def get_backup(ctx: RequestContext, rule: Rule, backup_id: str) -> Backup:
    """Return a backup that is not deleted. Raises BackupNotFound, Forbidden."""
    backup = snapshots.find(backup_rows, ctx.db, backup_id)
    if backup is None:
        raise BackupNotFound(backup_id)
    rule.require_visible(ctx.caller, backup.project_id, BackupNotFound(backup_id))
    return backup
