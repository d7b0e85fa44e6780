"""Volumes and snapshots of block storage, as Nova shows them. Source: nova/api/openstack/compute/volumes.py."""

from collections.abc import Sequence

from msgspec import UNSET

from stratiform.interfaces.openstack.compute.schemas import volume_proxies as schemas
from stratiform.kit.clock import format_iso_naive
from stratiform.services.volume.model import Attachment, Snapshot, Volume


def volume(volume: Volume, type_name: str | None, attachments: Sequence[Attachment]) -> schemas.Volume:
    attached = [item for item in attachments if item.attached_at is not None and item.server_id]
    return schemas.Volume(
        id=volume.id,
        status=volume.visible_status,
        size=volume.size_gib,
        availability_zone=volume.zone,
        created_at=format_iso_naive(volume.created_at),
        attachments=[_attachment(item) for item in attached[:1]] or [schemas.ServerAttachment()],
        display_name=volume.name,
        display_description=volume.description,
        volume_type=type_name,
        snapshot_id=volume.snapshot_id or None,
        metadata=volume.metadata,
    )


def snapshot(snapshot: Snapshot) -> schemas.Snapshot:
    return schemas.Snapshot(
        id=snapshot.id,
        volume_id=snapshot.volume_id,
        status=snapshot.status,
        size=snapshot.size_gib,
        created_at=format_iso_naive(snapshot.created_at),
        display_name=snapshot.name,
        display_description=snapshot.description,
    )


def _attachment(attachment: Attachment) -> schemas.ServerAttachment:
    """As in Nova, the id of an attachment is that of its volume."""
    return schemas.ServerAttachment(
        id=attachment.volume_id,
        volume_id=attachment.volume_id,
        server_id=attachment.server_id,
        device=attachment.device or UNSET,
    )
