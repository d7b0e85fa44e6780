"""Attachments of volumes to servers. Compute requests them, attaches in the cloud, and reports the outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, IntegrityError
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume import events, policy, repository
from stratiform.services.volume.errors import AttachmentNotFound, DeviceInUse, InvalidVolume, VolumeNotFound
from stratiform.services.volume.model import (
    DELETABLE_STATUSES,
    REIMAGING,
    Attachment,
    AttachmentOptions,
    Volume,
    choose_device,
)
from stratiform.services.volume.model.messages import Action, Detail, Failure
from stratiform.services.volume.repository.snapshots import list_of_volume
from stratiform.services.volume.repository.snapshots import snapshots as snapshot_rows
from stratiform.services.volume.service.messages import Messages
from stratiform.services.volume.service.volume_access import get_volume

#: Statuses of operations during which a volume may stay attached.
_BACKGROUND_STATUSES = ("extending", "backing-up", "uploading", "downloading", REIMAGING)

_ROOT_DEVICE = "/dev/vda"
_DEFAULT_OPTIONS = AttachmentOptions()
_ATTACH_FAILURE = Failure(Action.ATTACH, Detail.ATTACH)


@dataclass(frozen=True, slots=True)
class Attachments:
    """Read attachments, and change them on behalf of compute."""

    ids: Ids
    messages: Messages

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
        self,
        ctx: RequestContext,
        volume_id: str,
        server_id: str,
        options: AttachmentOptions = _DEFAULT_OPTIONS,
        *,
        with_server: bool = False,
    ) -> Attachment:
        """Reserve an available volume for a server. `with_server`: or a volume that is created together with it.

        Compute attaches it and calls `complete_attach`, or `complete_detach` if that fails.
        The caller locks the server, and ensures that both are in the same cloud (`Volume.cloud_id`).
        Raises VolumeNotFound, InvalidVolume unless it is available, DeviceInUse, InvalidInput.
        """
        volume = get_volume(ctx, policy.ATTACHMENT_CREATE, volume_id)
        if any(item.volume_id == volume_id for item in self.list_by_server(ctx.db, server_id)):
            raise InvalidVolume(f"volume {volume_id} already attached")
        device = self._choose_device(ctx.db, server_id, options)
        is_reserved = reserve(ctx, volume, "attaching")
        if not is_reserved and not (with_server and volume.status == "creating"):
            raise build_not_reservable_error(volume)
        attachment = Attachment(
            id=self.ids.uuid(),
            volume_id=volume_id,
            server_id=server_id,
            device=device,
            state="attaching",
            created_at=ctx.now,
            boot_index=options.boot_index,
            delete_on_termination=options.delete_on_termination,
            tag=options.tag,
            mode=get_default_mode(volume),
        )
        return insert_attachment(ctx.db, attachment, volume)

    def begin_swap(self, ctx: RequestContext, attachment: Attachment, new_volume_id: str) -> Attachment:
        """Reserve another volume that replaces the one of `attachment`.

        Compute swaps them and calls `complete_swap`, or `cancel_swap` if that fails.
        Raises InvalidVolume unless both are in the right status and the new one is large enough.
        """
        old = get_volume(ctx, policy.ATTACHMENT_DELETE, attachment.volume_id)
        new = get_volume(ctx, policy.ATTACHMENT_CREATE, new_volume_id)
        if new.size_gib < old.size_gib:
            raise InvalidVolume("New volume must be the same size or larger.")
        if not repository.update_in_status(ctx.db, old, ("in-use",), ctx.now, status="detaching"):
            raise build_not_detachable_error(old, attachment)
        if not repository.update_in_status(ctx.db, new, ("available",), ctx.now, status="attaching"):
            raise InvalidVolume("New volume must be detached in order to swap.")
        repository.attachments.update(ctx.db, attachment.id, state="detaching")
        replacement = replace(
            attachment,
            id=self.ids.uuid(),
            volume_id=new_volume_id,
            state="attaching",
            created_at=ctx.now,
            attached_at=None,
            replaced_id=attachment.id,
        )
        return insert_attachment(ctx.db, replacement, new)

    def complete_swap(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the cloud replaced a volume by the one of this attachment. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        if attachment is None or not attachment.replaced_id:
            return
        self.complete_detach(db, attachment.replaced_id, now)
        repository.attachments.update(db, attachment_id, replaced_id="")
        self.complete_attach(db, attachment_id, now)

    def cancel_swap(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the cloud did not replace a volume. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        if attachment is None or not attachment.replaced_id:
            return
        self.complete_detach(db, attachment_id, now)
        old = repository.attachments.find(db, attachment.replaced_id)
        if old is not None:
            repository.attachments.update(db, old.id, state="attached")
            self._set_status(db, old, "in-use", now, "")

    def update_options(self, db: Connection, attachment_id: str, *, delete_on_termination: bool) -> None:
        repository.attachments.update(db, attachment_id, delete_on_termination=delete_on_termination)

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
            raise build_not_detachable_error(volume, attachment)
        repository.attachments.update(ctx.db, attachment.id, state="detaching")
        return replace(attachment, state="detaching")

    def prepare_attach(self, db: Connection, attachment: Attachment, now: Micros) -> Volume | None:
        """Reserve the volume of an attachment that began while the volume was being created.

        Return the volume; None if it was deleted. It is ready to be attached in the statuses attaching and in-use.
        """
        volume = repository.find_volume(db, attachment.volume_id)
        if volume is None or not repository.update_in_status(db, volume, ("available",), now, status="attaching"):
            return volume
        return replace(volume, status="attaching", updated_at=now)

    def complete_attach(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the cloud attached the volume. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        if attachment is None or attachment.state != "attaching":
            return
        attachment = replace(attachment, state="attached", attached_at=now)
        repository.attachments.save(db, attachment)
        self._set_status(db, attachment, "in-use", now, events.ATTACHED)

    def fail_attach(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the cloud did not attach the volume. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        volume = None if attachment is None else repository.find_volume(db, attachment.volume_id)
        self.complete_detach(db, attachment_id, now)
        if volume is not None:
            self.messages.create(db, volume.project_id, volume.id, _ATTACH_FAILURE, now)

    def complete_detach(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the volume is not attached, or never was. Idempotent."""
        attachment = repository.attachments.find(db, attachment_id)
        if attachment is None:
            return
        repository.attachments.delete(db, repository.attachments.key == attachment_id)
        event_type = events.DETACHED if attachment.attached_at is not None else ""
        remaining = repository.list_attachments_of_volumes(db, [attachment.volume_id])
        self._set_status(db, attachment, combine_states([item.state for item in remaining]), now, event_type)

    def release(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """Record that the server of the attachment is deleted, and delete the volume if that was requested.

        As in Cinder, a volume with snapshots is not deleted. Idempotent.
        """
        attachment = repository.attachments.find(db, attachment_id)
        self.complete_detach(db, attachment_id, now)
        volume = None if attachment is None else repository.find_volume(db, attachment.volume_id)
        if attachment is None or volume is None or not attachment.delete_on_termination:
            return
        if list_of_volume(snapshot_rows, db, volume.id) or volume.group_id:
            return
        values = {"status": "deleting", "previous_status": volume.status, "terminated_at": volume.terminated_at or now}
        if repository.update_in_status(db, volume, ("creating", *DELETABLE_STATUSES), now, **values):
            enqueue(db, "volume.volume", volume.id, now)

    def report_extension(self, db: Connection, volume_id: str, now: Micros) -> None:
        """Have compute record on each server of a volume that it was extended, as Cinder's `volume-extended` does."""
        for attachment in repository.list_attachments_of_volumes(db, [volume_id]):
            if attachment.state == "attached" and not attachment.is_recorded:
                enqueue(db, "compute.extended_volume", attachment.id, now)

    def find(self, db: Connection, attachment_id: str) -> Attachment | None:
        return repository.attachments.find(db, attachment_id)

    def get_native_volume_id(self, db: Connection, volume_id: str) -> str:
        """Return the volume's id in its cloud; "" before it has one. Raises VolumeNotFound."""
        volume = repository.volumes.find(db, volume_id)
        if volume is None:
            raise VolumeNotFound(volume_id)
        return volume.native_id

    def _choose_device(self, db: Connection, server_id: str, options: AttachmentOptions) -> str:
        """Raises DeviceInUse, InvalidInput."""
        devices = {attachment.device for attachment in self.list_by_server(db, server_id)}
        default = _ROOT_DEVICE if options.boot_index == 0 else None
        device = choose_device(options.device or default, devices)
        if device in devices:
            raise DeviceInUse(device)
        return device

    def _set_status(self, db: Connection, attachment: Attachment, status: str, now: Micros, event_type: str) -> None:
        volume = repository.find_volume(db, attachment.volume_id)
        if volume is None:
            return
        if volume.status in ("attaching", "in-use", "detaching", *_BACKGROUND_STATUSES):
            volume = _with_status(db, volume, status, now)
        if event_type:
            events.append_event(db, self.ids, event_type, volume, now)


def get_default_mode(volume: Volume) -> str:
    """Return the mode of an attachment for which the client requests none."""
    return "ro" if volume.read_only else "rw"


def reserve(ctx: RequestContext, volume: Volume, status: str) -> bool:
    """Set the status of a volume that can be attached. Return False if it cannot.

    A multiattach volume can be attached while it is in use. Raises Forbidden.
    """
    if volume.multiattach and volume.status == "in-use" and volume.bootable:
        policy.MULTIATTACH_BOOTABLE.require(ctx.caller, volume.project_id)
    statuses = ("available", "in-use") if volume.multiattach else ("available",)
    return repository.update_in_status(ctx.db, volume, statuses, ctx.now, status=status)


def combine_states(states: Sequence[str]) -> str:
    """Return the status of a volume with attachments in these states, that of the most advanced one.

    Source: cinder/volume/api.py, attachment_deletion.
    """
    statuses = {"attached": "in-use", "detaching": "detaching", "attaching": "attaching", "reserved": "reserved"}
    return next((status for state, status in statuses.items() if state in states), "available")


def insert_attachment(db: Connection, attachment: Attachment, volume: Volume) -> Attachment:
    """Raises InvalidVolume if the volume has an attachment already, unless it is a multiattach volume."""
    attachment = replace(attachment, exclusive_volume_id=None if volume.multiattach else volume.id)
    try:
        return repository.attachments.insert(db, attachment)
    except IntegrityError as error:
        raise build_not_reservable_error(volume) from error


def build_not_reservable_error(volume: Volume) -> InvalidVolume:
    """Return Cinder's error for a volume that cannot be attached."""
    expected = "available or in-use or downloading" if volume.multiattach else "available or downloading"
    return InvalidVolume(
        f"Volume {volume.id} status must be {expected} to reserve, but the current status is {volume.status}."
    )


def build_not_detachable_error(volume: Volume, attachment: Attachment | None) -> InvalidVolume:
    """Return Cinder's error for a volume that cannot be detached."""
    state = "detached" if attachment is None else attachment.state
    return InvalidVolume(
        f"Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' "
        f"to detach. Currently: status: '{volume.status}', attach_status: '{state}.'"
    )


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
