"""Volume attachments of servers. Source: Compute API reference, "Servers with volume attachments"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidServerState, VolumeAttachmentNotFound
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.model.vm_states import SHELVED, SHELVED_OFFLOADED
from stratiform.services.compute.service.action_table import (
    ATTACH_VOLUME,
    DETACH_VOLUME,
    SWAP_VOLUME,
    ServerAction,
)
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.compute.service.server_transitions import (
    apply_action,
    get_server_for_action,
    get_server_for_supported_action,
)
from stratiform.services.volume.errors import InvalidVolume, VolumeNotFound
from stratiform.services.volume.model import Attachment, AttachmentOptions, Volume
from stratiform.services.volume.service import VolumeService


@dataclass(frozen=True, slots=True)
class VolumeAttachments:
    """Operations of `/servers/{server_id}/os-volume_attachments`."""

    ids: Ids
    clouds: CloudsService
    volume: VolumeService

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[Attachment]:
        """Raises ServerNotFound, Forbidden."""
        server = get_server(ctx, policy.VOLUME_ATTACHMENTS_LIST, server_id)
        return self.volume.attachments.list_by_server(ctx.db, server.id)

    def get(self, ctx: RequestContext, server_id: str, volume_id: str) -> Attachment:
        """Raises ServerNotFound, Forbidden, VolumeAttachmentNotFound."""
        return self._get(ctx, get_server(ctx, policy.VOLUME_ATTACHMENTS_SHOW, server_id), volume_id)

    def attach(
        self,
        ctx: RequestContext,
        server_id: str,
        volume_id: str,
        options: AttachmentOptions,
        *,
        allow_multiattach: bool = True,
        allow_shelved: bool = True,
    ) -> Attachment:
        """Start to attach a volume. One of a shelved server is attached in the cloud when that is unshelved.

        `allow_multiattach`: also a multiattach volume (microversion 2.60).
        `allow_shelved`: also to a shelved server (microversion 2.20).
        Raises VolumeNotFound; Invalid for a volume in another zone or not available.
        """
        server = _get_server(ctx, ATTACH_VOLUME, server_id, allow_shelved=allow_shelved)
        volume = get_attachable_volume(self.volume, ctx, server, volume_id)
        check_multiattach(volume, allow_multiattach=allow_multiattach)
        if server.vm_state == SHELVED_OFFLOADED:
            _check_offloaded(volume, options)
        attachment = self.volume.attachments.begin_attach(ctx, volume_id, server_id, options)
        apply_action(ctx, self.ids, ATTACH_VOLUME, server)
        return attachment

    def get_for_update(self, ctx: RequestContext, server_id: str, volume_id: str) -> Attachment:
        """Return an attachment that the caller may change. Raises ServerNotFound, VolumeAttachmentNotFound."""
        return self._get(ctx, get_server(ctx, policy.VOLUME_ATTACHMENTS_UPDATE, server_id), volume_id)

    def update(self, ctx: RequestContext, attachment: Attachment, *, delete_on_termination: bool) -> None:
        """Change whether the volume is deleted together with the server."""
        self.volume.attachments.update_options(ctx.db, attachment.id, delete_on_termination=delete_on_termination)

    def swap(self, ctx: RequestContext, server_id: str, volume_id: str, new_volume_id: str) -> Attachment:
        """Start to replace an attached volume by another one, with a copy of its data.

        Raises VolumeAttachmentNotFound, VolumeNotFound, InvalidVolume; Conflict for a multiattach volume, which Nova
        swaps for Cinder's migrations only; UnsupportedOperation if the cloud cannot do it.
        """
        server = get_server_for_supported_action(ctx, self.clouds, SWAP_VOLUME, server_id)
        attachment = self._get(ctx, server, volume_id)
        if attachment.state != "attached":
            raise InvalidVolume("Old volume must be attached in order to swap.")
        if self.volume.volumes.get(ctx, volume_id).multiattach:
            raise Conflict(f"volume {volume_id} is not migrating this api should only be called by Cinder")
        get_attachable_volume(self.volume, ctx, server, new_volume_id)
        replacement = self.volume.attachments.begin_swap(ctx, attachment, new_volume_id)
        apply_action(ctx, self.ids, SWAP_VOLUME, server)
        return replacement

    def detach(self, ctx: RequestContext, server_id: str, volume_id: str, *, allow_shelved: bool = True) -> None:
        """Start to detach a volume. `allow_shelved`: also from a shelved server (microversion 2.20).

        Raises VolumeAttachmentNotFound; Conflict unless it is attached; Forbidden for the root disk.
        """
        server = _get_server(ctx, DETACH_VOLUME, server_id, allow_shelved=allow_shelved)
        attachment = self._get(ctx, server, volume_id)
        if attachment.is_root:
            raise Forbidden("Cannot detach a root device volume")
        if attachment.state != "attached":
            raise Conflict(
                f"Invalid volume: the attachment of volume {volume_id} to instance {server_id} is {attachment.state}."
            )
        self.volume.attachments.begin_detach(ctx, volume_id, server_id)
        apply_action(ctx, self.ids, DETACH_VOLUME, server)

    def _get(self, ctx: RequestContext, server: Server, volume_id: str) -> Attachment:
        for attachment in self.volume.attachments.list_by_server(ctx.db, server.id):
            if attachment.volume_id == volume_id:
                return attachment
        raise VolumeAttachmentNotFound(server.id, volume_id)


def _get_server(ctx: RequestContext, action: ServerAction, server_id: str, *, allow_shelved: bool) -> Server:
    """As `get_server_for_action`. Raises InvalidServerState for a shelved server unless `allow_shelved`."""
    server = get_server_for_action(ctx, action, server_id)
    if server.vm_state in (SHELVED, SHELVED_OFFLOADED) and not allow_shelved:
        raise InvalidServerState(action.name, server.id, "vm_state", server.vm_state)
    return server


def _check_offloaded(volume: Volume, options: AttachmentOptions) -> None:
    """Raises Invalid, with Nova's text, for what a server without a host cannot have."""
    if options.tag is not None:
        raise Invalid("Attaching tagged volumes is not supported for shelved-offloaded instances.")
    if volume.multiattach:
        raise Invalid("Attaching multiattach volumes is not supported for shelved-offloaded instances.")


def check_multiattach(volume: Volume, *, allow_multiattach: bool) -> None:
    """Raises Invalid, with Nova's text, for a multiattach volume in an earlier microversion."""
    if volume.multiattach and not allow_multiattach:
        raise Invalid("Multiattach volumes are only supported starting with compute API version 2.60.")


def get_attachable_volume(volumes: VolumeService, ctx: RequestContext, server: Server, volume_id: str) -> Volume:
    """Return a volume of the server's project, cloud and zone. Raises VolumeNotFound; Invalid for another zone."""
    volume = volumes.volumes.get(ctx, volume_id)
    if volume.project_id != server.project_id:
        raise VolumeNotFound(volume_id)
    if (volume.cloud_id, volume.native_zone) != (server.cloud_id, server.native_zone):
        raise Invalid(
            f"Invalid volume: Instance {server.id} and volume {volume_id} are not in the same availability_zone. "
            f"Instance is in {server.zone}. Volume is in {volume.zone}"
        )
    return volume
