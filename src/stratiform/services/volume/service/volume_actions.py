"""Actions on volumes beside create, update and delete."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stratiform.contract import registry
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, UnsupportedOperation
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.clouds.model import ResourceType
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.model import Image
from stratiform.services.image.service import ImageService
from stratiform.services.volume import events, policy, repository
from stratiform.services.volume.errors import InvalidInput, InvalidVolume
from stratiform.services.volume.model import STABLE_STATUSES, STATUSES, Volume, VolumeType
from stratiform.services.volume.repository import type_properties
from stratiform.services.volume.service.image_metadata import get_image_for_volume
from stratiform.services.volume.service.quota_sets import QuotaSets
from stratiform.services.volume.service.snapshots import require_snapshots
from stratiform.services.volume.service.volume_access import get_volume, update_volume
from stratiform.services.volume.service.volume_types import VolumeTypes
from stratiform.services.volume.service.volumes import RECONCILE, require_multiattach

#: Statuses in which an image can be written to a volume.
_REIMAGE_STATUSES = ("available", "error")


@dataclass(frozen=True, slots=True)
class VolumeActions:
    """Change the size, the type, the status or a flag of a volume."""

    ids: Ids
    clouds: CloudsService
    images: ImageService
    volume_types: VolumeTypes
    quota_sets: QuotaSets

    def extend(self, ctx: RequestContext, volume_id: str, size_gib: int, *, allow_in_use: bool = False) -> None:
        """Start to extend a volume. `allow_in_use`: also while it is attached (microversion 3.42)."""
        volume = get_volume(ctx, policy.VOLUME_EXTEND, volume_id)
        if size_gib <= volume.size_gib:
            raise InvalidInput(
                "New size for extend must be greater than current size. "
                f"(current: {volume.size_gib}, extended: {size_gib})."
            )
        type_name = self.volume_types.list_names(ctx, {volume.type_id}).get(volume.type_id, "")
        added_gib = size_gib - volume.size_gib
        self.quota_sets.reserve_volume(ctx.db, volume.project_id, type_name, added_gib, number=0)
        allowed = STABLE_STATUSES if allow_in_use else ("available",)
        values = {"status": "extending", "previous_status": volume.status, "wanted_gib": size_gib}
        statuses = (volume.status,) if volume.status in allowed else ()
        if not repository.update_in_status(ctx.db, volume, statuses, ctx.now, **values):
            expected = "' or '".join(allowed)
            raise InvalidVolume(f"Volume {volume_id} status must be '{expected}' to extend, currently {volume.status}.")
        enqueue(ctx.db, RECONCILE, volume.id, ctx.now)

    def retype(self, ctx: RequestContext, volume_id: str, new_type: str) -> None:
        """Change the type of a volume if both types are the same native type. Raises Invalid if they are not."""
        volume = get_volume(ctx, policy.VOLUME_RETYPE, volume_id)
        volume_type = self.volume_types.get_usable(ctx, new_type)
        if volume.status not in STABLE_STATUSES:
            raise InvalidVolume(
                "Retype needs volume to be in available or in-use state, not be part of an active migration "
                "or a consistency group, requested type has to be different that the one from the volume, and "
                "for in-use volumes front-end qos specs cannot change."
            )
        if volume_type.id == volume.type_id:
            raise InvalidInput(f"New volume_type same as original: {volume_type.id}.")
        if self._native_type(ctx, volume, volume_type.id) != self._native_type(ctx, volume, volume.type_id):
            raise Invalid(
                f"Volume {volume_id} cannot be retyped: type {volume_type.name} maps to a different native type in "
                f"cloud {volume.cloud_name}, and migration is not supported."
            )
        if volume_type.is_multiattach != volume.multiattach:
            self._change_multiattach(ctx, volume, volume_type)
            return
        repository.volumes.update(ctx.db, volume.id, type_id=volume_type.id, updated_at=ctx.now)
        retyped = replace(volume, type_id=volume_type.id, updated_at=ctx.now)
        events.append_event(ctx.db, self.ids, events.RETYPED, retyped, ctx.now)

    def upload_image(
        self, ctx: RequestContext, volume_id: str, attributes: Mapping[str, object], *, force: bool = False
    ) -> tuple[Volume, Image]:
        """Start to create an image from a volume. `force`: also while it is attached. `attributes`: of the image.

        Raises: InvalidVolume for a wrong status, UnsupportedOperation, Invalid, Forbidden.
        """
        volume = get_volume(ctx, policy.VOLUME_UPLOAD, volume_id)
        require_snapshots(ctx, self.clouds, volume)
        statuses = STABLE_STATUSES if force else ("available",)
        image = self.images.native_images.create(ctx, attributes)
        values = {"status": "uploading", "previous_status": volume.status, "target_id": image.id}
        allowed = (volume.status,) if volume.status in statuses else ()
        if not repository.update_in_status(ctx.db, volume, allowed, ctx.now, **values):
            raise InvalidVolume(f"Volume {volume_id} status must be {' or '.join(statuses)}")
        enqueue(ctx.db, RECONCILE, volume.id, ctx.now)
        return replace(volume, status="uploading", updated_at=ctx.now), image

    def reimage(self, ctx: RequestContext, volume_id: str, image_id: str, *, allow_reserved: bool = False) -> None:
        """Start to replace the data of a volume by an image. `allow_reserved`: also if it is reserved for a server.

        Raises: InvalidVolume for a wrong status, NotFound, Invalid for an unsuitable image, UnsupportedOperation.
        """
        volume = get_volume(ctx, policy.VOLUME_REIMAGE, volume_id)
        if volume.status == "reserved":
            policy.VOLUME_REIMAGE_RESERVED.require(ctx.caller, volume.project_id)
        if not registry.has_reimage(self.clouds.accounts.get_by_id(ctx.db, volume.cloud_id).kind):
            raise UnsupportedOperation(
                f"Cloud {volume.cloud_name} cannot write an image to an existing volume; "
                "create a new volume from the image."
            )
        statuses = _REIMAGE_STATUSES + (("reserved",) if allow_reserved else ())
        values = {"status": "downloading", "previous_status": volume.status, "target_id": image_id}
        allowed = (volume.status,) if volume.status in statuses else ()
        if not repository.update_in_status(ctx.db, volume, allowed, ctx.now, **values):
            raise InvalidVolume(
                f"Volume {volume_id} status must be {' or '.join(statuses)}, but current status is {volume.status}."
            )
        get_image_for_volume(self.images, ctx, image_id, volume.size_gib)
        enqueue(ctx.db, RECONCILE, volume.id, ctx.now)

    def migrate(self, ctx: RequestContext, volume_id: str, host: str) -> None:
        """Raises Invalid, InvalidInput: each cloud is one host, and a volume stays in its cloud."""
        volume = get_volume(ctx, policy.VOLUME_MIGRATE, volume_id)
        if host in (events.format_host(volume), events.format_pool(volume)):
            raise InvalidInput("Destination host must be different than current host.")
        raise Invalid(f"No available service named {host or '(none)'}: each cloud is one host.")

    def reset_status(self, ctx: RequestContext, volume_id: str, status: str | None, *, detach: bool = False) -> None:
        """Overwrite the status. `detach`: also delete the volume's attachment."""
        volume = get_volume(ctx, policy.VOLUME_RESET_STATUS, volume_id)
        if status is not None and status not in STATUSES:
            raise InvalidInput(f"Must specify a valid status, not '{status}'.")
        if detach:
            repository.delete_attachments_of_volume(ctx.db, volume_id)
        if status is not None:
            terminated_at = volume.terminated_at if status == "deleting" else None
            update_volume(ctx, self.ids, volume, status=status, terminated_at=terminated_at)

    def set_bootable(self, ctx: RequestContext, volume_id: str, bootable: bool) -> None:
        volume = get_volume(ctx, policy.VOLUME_SET_BOOTABLE, volume_id)
        update_volume(ctx, self.ids, volume, bootable=bootable)

    def set_read_only(self, ctx: RequestContext, volume_id: str, read_only: bool) -> None:
        """Raises InvalidVolume unless the volume is available."""
        volume = get_volume(ctx, policy.VOLUME_UPDATE_READONLY, volume_id)
        if volume.status != "available":
            raise InvalidVolume(
                f"Volume {volume_id} status must be available to update readonly flag, but current status is: "
                f"{volume.status}."
            )
        update_volume(ctx, self.ids, volume, read_only=read_only)

    def _change_multiattach(self, ctx: RequestContext, volume: Volume, volume_type: VolumeType) -> None:
        """Start to make a volume a multiattach volume, or to revert this. Raises InvalidInput, Invalid, Forbidden."""
        if volume_type.is_multiattach:
            if type_properties.encryptions.find(ctx.db, volume_type.id) is not None:
                raise InvalidInput("Retype requested both encryption and multi-attach, which is not supported.")
            policy.VOLUME_MULTIATTACH.require(ctx.caller, volume.project_id)
            require_multiattach(ctx, self.clouds, volume.cloud_id)
        values = {"status": "retyping", "previous_status": volume.status, "target_id": volume_type.id}
        if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, **values):
            raise InvalidInput(
                "Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, "
                f"the specified volume however currently has a status of: {volume.status}."
            )
        enqueue(ctx.db, RECONCILE, volume.id, ctx.now)

    def _native_type(self, ctx: RequestContext, volume: Volume, type_id: str) -> str | None:
        return self.clouds.native_ids.find(ctx.db, volume.cloud_id, ResourceType.VOLUME_TYPE, type_id)
