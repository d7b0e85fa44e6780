"""Attachments of volumes to servers.

Source: Compute API, "Servers with volume attachments".
"""

from typing import TYPE_CHECKING

import msgspec

from stratiform.connectors.openstack.volume import Volume, get_volume
from stratiform.contract.errors import NativeNotFound, RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class _Attachment(msgspec.Struct, frozen=True):
    volume_id: str = msgspec.field(name="volumeId")


def attach_volume(client: "Client", server_id: str, volume_id: str, device: str) -> None:
    """Attach a volume. Raises: CloudUnreachable until the attachment is complete: Nova detaches no other one."""
    if volume_id not in _list_volume_ids(client, server_id):
        attachment = {"volumeId": volume_id, **({"device": device} if device else {})}
        client.request("compute", "POST", _path(server_id), {"volumeAttachment": attachment})
    client.read_until(
        lambda: get_volume(client, volume_id),
        # Cinder only reserves the volume of a server without a host.
        lambda volume: volume.status == "reserved" or _is_attached(volume, server_id),
        f"volume {volume_id} is not attached to server {server_id} yet",
    )


def detach_volume(client: "Client", server_id: str, volume_id: str) -> None:
    """Detach a volume; succeeds if it is not attached. Raises: RequestRejected, CloudUnreachable until it is."""
    try:
        if volume_id not in _list_volume_ids(client, server_id):
            return
        _request_detach(client, server_id, volume_id)
        client.read_until(
            lambda: get_volume(client, volume_id),
            lambda volume: not _is_attached(volume, server_id),
            f"volume {volume_id} is not detached from server {server_id} yet",
        )
    except NativeNotFound:
        return


def _request_detach(client: "Client", server_id: str, volume_id: str) -> None:
    """Request to detach a volume, unless an earlier request is in progress."""
    try:
        client.request("compute", "DELETE", f"{_path(server_id)}/{volume_id}")
    except RequestRejected:
        if get_volume(client, volume_id).status != "detaching":
            raise


def _is_attached(volume: Volume, server_id: str) -> bool:
    return any(attachment.server_id == server_id for attachment in volume.attachments)


def _list_volume_ids(client: "Client", server_id: str) -> list[str]:
    attachments = client.fetch("compute", _path(server_id), "volumeAttachments", list[_Attachment])
    return [attachment.volume_id for attachment in attachments]


def _path(server_id: str) -> str:
    return f"/servers/{server_id}/os-volume_attachments"
