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
    InvalidInput,
    InvalidVolume,
)
from stratiform.services.volume.model import Attachment, Volume
from stratiform.services.volume.service.attachments import (
    Attachments,
    build_not_detachable_error,
    build_not_reservable_error,
    combine_states,
    get_default_mode,
    insert_attachment,
    reserve,
)
from stratiform.services.volume.service.volume_access import get_volume

_MODES = ("rw", "ro")

#: Statuses that only attachments give to a volume.
_ATTACHMENT_STATUSES = ("attaching", "detaching", "reserved", "in-use")


@dataclass(frozen=True, slots=True)
class RecordedAttachments:
    """The attachments API, and the older actions `os-reserve`, `os-attach` and `os-detach` of volumes."""

    ids: Ids
    attachments: Attachments

    def create(
        self, ctx: RequestContext, volume_id: str, server_id: str, connector: Mapping[str, object], mode: str | None
    ) -> Attachment:
        """Reserve a volume for a server; with a connector, start to attach it. Raises InvalidVolume, Invalid."""
        volume = get_volume(ctx, policy.ATTACHMENT_CREATE, volume_id)
        mode = get_default_mode(volume) if mode is None else mode
        _check_mode(volume, mode)
        state = "attaching" if connector else "reserved"
        if not reserve(ctx, volume, state):
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
        if not reserve(ctx, volume, "attaching"):
            expected = "available or in-use" if volume.multiattach else "available"
            raise InvalidVolume(f"Volume status must be {expected} to reserve, but the status is {volume.status}.")

    def unreserve(self, ctx: RequestContext, volume_id: str) -> None:
        """Set a volume back from `attaching` to the status of its attachments. Raises AttachedByCompute."""
        volume = get_volume(ctx, policy.VOLUME_UNRESERVE, volume_id)
        attachments = _list_own(ctx, volume)
        if not any(attachment.state == "attaching" for attachment in attachments):
            status = combine_states([attachment.state for attachment in attachments])
            repository.update_in_status(ctx.db, volume, ("attaching",), ctx.now, status=status)

    def begin_detaching(self, ctx: RequestContext, volume_id: str) -> None:
        """Raises InvalidVolume unless the volume is in use, AttachedByCompute."""
        volume = get_volume(ctx, policy.VOLUME_BEGIN_DETACHING, volume_id)
        attachments = _list_own(ctx, volume)
        if not repository.update_in_status(ctx.db, volume, ("in-use",), ctx.now, status="detaching"):
            raise build_not_detachable_error(volume, next(iter(attachments), None))

    def roll_detaching(self, ctx: RequestContext, volume_id: str) -> None:
        """Cancel `begin_detaching`. Raises AttachedByCompute."""
        volume = get_volume(ctx, policy.VOLUME_ROLL_DETACHING, volume_id)
        _list_own(ctx, volume)
        repository.update_in_status(ctx.db, volume, ("detaching",), ctx.now, status="in-use")

    def attach(self, ctx: RequestContext, volume_id: str, *, server_id: str, host: str, device: str, mode: str) -> None:
        """Record that a volume is attached to a server or a host. Raises Invalid, InvalidVolume."""
        volume = get_volume(ctx, policy.VOLUME_ATTACH, volume_id)
        if bool(server_id) == bool(host):
            raise Invalid("Invalid request to attach volume to an invalid target")
        _check_mode(volume, mode)
        is_reserved = repository.update_in_status(ctx.db, volume, ("attaching",), ctx.now, status="attaching")
        if not is_reserved and not reserve(ctx, volume, "attaching"):
            raise InvalidVolume(f"Volume {volume_id} status must be available to attach, but is {volume.status}.")
        attachment = self._build(ctx, volume_id, server_id, "attaching", mode)
        insert_attachment(ctx.db, replace(attachment, host=host, device=device), volume)
        self.attachments.complete_attach(ctx.db, attachment.id, ctx.now)

    def detach(self, ctx: RequestContext, volume_id: str, attachment_id: str | None, *, force: bool = False) -> None:
        """End the attachment of a volume. `force` (operators) accepts any status of the volume.

        As in Cinder, a volume that is not attached becomes available, and an unknown attachment is ignored.
        Raises: InvalidVolume if there are several attachments, AttachedByCompute.
        """
        volume = get_volume(ctx, policy.VOLUME_FORCE_DETACH if force else policy.VOLUME_DETACH, volume_id)
        attachments = repository.list_attachments_of_volumes(ctx.db, [volume.id])
        if not attachments:
            repository.update_in_status(ctx.db, volume, _ATTACHMENT_STATUSES, ctx.now, status="available")
        if attachment_id is not None:
            attachments = [attachment for attachment in attachments if attachment.id == attachment_id]
        if len(attachments) > 1:
            raise InvalidVolume("Detach volume failed: More than one attachment, but no attachment_id provided.")
        _check_recorded(attachments)
        for attachment in attachments:
            self._end(ctx, attachment.id, volume, force=force)

    def initialize_connection(self, ctx: RequestContext, volume_id: str) -> None:
        """Raises InvalidVolume, InvalidInput: no host outside of a cloud can connect to a volume in it."""
        volume = get_volume(ctx, policy.VOLUME_INITIALIZE_CONNECTION, volume_id)
        if volume.status == "maintenance":
            raise InvalidVolume("The volume connection cannot be initialized in maintenance mode.")
        raise InvalidInput(
            f"Volume {volume_id} is in cloud {volume.cloud_name}, whose volumes have no connections for hosts. "
            "Attach the volume to a server with the Compute API."
        )

    def terminate_connection(self, ctx: RequestContext, volume_id: str) -> None:
        """Succeed without effect, as with Cinder's drivers: nothing is connected."""
        get_volume(ctx, policy.VOLUME_TERMINATE_CONNECTION, volume_id)

    def _end(self, ctx: RequestContext, attachment_id: str, volume: Volume, *, force: bool = False) -> None:
        self.attachments.complete_detach(ctx.db, attachment_id, ctx.now)
        remaining = repository.list_attachments_of_volumes(ctx.db, [volume.id])
        status = combine_states([attachment.state for attachment in remaining])
        statuses = ("reserved", "error") if force else ("reserved",)
        repository.update_in_status(ctx.db, volume, statuses, ctx.now, status=status)

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
        _check_recorded([attachment])
        return attachment, volume


def _list_own(ctx: RequestContext, volume: Volume) -> Sequence[Attachment]:
    """Return the attachments of a volume. Raises AttachedByCompute if one of them is that of a server."""
    attachments = repository.list_attachments_of_volumes(ctx.db, [volume.id])
    _check_recorded(attachments)
    return attachments


def _check_recorded(attachments: Sequence[Attachment]) -> None:
    for attachment in attachments:
        if not attachment.is_recorded:
            raise AttachedByCompute(attachment.server_id)


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
