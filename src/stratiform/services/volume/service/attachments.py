"""Attachments of volumes to servers. Compute requests them, attaches in the cloud, and reports the outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, IntegrityError
from stratiform.kit.ids import Ids
from stratiform.services.volume import events, policy, repository
from stratiform.services.volume.errors import AttachmentNotFound, DeviceInUse, InvalidVolume, VolumeNotFound
from stratiform.services.volume.model import Attachment, Volume, choose_device
from stratiform.services.volume.service.volume_access import get_volume

#: Statuses of operations during which a volume may stay attached.
_BACKGROUND_STATUSES = ("extending", "backing-up", "uploading")


@dataclass(frozen=True, slots=True)
class Attachments:
    """Read attachments, and change them on behalf of compute."""

    ids: Ids

    def get(self, ctx: RequestContext, attachment_id: str) -> Attachment:
        """Raises AttachmentNotFound, also for another project's attachment."""
        attachment = repository.attachments.find(ctx.db, attachment_id)
        volume = None if attachment is None else repository.find_volume(ctx.db, attachment.volume_id)
        if attachment is None or volume is None:
            raise AttachmentNotFound(attachment_id)
        policy.VOLUME_GET.require_visible(ctx.caller, volume.project_id, AttachmentNotFound(attachment_id))
        return attachment

    def list(self, ctx: RequestContext, *, all_projects: bool = False) -> Sequence[Attachment]:
        """List the project's attachments; `all_projects` has an effect for operators only."""
        policy.VOLUME_GET_ALL.require(ctx.caller, ctx.caller.project_id)
        unscoped = all_projects and ctx.caller.is_admin
        return repository.list_attachments_of_project(ctx.db, None if unscoped else ctx.caller.require_project_id())

    def list_by_server(self, db: Connection, server_id: str) -> Sequence[Attachment]:
        """List the attachments of a server, also those in transition, oldest first."""
        return repository.list_attachments_of_servers(db, [server_id])

    def group_by_server(self, db: Connection, server_ids: Sequence[str]) -> Mapping[str, Sequence[Attachment]]:
        """Return the attachments of each server."""
        groups: dict[str, list[Attachment]] = {server_id: [] for server_id in server_ids}
        for attachment in repository.list_attachments_of_servers(db, server_ids):
            groups[attachment.server_id].append(attachment)
        return groups

    def group_by_volume(self, db: Connection, volume_ids: Sequence[str]) -> Mapping[str, Sequence[Attachment]]:
        """Return the attachments of each volume."""
        groups: dict[str, list[Attachment]] = {volume_id: [] for volume_id in volume_ids}
        for attachment in repository.list_attachments_of_volumes(db, volume_ids):
            groups[attachment.volume_id].append(attachment)
        return groups

    def begin_attach(
        self, ctx: RequestContext, volume_id: str, server_id: str, device: str | None = None
    ) -> Attachment:
        """Reserve an available volume for a server.

        Compute attaches it and calls `complete_attach`, or `complete_detach` if that fails.
        The caller ensures that volume and server are in the same cloud (`Volume.cloud_id`).
        Raises VolumeNotFound, InvalidVolume unless it is available, DeviceInUse, InvalidInput.
        """
        volume = get_volume(ctx, policy.ATTACHMENT_CREATE, volume_id)
        devices = {attachment.device for attachment in self.list_by_server(ctx.db, server_id)}
        device = choose_device(device, devices)
        if device in devices:
            raise DeviceInUse(device)
        if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, status="attaching"):
            raise InvalidVolume(
                f"Volume {volume_id} status must be available or downloading to reserve, "
                f"but the current status is {volume.status}."
            )
        attachment = Attachment(self.ids.uuid(), volume_id, server_id, device, "attaching", ctx.now)
        try:
            return repository.attachments.insert(ctx.db, attachment)
        except IntegrityError as error:
            raise DeviceInUse(device) from error

    def begin_detach(self, ctx: RequestContext, volume_id: str, server_id: str) -> Attachment:
        """Start to detach a volume; compute detaches it and calls `complete_detach`.

        Raises VolumeNotFound, AttachmentNotFound, InvalidVolume unless the volume is in use.
        """
        volume = get_volume(ctx, policy.ATTACHMENT_DELETE, volume_id)
        attachments = self.list_by_server(ctx.db, server_id)
        attachment = next((attachment for attachment in attachments if attachment.volume_id == volume_id), None)
        if attachment is None:
            raise AttachmentNotFound(volume_id)
        if not repository.update_in_status(ctx.db, volume, ("in-use",), ctx.now, status="detaching"):
            raise InvalidVolume(
                f"Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' "
                f"to detach. Currently: status: '{volume.status}', attach_status: '{attachment.state}.'"
            )
        repository.attachments.update(ctx.db, attachment.id, state="detaching")
        return replace(attachment, state="detaching")

    def complete_attach(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the cloud attached the volume. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        if attachment is None or attachment.state != "attaching":
            return
        attachment = replace(attachment, state="attached", attached_at=now)
        repository.attachments.save(db, attachment)
        self._set_status(db, attachment, "in-use", now, events.ATTACHED)

    def complete_detach(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the volume is not attached, or never was. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        if attachment is None:
            return
        repository.attachments.delete(db, repository.attachments.key == attachment_id)
        event_type = events.DETACHED if attachment.attached_at is not None else ""
        self._set_status(db, attachment, "available", now, event_type)

    def get_native_volume_id(self, db: Connection, volume_id: str) -> str:
        """Return the volume's id in its cloud; "" before it has one. Raises VolumeNotFound."""
        volume = repository.volumes.find(db, volume_id)
        if volume is None:
            raise VolumeNotFound(volume_id)
        return volume.native_id

    def _set_status(self, db: Connection, attachment: Attachment, status: str, now: Micros, event_type: str) -> None:
        volume = repository.find_volume(db, attachment.volume_id)
        if volume is None:
            return
        if volume.status in ("attaching", "in-use", "detaching", *_BACKGROUND_STATUSES):
            volume = _with_status(db, volume, status, now)
        if event_type:
            events.append_event(db, self.ids, event_type, volume, now)


def _with_status(db: Connection, volume: Volume, status: str, now: Micros) -> Volume:
    """Update the status; a volume that is being extended or copied gets the new one when that is done."""
    if volume.status in _BACKGROUND_STATUSES:
        updated = replace(volume, previous_status=status, updated_at=now)
    else:
        updated = replace(volume, status=status, updated_at=now)
    repository.volumes.update(
        db, volume.id, status=updated.status, previous_status=updated.previous_status, updated_at=now
    )
    return updated
