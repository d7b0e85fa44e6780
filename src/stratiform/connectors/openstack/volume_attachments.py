"""Attachments of volumes to servers.

Source: Compute API, "Servers with volume attachments".
"""

from typing import TYPE_CHECKING

import msgspec

from stratiform.contract.errors import NativeNotFound, RequestRejected

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client


class _Attachment(msgspec.Struct, frozen=True):
    volume_id: str = msgspec.field(name="volumeId")


class _VolumeStatus(msgspec.Struct, frozen=True):
    status: str


def attach_volume(client: "Client", server_id: str, volume_id: str, device: str) -> None:
    """Attach a volume unless it is attached already, or about to be."""
    if volume_id in _list_volume_ids(client, server_id):
        return
    attachment = {"volumeId": volume_id, **({"device": device} if device else {})}
    client.request("compute", "POST", _path(server_id), {"volumeAttachment": attachment})


def detach_volume(client: "Client", server_id: str, volume_id: str) -> None:
    """Detach a volume; succeeds if it is not attached, or about to be detached. Raises: RequestRejected."""
    try:
        if volume_id in _list_volume_ids(client, server_id):
            client.request("compute", "DELETE", f"{_path(server_id)}/{volume_id}")
    except NativeNotFound:
        return
    except RequestRejected:
        if not _is_detaching(client, volume_id):
            raise


def _list_volume_ids(client: "Client", server_id: str) -> list[str]:
    attachments = client.fetch("compute", _path(server_id), "volumeAttachments", list[_Attachment])
    return [attachment.volume_id for attachment in attachments]


def _is_detaching(client: "Client", volume_id: str) -> bool:
    volume = client.fetch("block-storage", f"/volumes/{volume_id}", "volume", _VolumeStatus)
    return volume.status == "detaching"


def _path(server_id: str) -> str:
    return f"/servers/{server_id}/os-volume_attachments"
