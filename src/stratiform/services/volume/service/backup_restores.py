"""Restoring backups to volumes, and records of backups that another installation of the cloud can import."""

import base64
from dataclasses import asdict, dataclass, replace

import msgspec

from stratiform.kit.context import RequestContext
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import InvalidBackup, InvalidInput, InvalidVolume
from stratiform.services.volume.model import BACKUP_SERVICE, Backup, NewVolume, Volume
from stratiform.services.volume.repository import snapshots
from stratiform.services.volume.repository.snapshots import backups as backup_rows
from stratiform.services.volume.service.backups import RECONCILE_BACKUP, get_backup
from stratiform.services.volume.service.volume_access import get_volume
from stratiform.services.volume.service.volumes import RECONCILE, Volumes


@dataclass(frozen=True, slots=True)
class BackupRestores:
    """Restore, export and import backups."""

    volumes: Volumes

    def restore(self, ctx: RequestContext, backup_id: str, volume_id: str | None, name: str | None) -> Volume:
        """Start to restore a backup, to a new volume unless one is given. Return the volume.

        Raises: BackupNotFound, VolumeNotFound, InvalidBackup and InvalidVolume for a wrong status, QuotaExceeded.
        """
        backup = get_backup(ctx, policy.BACKUP_RESTORE, backup_id)
        if not snapshots.update_in_status(backup_rows, ctx.db, backup, ("available",), ctx.now, status="restoring"):
            raise InvalidBackup("Backup status must be available")
        if volume_id is None:
            return self.volumes.create(
                ctx,
                NewVolume(
                    size_gib=backup.size_gib,
                    name=name or f"restore_backup_{backup_id}",
                    description="auto-created_from_restore_from_backup",
                    backup_id=backup_id,
                    metadata=backup.volume_attributes.get("metadata", {}),
                ),
            )
        return _restore_to_volume(ctx, backup, volume_id)

    def export_record(self, ctx: RequestContext, backup_id: str) -> str:
        """Return the record of a backup as a URL-safe text. Raises InvalidBackup."""
        backup = get_backup(ctx, policy.BACKUP_EXPORT, backup_id)
        if backup.status != "available":
            raise InvalidBackup("Backup status must be available and not " + backup.status + ".")
        return base64.b64encode(msgspec.json.encode(asdict(backup))).decode()

    def import_record(self, ctx: RequestContext, backup_service: str, backup_url: str) -> Backup:
        """Add the backup of a record to the caller's project; it becomes available if its cloud has it.

        Raises: InvalidInput, InvalidBackup if it exists already.
        """
        policy.BACKUP_IMPORT.require(ctx.caller, None)
        record = _parse_record(backup_service, backup_url)
        backup = replace(
            record,
            project_id=ctx.caller.require_project_id(),
            user_id=ctx.caller.user_id,
            status="creating",
            parent_id="",
            deleted_at=None,
            updated_at=ctx.now,
        )
        existing = backup_rows.find(ctx.db, backup.id)
        if existing is not None and existing.deleted_at is None:
            raise InvalidBackup("Backup already exists in database.")
        self.volumes.clouds.accounts.get_by_id(ctx.db, backup.cloud_id)
        if existing is None:
            backup_rows.insert(ctx.db, backup)
        else:
            backup_rows.save(ctx.db, backup)
        enqueue(ctx.db, RECONCILE_BACKUP, backup.id, ctx.now)
        return backup


def _restore_to_volume(ctx: RequestContext, backup: Backup, volume_id: str) -> Volume:
    volume = get_volume(ctx, policy.VOLUME_UPDATE, volume_id)
    if backup.size_gib > volume.size_gib:
        raise InvalidVolume(f"volume size {volume.size_gib} is too small to restore backup of size {backup.size_gib}.")
    if backup.cloud_id != volume.cloud_id:
        raise InvalidVolume(f"The backup is in cloud {backup.cloud_name}, the volume in cloud {volume.cloud_name}.")
    values = {"status": "restoring-backup", "previous_status": "available", "target_id": backup.id}
    if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, **values):
        raise InvalidVolume("Volume to be restored to must be available")
    enqueue(ctx.db, RECONCILE, volume.id, ctx.now)
    return volume


def _parse_record(backup_service: str, backup_url: str) -> Backup:
    if backup_service != BACKUP_SERVICE:
        raise InvalidInput(f"Backup service '{backup_service}' is unknown; it must be '{BACKUP_SERVICE}'.")
    try:
        return msgspec.json.decode(base64.b64decode(backup_url, validate=True), type=Backup)
    except (*NOT_JSON, ValueError) as error:
        raise InvalidInput("Can't parse backup record.") from error
