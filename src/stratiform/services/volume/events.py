"""Events for the usage ledger: Cinder's unversioned notifications.

Source: cinder/volume/volume_utils.py (_usage_from_volume, _usage_from_snapshot, _usage_from_backup,
_usage_from_group, _usage_from_group_snapshot), and messages recorded from a real Cinder.
"""

from collections.abc import Sequence

from stratiform.kit import outbox
from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.outbox import Event
from stratiform.services.volume import repository
from stratiform.services.volume.model import Attachment, Backup, Snapshot, Volume
from stratiform.services.volume.model.groups import Group, GroupSnapshot
from stratiform.services.volume.repository.snapshots import list_children

CREATED = "volume.create.end"
DELETED = "volume.delete.end"
RESIZED = "volume.resize.end"
ATTACHED = "volume.attach.end"
DETACHED = "volume.detach.end"
UPDATED = "volume.update.end"
MANAGED = "volume.manage_existing.end"
UNMANAGED = "volume.unmanage.end"
RETYPED = "volume.retype"
TRANSFERRED = "volume.transfer.accept.end"
REVERTED = "volume.revert.end"
SNAPSHOT_CREATED = "snapshot.create.end"
SNAPSHOT_MANAGED = "snapshot.manage_existing_snapshot.end"
SNAPSHOT_UPDATED = "snapshot.update.end"
SNAPSHOT_DELETED = "snapshot.delete.end"
BACKUP_CREATED = "backup.create.end"
BACKUP_RESTORED = "backup.restore.end"
BACKUP_DELETED = "backup.delete.end"
GROUP_CREATED = "group.create.end"
GROUP_UPDATED = "group.update.end"
GROUP_DELETED = "group.delete.end"
GROUP_SNAPSHOT_CREATED = "group_snapshot.create.end"
GROUP_SNAPSHOT_DELETED = "group_snapshot.delete.end"

#: The types of all events that the service appends.
EVENT_TYPES = (
    CREATED,
    DELETED,
    RESIZED,
    ATTACHED,
    DETACHED,
    UPDATED,
    MANAGED,
    UNMANAGED,
    RETYPED,
    TRANSFERRED,
    REVERTED,
    SNAPSHOT_CREATED,
    SNAPSHOT_MANAGED,
    SNAPSHOT_UPDATED,
    SNAPSHOT_DELETED,
    BACKUP_CREATED,
    BACKUP_RESTORED,
    BACKUP_DELETED,
    GROUP_CREATED,
    GROUP_UPDATED,
    GROUP_DELETED,
    GROUP_SNAPSHOT_CREATED,
    GROUP_SNAPSHOT_DELETED,
)

_Resource = Volume | Snapshot | Backup | Group | GroupSnapshot


def format_host(resource: _Resource) -> str:
    """Return `CLOUD@stratiform`, where Cinder has the name of its back end."""
    return f"{resource.cloud_name}@stratiform"


def format_pool(resource: Volume) -> str:
    """Return `CLOUD@stratiform#CLOUD`: a cloud has one pool, and selects its own storage."""
    return f"{format_host(resource)}#{resource.cloud_name}"


def append_event(db: Connection, ids: Ids, event_type: str, volume: Volume, now: Micros) -> None:
    """Append an event with the state of `volume` to the outbox, in the caller's transaction."""
    attachments = repository.list_attachments_of_volumes(db, [volume.id])
    _append(db, ids, event_type, volume, now, build_payload(volume, _type_name(db, volume), attachments))


def append_snapshot_event(db: Connection, ids: Ids, event_type: str, snapshot: Snapshot, now: Micros) -> None:
    """Append an event with the state of `snapshot` to the outbox, in the caller's transaction."""
    _append(db, ids, event_type, snapshot, now, build_snapshot_payload(snapshot))


def append_backup_event(db: Connection, ids: Ids, event_type: str, backup: Backup, now: Micros) -> None:
    """Append an event with the state of `backup` to the outbox, in the caller's transaction."""
    children = list_children(db, backup.id)
    _append(db, ids, event_type, backup, now, build_backup_payload(backup, len(children)))


def append_group_event(db: Connection, ids: Ids, event_type: str, group: Group | GroupSnapshot, now: Micros) -> None:
    """Append an event with the state of a group or a group snapshot to the outbox, in the caller's transaction."""
    _append(db, ids, event_type, group, now, build_group_payload(group))


