"""Notifications of the volume service: Cinder's unversioned notifications.

Source: cinder/volume/volume_utils.py (_usage_from_volume), and messages recorded from a real Cinder.
"""

from collections.abc import Sequence
from typing import Any

from stratiform.kit.clock import Micros, iso_naive
from stratiform.kit.db import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.outbox import Event, append
from stratiform.kit.work import enqueue
from stratiform.services.volume import repository
from stratiform.services.volume.model import Attachment, Volume

CREATED = "volume.create.end"
DELETED = "volume.delete.end"
RESIZED = "volume.resize.end"
ATTACHED = "volume.attach.end"
DETACHED = "volume.detach.end"
UPDATED = "volume.update.end"
RETYPED = "volume.retype"


def host(volume: Volume) -> str:
    """`cloud@stratiform`: where Cinder names its backend, ours names the cloud."""
    return f"{volume.cloud_name}@stratiform"


def tell(db: Connection, ids: Ids, event_type: str, volume: Volume, now: Micros) -> None:
    """Post a statement of `volume` as it is now, and wake its reader; part of the caller's transaction."""
    event = Event(
        message_id=ids.uuid(),
        event_type=event_type,
        publisher_id=f"volume.{host(volume)}",
        at=now,
        cloud=volume.cloud_name,
        payload=payload(volume, _type_name(db, volume), repository.attachments_of_volumes(db, [volume.id])),
    )
    append(db, event)
    enqueue(db, "metering.outbox", "all", now)


def payload(volume: Volume, type_name: str, attachments: Sequence[Attachment]) -> dict[str, Any]:
    """Cinder's keys; beside them `volume_type_name`, `terminated_at` and `deleted_at`, which Cinder leaves out.

    While a volume is being deleted its end isn't told: the cloud may refuse, and then its use goes on.
    """
    return {
        "tenant_id": volume.project_id,
        "host": host(volume),
        "user_id": volume.user_id,
        "availability_zone": volume.zone,
        "volume_id": volume.id,
        "volume_type": volume.type_id,
        "volume_type_name": type_name,
        "display_name": volume.name,
        "launched_at": _moment(volume.launched_at),
        "created_at": _moment(volume.created_at),
        "terminated_at": None if volume.status == "deleting" else _moment(volume.terminated_at),
        "deleted_at": _moment(volume.deleted_at),
        "status": volume.status,
        "snapshot_id": None,
        "size": volume.size_gib,
        "replication_status": None,
        "replication_extended_status": None,
        "replication_driver_data": None,
        "metadata": [{"key": key, "value": value} for key, value in sorted(volume.metadata.items())],
        "volume_attachment": [_attached(attachment) for attachment in attachments],
    }


def _type_name(db: Connection, volume: Volume) -> str:
    """Plans name types by name."""
    kind = repository.types.get(db, volume.type_id)
    return "" if kind is None else kind.name


def _attached(attachment: Attachment) -> dict[str, Any]:
    return {
        "id": attachment.id,
        "volume_id": attachment.volume_id,
        "instance_uuid": attachment.server_id,
        "attached_host": None,
        "mountpoint": attachment.device,
        "attach_time": None if attachment.attached_at is None else iso_naive(attachment.attached_at),
        "detach_time": None,
        "attach_status": attachment.state,
        "attach_mode": "rw",
    }


def _moment(us: Micros | None) -> str | None:
    return None if us is None else iso_naive(us) + "+00:00"
