"""Attachments that clients record through the Block Storage API.

A record changes the status of the volume, and attaches nothing in its cloud: compute does that. As in Cinder, compute's
own attachments can be ended by compute only. Source: cinder/volume/api.py and cinder/api/v3/attachments.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Rule
from stratiform.services.volume import policy, repository
from stratiform.services.volume.errors import (
    AttachedByCompute,
    AttachmentNotFound,
    InvalidInput,
    InvalidVolume,
)
from stratiform.services.volume.model import Attachment, Volume
from stratiform.services.volume.service.attachments import (
    Attachments,
    build_not_detachable_error,
    build_not_reservable_error,
    insert_attachment,
)
from stratiform.services.volume.service.volume_access import get_volume

_MODES = ("rw", "ro")


@dataclass(frozen=True, slots=True)
class RecordedAttachments:
    """The attachments API, and the older actions `os-reserve`, `os-attach` and `os-detach` of volumes."""

    ids: Ids
    attachments: Attachments

    def create(
        self, ctx: RequestContext, volume_id: str, server_id: str, connector: Mapping[str, object], mode: str
    ) -> Attachment:
        """Reserve a volume for a server; with a connector, start to attach it. Raises InvalidVolume, Invalid."""
        volume = get_volume(ctx, policy.ATTACHMENT_CREATE, volume_id)
        _check_mode(volume, mode)
        state = "attaching" if connector else "reserved"
        if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, status=state):
            raise build_not_reservable_error(volume)
        attachment = self._build(ctx, volume_id, server_id, state, mode)
        return insert_attachment(ctx.db, replace(attachment, **_connector_fields(connector)), volume)

    def update(self, ctx: RequestContext, attachment_id: str, connector: Mapping[str, object]) -> Attachment:
        """Add the connector of the host that the volume is attached to. Raises AttachmentNotFound, InvalidInput."""
        attachment, volume = self._get_own(ctx, policy.ATTACHMENT_UPDATE, attachment_id)
        if not connector:
            raise InvalidInput("Connector is required to update an attachment.")
        if attachment.state == "attached":
            raise InvalidVolume(f"Attachment {attachment_id} is complete already.")
        repository.update_in_status(ctx.db, volume, ("reserved",), ctx.now, status="attaching")
        updated = replace(attachment, state="attaching", **_connector_fields(connector))
        return repository.attachments.save(ctx.db, updated)

    def complete(self, ctx: RequestContext, attachment_id: str) -> None:
        """Record that the volume is attached. Raises AttachmentNotFound, InvalidVolume unless it is attaching."""
        attachment, _volume = self._get_own(ctx, policy.ATTACHMENT_COMPLETE, attachment_id)
        if attachment.state != "attaching":
            raise InvalidVolume(f"Attachment {attachment_id} is {attachment.state}, expected attaching.")
        self.attachments.complete_attach(ctx.db, attachment_id, ctx.now)

    def delete(self, ctx: RequestContext, attachment_id: str) -> Sequence[Attachment]:
        """End an attachment. Return the remaining ones of the volume. Raises AttachmentNotFound, AttachedByCompute."""
        _attachment, volume = self._get_own(ctx, policy.ATTACHMENT_DELETE, attachment_id)
        self._end(ctx, attachment_id, volume)
        return repository.list_attachments_of_volumes(ctx.db, [volume.id])

    def reserve(self, ctx: RequestContext, volume_id: str) -> None:
        """Set a volume to `attaching`, without an attachment. Raises InvalidVolume."""
        volume = get_volume(ctx, policy.VOLUME_RESERVE, volume_id)
        if not repository.update_in_status(ctx.db, volume, ("available",), ctx.now, status="attaching"):
            raise InvalidVolume("Volume status must be available to reserve.")

    def unreserve(self, ctx: RequestContext, volume_id: str) -> None:
        """Set a volume without an attachment back from `attaching` to `available`. Raises AttachedByCompute."""
        volume = get_volume(ctx, policy.VOLUME_UNRESERVE, volume_id)
        if self._find_own(ctx, volume) is None:
            repository.update_in_status(ctx.db, volume, ("attaching",), ctx.now, status="available")

    def begin_detaching(self, ctx: RequestContext, volume_id: str) -> None:
        """Raises InvalidVolume unless the volume is in use, AttachedByCompute."""
        volume = get_volume(ctx, policy.VOLUME_BEGIN_DETACHING, volume_id)
        attachment = self._find_own(ctx, volume)
        if not repository.update_in_status(ctx.db, volume, ("in-use",), ctx.now, status="detaching"):
            raise build_not_detachable_error(volume, attachment)

    def roll_detaching(self, ctx: RequestContext, volume_id: str) -> None:
        """Cancel `begin_detaching`. Raises AttachedByCompute."""
        volume = get_volume(ctx, policy.VOLUME_ROLL_DETACHING, volume_id)
        self._find_own(ctx, volume)
        repository.update_in_status(ctx.db, volume, ("detaching",), ctx.now, status="in-use")

    def attach(self, ctx: RequestContext, volume_id: str, *, server_id: str, host: str, device: str, mode: str) -> None:
        """Record that a volume is attached to a server or a host. Raises Invalid, InvalidVolume."""
        volume = get_volume(ctx, policy.VOLUME_ATTACH, volume_id)
        if bool(server_id) == bool(host):
            raise Invalid("Invalid request to attach volume to an invalid target")
        _check_mode(volume, mode)
        if not repository.update_in_status(ctx.db, volume, ("available", "attaching"), ctx.now, status="attaching"):
            raise InvalidVolume(f"Volume {volume_id} status must be available to attach, but is {volume.status}.")
        attachment = self._build(ctx, volume_id, server_id, "attaching", mode)
        insert_attachment(ctx.db, replace(attachment, host=host, device=device), volume)
        self.attachments.complete_attach(ctx.db, attachment.id, ctx.now)

    def detach(self, ctx: RequestContext, volume_id: str, attachment_id: str | None, *, force: bool = False) -> None:
        """End the attachment of a volume. `force` (operators) accepts any status of the volume.

        Raises: AttachmentNotFound, InvalidVolume if it is not attached, AttachedByCompute.
        """
        volume = get_volume(ctx, policy.VOLUME_FORCE_DETACH if force else policy.VOLUME_DETACH, volume_id)
        attachment = self._find_own(ctx, volume)
        if attachment is None:
            raise build_not_detachable_error(volume, None)
        if attachment_id is not None and attachment_id != attachment.id:
            raise AttachmentNotFound(attachment_id)
        self._end(ctx, attachment.id, volume, force=force)

    def _end(self, ctx: RequestContext, attachment_id: str, volume: Volume, *, force: bool = False) -> None:
        self.attachments.complete_detach(ctx.db, attachment_id, ctx.now)
        statuses = ("reserved", "error") if force else ("reserved",)
        repository.update_in_status(ctx.db, volume, statuses, ctx.now, status="available")

    def _build(self, ctx: RequestContext, volume_id: str, server_id: str, state: str, mode: str) -> Attachment:
        return Attachment(
            id=self.ids.uuid(),
            volume_id=volume_id,
            server_id=server_id,
            device="",
            state=state,
            created_at=ctx.now,
            mode=mode,
            is_recorded=True,
        )

    def _get_own(self, ctx: RequestContext, rule: Rule, attachment_id: str) -> tuple[Attachment, Volume]:
        """Return an attachment that a client recorded. Raises AttachmentNotFound, AttachedByCompute."""
        attachment = self.attachments.get(ctx, attachment_id)
        volume = get_volume(ctx, rule, attachment.volume_id)
        if not attachment.is_recorded:
            raise AttachedByCompute(attachment.server_id)
        return attachment, volume

    def _find_own(self, ctx: RequestContext, volume: Volume) -> Attachment | None:
        """Return the attachment of a volume, or None. Raises AttachedByCompute."""
        for attachment in repository.list_attachments_of_volumes(ctx.db, [volume.id]):
            if not attachment.is_recorded:
                raise AttachedByCompute(attachment.server_id)
            return attachment
        return None


def _check_mode(volume: Volume, mode: str) -> None:
    if mode not in _MODES:
        raise Invalid("Invalid request to attach volume with an invalid mode. Attaching mode should be 'rw' or 'ro'")
    if volume.read_only and mode == "rw":
        raise InvalidVolume(f"Invalid attaching mode '{mode}' for volume {volume.id}.")


def _connector_fields(connector: Mapping[str, object]) -> dict[str, Any]:
    """Return the fields of an attachment that a connector determines."""
    if not connector:
        return {}
    texts = {key: str(value) for key, value in connector.items()}
    return {"connector": texts, "host": texts.get("host", ""), "device": texts.get("mountpoint", "")}