def _append(
    db: Connection,
    ids: Ids,
    event_type: str,
    resource: _Resource,
    now: Micros,
    payload: dict[str, object],
) -> None:
    publisher = "backup" if isinstance(resource, Backup) else "volume"
    event = Event(
        message_id=ids.uuid(),
        event_type=event_type,
        publisher_id=f"{publisher}.{format_host(resource)}",
        at=now,
        cloud=resource.cloud_name,
        payload=payload,
    )
    outbox.append_event(db, event)


def build_payload(volume: Volume, type_name: str, attachments: Sequence[Attachment]) -> dict[str, object]:
    """Return the payload: Cinder's keys, and `volume_type_name`, `terminated_at` and `deleted_at`.

    While a volume is being deleted or released `terminated_at` is None: if the cloud refuses, its usage continues.
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
        "terminated_at": None if volume.status in ("deleting", "unmanaging") else _format_time(volume.terminated_at),
        "deleted_at": _format_time(volume.deleted_at),
        "status": volume.status,
        "snapshot_id": volume.snapshot_id or None,
        "size": volume.size_gib,
        "replication_status": None,
        "replication_extended_status": None,
        "replication_driver_data": None,
        "metadata": [{"key": key, "value": value} for key, value in sorted(volume.metadata.items())],
        "volume_attachment": [_attachment(attachment) for attachment in attachments],
    }


def build_snapshot_payload(snapshot: Snapshot) -> dict[str, object]:
    """Return the payload with Cinder's keys. A deleted snapshot has the status `deleted`."""
    return {
        "tenant_id": snapshot.project_id,
        "user_id": snapshot.user_id,
        "availability_zone": snapshot.zone,
        "volume_id": snapshot.volume_id,
        "volume_size": snapshot.size_gib,
        "snapshot_id": snapshot.id,
        "display_name": snapshot.name,
        "created_at": _format_time(snapshot.created_at),
        "status": snapshot.status,
        "deleted": "" if snapshot.deleted_at is None else "True",
        "metadata": str(snapshot.metadata),
    }


def build_backup_payload(backup: Backup, number_of_children: int) -> dict[str, object]:
    """Return the payload with Cinder's keys."""
    return {
        "tenant_id": backup.project_id,
        "user_id": backup.user_id,
        "availability_zone": backup.zone,
        "backup_id": backup.id,
        "host": format_host(backup),
        "display_name": backup.name,
        "created_at": _format_time(backup.created_at),
        "status": backup.status,
        "volume_id": backup.volume_id,
        "size": backup.size_gib,
        "service_metadata": None,
        "service": None,
        "fail_reason": backup.fault or None,
        "parent_id": backup.parent_id or None,
        "num_dependent_backups": number_of_children,
        "snapshot_id": backup.snapshot_id or None,
    }


def build_group_payload(group: Group | GroupSnapshot) -> dict[str, object]:
    """Return the payload with Cinder's keys."""
    common: dict[str, object] = {
        "tenant_id": group.project_id,
        "user_id": group.user_id,
        "group_type": group.group_type_id,
        "name": group.name,
        "created_at": _format_time(group.created_at),
        "status": group.status,
    }
    if isinstance(group, Group):
        return {**common, "availability_zone": group.zone, "group_id": group.id}
    return {**common, "group_snapshot_id": group.id, "group_id": group.group_id}


def _type_name(db: Connection, volume: Volume) -> str:
    """Return the name of the volume's type, which price plans refer to."""
    volume_type = repository.volume_types.find(db, volume.type_id)
    return "" if volume_type is None else volume_type.name


def _attachment(attachment: Attachment) -> dict[str, object]:
    return {
        "id": attachment.id,
        "volume_id": attachment.volume_id,
        "instance_uuid": attachment.server_id or None,
        "attached_host": attachment.host or None,
        "mountpoint": attachment.device,
        "attach_time": None if attachment.attached_at is None else format_iso_naive(attachment.attached_at),
        "detach_time": None,
        "attach_status": attachment.state,
        "attach_mode": attachment.mode,
    }


def _format_time(us: Micros | None) -> str | None:
    return None if us is None else format_iso_naive(us) + "+00:00"
