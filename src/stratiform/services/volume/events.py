"""Events for the usage ledger: Cinder's unversioned notifications.

Source: cinder/volume/volume_utils.py (_usage_from_volume), and messages recorded from a real Cinder.
"""

from collections.abc import Sequence

from stratiform.kit import outbox
from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.outbox import Event
from stratiform.kit.work_queue import enqueue
from stratiform.services.volume import repository
from stratiform.services.volume.model import Attachment, Volume

CREATED = "volume.create.end"
DELETED = "volume.delete.end"
RESIZED = "volume.resize.end"
ATTACHED = "volume.attach.end"
DETACHED = "volume.detach.end"
UPDATED = "volume.update.end"
RETYPED = "volume.retype"

#: The types of all events that the service appends.
EVENT_TYPES = (
    CREATED,
    DELETED,
    RESIZED,
    ATTACHED,
    DETACHED,
    UPDATED,
    RETYPED,
)


def format_host(volume: Volume) -> str:
    """Return `CLOUD@stratiform`, where Cinder has the name of its back end."""
    return f"{volume.cloud_name}@stratiform"


def append_event(db: Connection, ids: Ids, event_type: str, volume: Volume, now: Micros) -> None:
    """Append an event with the state of `volume` to the outbox, in the caller's transaction."""
    event = Event(
        message_id=ids.uuid(),
        event_type=event_type,
        publisher_id=f"volume.{format_host(volume)}",
        at=now,
        cloud=volume.cloud_name,
        payload=build_payload(volume, _type_name(db, volume), repository.list_attachments_of_volumes(db, [volume.id])),
    )
    outbox.append_event(db, event)
    enqueue(db, "ingest.outbox", "all", now)


def build_payload(volume: Volume, type_name: str, attachments: Sequence[Attachment]) -> dict[str, object]:
    """Return the payload: Cinder's keys, and `volume_type_name`, `terminated_at` and `deleted_at`.

    While a volume is being deleted `terminated_at` is None: if the cloud refuses, its usage continues.
    """
    return {
        "tenant_id": volume.project_id,
        "host": format_host(volume),
        "user_id": volume.user_id,
        "availability_zone": volume.zone,
        "volume_id": volume.id,
        "volume_type": volume.type_id,
        "volume_type_name": type_name,
        "display_name": volume.name,
        "launched_at": _format_time(volume.launched_at),
        "created_at": _format_time(volume.created_at),
        "terminated_at": None if volume.status == "deleting" else _format_time(volume.terminated_at),
        "deleted_at": _format_time(volume.deleted_at),
        "status": volume.status,
        "snapshot_id": None,
        "size": volume.size_gib,
        "replication_status": None,
        "replication_extended_status": None,
        "replication_driver_data": None,
        "metadata": [{"key": key, "value": value} for key, value in sorted(volume.metadata.items())],
        "volume_attachment": [_attachment(attachment) for attachment in attachments],
    }


def _type_name(db: Connection, volume: Volume) -> str:
    """Return the name of the volume's type, which price plans refer to."""
    volume_type = repository.volume_types.find(db, volume.type_id)
    return "" if volume_type is None else volume_type.name


def _attachment(attachment: Attachment) -> dict[str, object]:
    return {
        "id": attachment.id,
        "volume_id": attachment.volume_id,
        "instance_uuid": attachment.server_id,
        "attached_host": None,
        "mountpoint": attachment.device,
        "attach_time": None if attachment.attached_at is None else format_iso_naive(attachment.attached_at),
        "detach_time": None,
        "attach_status": attachment.state,
        "attach_mode": "rw",
    }


def _format_time(us: Micros | None) -> str | None:
    return None if us is None else format_iso_naive(us) + "+00:00"
