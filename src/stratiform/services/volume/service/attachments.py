"""Volumes at servers: the intent, and what compute's background work learns of it."""

from collections.abc import Sequence
from dataclasses import replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection, IntegrityError
from stratiform.services.volume import events, repository
from stratiform.services.volume.errors import AttachmentNotFound, DeviceInUse, InvalidVolume
from stratiform.services.volume.model import Attachment, Volume, device_name
from stratiform.services.volume.policy import policy
from stratiform.services.volume.service.parts import Parts, require_visible, seen


class Attachments(Parts):
    """Compute calls these; it attaches in the cloud itself."""

    __slots__ = ()

    def attachments_of(self, db: Connection, server_id: str) -> list[Attachment]:
        """What is at a server, or on its way there or away, oldest first."""
        return repository.attachments_of_servers(db, [server_id])

    def attachments_by_server(self, db: Connection, server_ids: Sequence[str]) -> dict[str, list[Attachment]]:
        """The same for many servers at once; each of them is a key."""
        found: dict[str, list[Attachment]] = {server_id: [] for server_id in server_ids}
        for attachment in repository.attachments_of_servers(db, list(found)):
            found[attachment.server_id].append(attachment)
        return found

    def attachments_by_volume(self, db: Connection, volume_ids: Sequence[str]) -> dict[str, list[Attachment]]:
        """What each volume is attached to; each of them is a key."""
        found: dict[str, list[Attachment]] = {volume_id: [] for volume_id in volume_ids}
        for attachment in repository.attachments_of_volumes(db, list(found)):
            found[attachment.volume_id].append(attachment)
        return found

    def attachments(self, ctx: RequestContext, *, all_projects: bool = False) -> list[Attachment]:
        """The project's attachments; everyone's for an operator who asks for them."""
        policy.require(ctx.caller, "volume:get_all", ctx.caller.project_id)
        everyone = all_projects and ctx.caller.is_admin
        return repository.attachments_in_projects(ctx.db, None if everyone else ctx.caller.project())

    def attachment(self, ctx: RequestContext, attachment_id: str) -> Attachment:
        """Raises AttachmentNotFound, also to strangers."""
        found = repository.attachments.get(ctx.db, attachment_id)
        volume = None if found is None else repository.live(ctx.db, found.volume_id)
        if found is None or volume is None:
            raise AttachmentNotFound(attachment_id)
        require_visible(ctx, volume, "volume:get", AttachmentNotFound(attachment_id))
        return found

    def begin_attach(
        self, ctx: RequestContext, volume_id: str, server_id: str, device: str | None = None
    ) -> Attachment:
        """Take an available volume for a server; compute then attaches it and tells `attached` or `detached`.

        The caller sees to it that volume and server are in one cloud (`Volume.cloud_id`).
        Raises VolumeNotFound, InvalidVolume where it isn't available, DeviceInUse, InvalidInput.
        """
        volume = seen(ctx, volume_id, "volume:attachment_create")
        taken = {other.device for other in self.attachments_of(ctx.db, server_id)}
        chosen = device_name(device, taken)
        if chosen in taken:
            raise DeviceInUse(chosen)
        if not repository.move(ctx.db, volume, ("available",), ctx.now, status="attaching"):
            raise InvalidVolume(
                f"Volume {volume_id} status must be available or downloading to reserve, "
                f"but the current status is {volume.status}."
            )
        attachment = Attachment(self.ids.uuid(), volume_id, server_id, chosen, "attaching", ctx.now)
        try:
            return repository.attachments.insert(ctx.db, attachment)
        except IntegrityError as error:
            raise DeviceInUse(chosen) from error

    def begin_detach(self, ctx: RequestContext, volume_id: str, server_id: str) -> Attachment:
        """Mark an attached volume as on its way off; compute then detaches it and tells `detached`.

        Raises VolumeNotFound, AttachmentNotFound where it isn't at this server, InvalidVolume where it is not in use.
        """
        volume = seen(ctx, volume_id, "volume:attachment_delete")
        attachment = next((a for a in self.attachments_of(ctx.db, server_id) if a.volume_id == volume_id), None)
        if attachment is None:
            raise AttachmentNotFound(volume_id)
        if not repository.move(ctx.db, volume, ("in-use",), ctx.now, status="detaching"):
            raise InvalidVolume(
                f"Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' "
                f"to detach. Currently: status: '{volume.status}', attach_status: '{attachment.state}.'"
            )
        repository.attachments.change(ctx.db, attachment.id, state="detaching")
        return replace(attachment, state="detaching")

    def attached(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """The cloud has attached it. Saying so twice is saying it once."""
        attachment = repository.attachments.get(db, attachment_id)
        if attachment is None or attachment.state != "attaching":
            return
        attachment = replace(attachment, state="attached", attached_at=now)
        repository.attachments.save(db, attachment)
        self._now(db, attachment, "in-use", now, events.ATTACHED)

    def detached(self, db: Connection, attachment_id: str, now: Micros) -> None:
        """The volume is off the server, or never came on it. Saying so twice is saying it once."""
        attachment = repository.attachments.get(db, attachment_id)
        if attachment is None:
            return
        repository.attachments.delete(db, repository.attachments.key == attachment_id)
        told = events.DETACHED if attachment.attached_at is not None else ""
        self._now(db, attachment, "available", now, told)

    def native_id(self, db: Connection, volume_id: str) -> str:
        """The disk's id in its cloud; "" where there is none yet. Raises InvalidVolume where there is no volume."""
        volume = repository.volumes.get(db, volume_id)
        if volume is None:
            raise InvalidVolume(f"Volume {volume_id} is not known.")
        return volume.native_id

    def _now(self, db: Connection, attachment: Attachment, status: str, now: Micros, told: str) -> None:
        volume = repository.live(db, attachment.volume_id)
        if volume is None:
            return
        if volume.status in ("attaching", "in-use", "detaching", "extending"):
            volume = _with(db, volume, status, now)
        if told:
            events.tell(db, self.ids, told, volume, now)


def _with(db: Connection, volume: Volume, status: str, now: Micros) -> Volume:
    """An extend that is under way keeps its status, and goes back to the new one when it is done."""
    if volume.status == "extending":
        changed = replace(volume, previous_status=status, updated_at=now)
    else:
        changed = replace(volume, status=status, updated_at=now)
    repository.volumes.change(
        db, volume.id, status=changed.status, previous_status=changed.previous_status, updated_at=now
    )
    return changed
