"""Cinder's notifications of volumes (`volume.*`).

Each notification has the row of the volume at its time.
Source: cinder/volume/volume_utils.py (_usage_from_volume), cinder/cmd/volume_usage_audit.py, and messages
recorded from Cinder 29.
"""

from msgspec import UNSET, Struct, UnsetType

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.services.ingest.parsing.audit_periods import find_period
from stratiform.services.ingest.parsing.payload_structs import (
    Count,
    EventHeader,
    Id64,
    Id128,
    Tags,
    Text,
    Text64,
    Text128,
    Unchecked,
)
from stratiform.services.ingest.parsing.payload_values import parse_tags, parse_text, parse_time
from stratiform.services.ledger.model import CONTENT_ID_PREFIX, Resource, ResourceStatement, Statement
from stratiform.services.ledger.model.statements import EXISTS_SUFFIX

#: The events that change attachments.
_ATTACH, _DETACH = "volume.attach.end", "volume.detach.end"

#: The events with which the use of a volume starts.
_START_EVENTS = ("volume.create.end", "volume.manage_existing.end")

#: The events with which it ends.
_END_EVENTS = ("volume.delete.end", "volume.unmanage.end")

#: All other states are transitions, which leave the state of the volume as it was.
_STABLE_STATES = ("available", "in-use", "maintenance")

#: States of an attachment while the server has the volume.
_ATTACHED_STATES = ("attached", "detaching", "error_detaching")

#: In Almanach's own messages, the state of an attachment before and after a detach.
_AVAILABLE = "available"

#: States in which a volume may not have been launched yet.
_STATES_BEFORE_LAUNCH = (
    "creating",
    "downloading",
    "error",
    "error_deleting",
    "error_managing",
    "managing",
    "deleting",
    "deleted",
)


class _Attachment(Struct):
    instance_uuid: Text128 = None
    attach_status: Unchecked = _ATTACHED_STATES[0]
    attach_time: Unchecked = None


class Volume(Struct, kw_only=True):
    """The payload of `volume.*`. Cinder before Kilo has `instance_uuid` instead of `volume_attachment`."""

    tenant_id: Id64
    volume_id: Id128
    display_name: Text = None
    status: Text64 = None
    size: Count = None
    volume_type: Text = None
    volume_type_name: Text = None
    availability_zone: Text = None
    launched_at: Unchecked = None
    terminated_at: Unchecked = None
    deleted_at: Unchecked = None
    metadata: Tags | list[object] | None = None
    volume_attachment: list[_Attachment] | UnsetType | None = UNSET
    instance_uuid: Unchecked = None
    audit_period_beginning: Unchecked = None
    audit_period_ending: Unchecked = None


def parse_volume(event: EventHeader, cloud: str, row: Volume) -> ResourceStatement:
    """Parse `volume.*`. Raises: InvalidMessage."""
    launched = _find_launch(event, row)
    attributes = {
        "size_gib": row.size,
        "volume_type": row.volume_type,
        "volume_type_name": row.volume_type_name,
        "availability_zone": row.availability_zone,
    }
    stated: dict[str, object] = {name: value for name, value in attributes.items() if value is not None}
    attached_to = _find_attached_to(event.event_type, row)
    if not isinstance(attached_to, UnsetType):
        stated["attached_to"] = attached_to
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=row.tenant_id,
        name=row.display_name,
        state=None if launched is None else _stable_state(row.status),
        launched_at=launched,
        terminated_at=parse_time(row.terminated_at, "terminated_at"),
        deleted_at=_find_deletion(event, row),
        is_deleted=row.status == "deleted",
        attributes=stated,
        tags=parse_tags(row.metadata, "metadata") if isinstance(row.metadata, list) else row.metadata,
        audit_period=_find_audit_period(row) if event.event_type.endswith(EXISTS_SUFFIX) else None,
        order=_order(event, attached_to),
    )
    resource = Resource(cloud, "volume", row.volume_id)
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _find_attached_to(event_type: str, row: Volume) -> str | UnsetType | None:
    """Return the attribute `attached_to`: the ids of the servers, or None if there are none.

    Every notification has the complete list. Cinder before Kilo sends no list, only the server that is attached or
    detached. The order is that of the attachments, which does not depend on the order of a list.
    """
    if isinstance(row.volume_attachment, UnsetType):
        attached_to = {_ATTACH: parse_text(row.instance_uuid, "instance_uuid", 128), _DETACH: None}
        return attached_to.get(event_type, UNSET)
    if not row.volume_attachment:
        return None
    attached = [attachment for attachment in row.volume_attachment if _is_attached(attachment, event_type)]
    attached.sort(key=lambda attachment: str(attachment.attach_time or ""))
    ids = dict.fromkeys(attachment.instance_uuid for attachment in attached)
    return ",".join(id_ for id_ in ids if id_ is not None) or None


def _is_attached(attachment: _Attachment, event_type: str) -> bool:
    status = attachment.attach_status
    return status in _ATTACHED_STATES or (status == _AVAILABLE and event_type != _DETACH)


def _order(event: EventHeader, attached_to: object) -> int:
    """Return the order of events of the same instant: a volume is detached after it was attached.

    So an event that leaves fewer servers is later. Events without an ID of their own have the order of their arrival.
    """
    if not isinstance(attached_to, str) or event.message_id.startswith(CONTENT_ID_PREFIX):
        return 0
    return -1 - attached_to.count(",") if event.event_type in (_ATTACH, _DETACH) else 0


def _stable_state(status: str | None) -> str | None:
    if status in _STABLE_STATES:
        return status
    return "error" if status is not None and status.startswith("error") else None


def _find_launch(event: EventHeader, row: Volume) -> Micros | None:
    """Return the launch time, unless it is a placeholder.

    For a volume without `launched_at`, Cinder sends the time of the notification: a time with fractions of a second,
    less than a second before the event. A real one comes from the database, in whole seconds, or is older. Other
    senders omit it; the volume is launched at the latest with the notification of its creation.
    """
    launched = parse_time(row.launched_at, "launched_at")
    if launched is None and event.event_type in _START_EVENTS and row.status not in _STATES_BEFORE_LAUNCH:
        return _find_audited_instant(row) or event.at
    if launched is None or row.status not in _STATES_BEFORE_LAUNCH:
        return launched
    is_placeholder = launched % SECOND_US != 0 and launched > event.at - SECOND_US
    return None if is_placeholder else launched


def _find_deletion(event: EventHeader, row: Volume) -> Micros | None:
    """Return when the volume was deleted.

    Cinder's notification of a deletion has no `deleted_at`: its own time counts. The usage audit repeats it later,
    with an audit period that starts and ends at the deletion.
    """
    deleted = parse_time(row.deleted_at, "deleted_at")
    if deleted is not None or event.event_type not in _END_EVENTS:
        return deleted
    return _find_audited_instant(row) or event.at


def _find_audited_instant(row: Volume) -> Micros | None:
    """Return the instant of the action that a usage audit repeats."""
    period = _find_audit_period(row)
    return period[1] if period is not None and period[0] == period[1] else None


def _find_audit_period(row: Volume) -> tuple[Micros, Micros] | None:
    return find_period(
        {"audit_period_beginning": row.audit_period_beginning, "audit_period_ending": row.audit_period_ending}
    )
