"""What a new volume is created from: a snapshot, another volume, or a backup."""

from contextlib import suppress
from dataclasses import dataclass, field

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Invalid, NotFound
from stratiform.services.clouds.model import Binding
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.service import ImageService
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import InvalidBackup, InvalidInput, InvalidSnapshot, InvalidVolume
from stratiform.services.volume.model import NewVolume
from stratiform.services.volume.service.backups import get_backup
from stratiform.services.volume.service.snapshots import get_snapshot, require_snapshots
from stratiform.services.volume.service.volume_access import get_volume


@dataclass(frozen=True, slots=True)
class VolumeSource:
    """What a new volume gets from its source; empty without a source. `kind` is the noun in errors."""

    kind: str = ""
    size_gib: int = 0
    type_id: str = ""
    zone: str = ""
    cloud_id: str = ""
    cloud_name: str = ""
    image_id: str = ""
    image_metadata: dict[str, str] = field(default_factory=dict)
    bootable: bool = False

    def check_cloud(self, binding: Binding) -> None:
        """Raises Invalid if the new volume would be in another cloud than the source."""
        if self.cloud_id and self.cloud_id != binding.cloud_id:
            raise Invalid(
                f"The {self.kind} is in cloud {self.cloud_name}; a volume cannot be created from it in cloud "
                f"{binding.cloud_name}."
            )


@dataclass(frozen=True, slots=True)
class VolumeSources:
    """Find the source of a new volume."""

    clouds: CloudsService

    def get(self, ctx: RequestContext, new: NewVolume) -> VolumeSource:
        """Raises SnapshotNotFound, VolumeNotFound, BackupNotFound, and Invalid for a source that is not available."""
        sources = [new.snapshot_id, new.source_volume_id, new.backup_id, new.image_id]
        if sum(map(bool, sources)) > 1:
            raise InvalidInput("A volume can be created from only one of an image, a snapshot, a volume and a backup.")
        if new.snapshot_id:
            return self._get_snapshot(ctx, new.snapshot_id)
        if new.source_volume_id:
            return self._get_volume(ctx, new.source_volume_id)
        return _get_backup(ctx, new.backup_id) if new.backup_id else VolumeSource()

    def _get_snapshot(self, ctx: RequestContext, snapshot_id: str) -> VolumeSource:
        snapshot = get_snapshot(ctx, policy.SNAPSHOT_GET, snapshot_id)
        if snapshot.status != "available":
            raise InvalidSnapshot(
                f"Originating snapshot status must be one of 'available' values, not '{snapshot.status}'."
            )
        return self._get_lineage(ctx, snapshot.volume_id, "snapshot", snapshot.size_gib)

    def _get_volume(self, ctx: RequestContext, volume_id: str) -> VolumeSource:
        volume = get_volume(ctx, policy.VOLUME_GET, volume_id)
        if volume.status not in ("available", "in-use"):
            raise InvalidVolume(f"Unable to create volume from source volume {volume_id}, status {volume.status}.")
        require_snapshots(ctx, self.clouds, volume)
        return self._get_lineage(ctx, volume_id, "source volume", volume.size_gib)

    def _get_lineage(self, ctx: RequestContext, volume_id: str, kind: str, size_gib: int) -> VolumeSource:
        """Return a source with the type, zone and image of the volume that was copied, which may be deleted."""
        volume = repository.volumes.find(ctx.db, volume_id)
        assert volume is not None, "rows of volumes are never deleted"
        return VolumeSource(
            kind=kind,
            size_gib=size_gib,
            type_id=volume.type_id if repository.volume_types.find(ctx.db, volume.type_id) else "",
            zone=volume.zone,
            cloud_id=volume.cloud_id,
            cloud_name=volume.cloud_name,
            image_id=volume.image_id,
            image_metadata=volume.image_metadata,
            bootable=volume.bootable,
        )


def _get_backup(ctx: RequestContext, backup_id: str) -> VolumeSource:
    backup = get_backup(ctx, policy.BACKUP_GET, backup_id)
    if backup.status not in ("available", "restoring"):
        raise InvalidBackup(f"Backup status must be available and not {backup.status}.")
    return VolumeSource(
        kind="backup",
        size_gib=backup.size_gib,
        zone=backup.zone,
        cloud_id=backup.cloud_id,
        cloud_name=backup.cloud_name,
        image_id=backup.volume_attributes.get("image_id", ""),
        image_metadata=backup.volume_attributes.get("image_metadata", {}),
        bootable=backup.volume_attributes.get("bootable", False),
    )


def check_source_size(source: VolumeSource, size_gib: int) -> None:
    """Raises InvalidInput if the new volume is smaller than its source."""
    if size_gib < source.size_gib:
        original = "original volume size" if source.kind == "source volume" else f"{source.kind} size"
        raise InvalidInput(
            f"Volume size '{size_gib}'GB cannot be smaller than {original} {source.size_gib}GB. "
            f"They must be >= {original}."
        )


def find_image_id(images: ImageService, ctx: RequestContext, image_ref: str) -> str:
    """Return the id of an image by its id, its URL or its name.

    Raises: Invalid; Conflict if several images have the name. Source: cinder/api/v3/volumes.py.
    """
    with suppress(NotFound):
        return images.images.get(ctx, image_ref.rpartition("/")[2]).id
    matches = images.images.list_by_name(ctx, image_ref)
    if len(matches) > 1:
        raise Conflict(f"Multiple matches found for '{image_ref}', use an ID to be more specific.")
    if not matches:
        raise Invalid("Invalid image identifier or unable to access requested image.")
    return matches[0].id
