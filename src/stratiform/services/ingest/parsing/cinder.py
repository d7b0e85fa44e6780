"""Cinder's notifications of volumes (`volume.*`).

Each notification has the row of the volume at its time.
Source: cinder/volume/volume_utils.py (_usage_from_volume), cinder/cmd/volume_usage_audit.py, and messages
recorded from Cinder 29.
"""

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.payload_values import (
    Payload,
    find_integer,
    find_text,
    parse_tags,
    parse_time,
    require_text,
)
from stratiform.services.ledger.model import CONTENT_ID_PREFIX, Resource, ResourceStatement, Statement

#: Traffic of a volume, sent by Nova, without the row of the volume.
_IGNORED = ("volume.usage",)

#: The events that change attachments.
_ATTACH, _DETACH = "volume.attach.end", "volume.detach.end"

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


def parse_volume(event: Event) -> ResourceStatement | None:
    """Parse `volume.*`. Raises: InvalidMessage."""
    if event.event_type in _IGNORED:
        return None
    row = event.payload
    status = find_text(row, "status", 64)
    launched = _find_launch(row, status, event.at)
    attachments = _attachments(event)
    attributes: dict[str, object] = {
        "size_gib": find_integer(row, "size"),
        "volume_type": find_text(row, "volume_type"),
        "volume_type_name": find_text(row, "volume_type_name"),
        "availability_zone": find_text(row, "availability_zone"),
    }
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=require_text(row, "tenant_id", 64),
        name=find_text(row, "display_name"),
        state=None if launched is None else _stable_state(status),
        launched_at=launched,
        terminated_at=parse_time(row.get("terminated_at"), "terminated_at"),
        deleted_at=_find_deletion(event),
        is_deleted=status == "deleted",
        attributes={name: value for name, value in attributes.items() if value is not None} | attachments,
        tags=None if row.get("metadata") is None else parse_tags(row["metadata"], "metadata"),
        order=_order(event, attachments.get("attached_to")),
    )
    resource = Resource(event.cloud, "volume", require_text(row, "volume_id", 128))
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _attachments(event: Event) -> dict[str, str | None]:
    """Return the attribute `attached_to`: the ids of the servers, or None if there are none.

    Every notification has the complete list. Cinder before Kilo sends no list, only the server that is attached or
    detached. The order is that of the attachments, which does not depend on the order of a list.
    """
    row = event.payload
    if "volume_attachment" not in row:
        attached_to = {_ATTACH: find_text(row, "instance_uuid", 128), _DETACH: None}
        return {"attached_to": attached_to[event.event_type]} if event.event_type in attached_to else {}
    attachments = row["volume_attachment"] or ()
    if not isinstance(attachments, list | tuple) or not all(isinstance(item, dict) for item in attachments):
        raise InvalidMessage("volume_attachment is not a list of objects")
    attached = [attachment for attachment in attachments if _is_attached(attachment, event.event_type)]
    attached.sort(key=lambda attachment: str(attachment.get("attach_time") or ""))
    ids = dict.fromkeys(find_text(attachment, "instance_uuid", 128) for attachment in attached)
    return {"attached_to": ",".join(id_ for id_ in ids if id_ is not None) or None}


def _is_attached(attachment: Payload, event_type: str) -> bool:
    status = attachment.get("attach_status", _ATTACHED_STATES[0])
    return status in _ATTACHED_STATES or (status == _AVAILABLE and event_type != _DETACH)


def _order(event: Event, attached_to: object) -> int:
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


def _find_launch(row: Payload, status: str | None, at: Micros) -> Micros | None:
    """Return the launch time, unless it is a placeholder.

    For a volume without `launched_at`, Cinder sends the time of the notification: a time with fractions of a second,
    less than a second before the event. A real one comes from the database, in whole seconds, or is older.
    """
    launched = parse_time(row.get("launched_at"), "launched_at")
    if launched is None or status not in _STATES_BEFORE_LAUNCH:
        return launched
    is_placeholder = launched % SECOND_US != 0 and launched > at - SECOND_US
    return None if is_placeholder else launched


def _find_deletion(event: Event) -> Micros | None:
    """Return when the volume was deleted.

    Cinder's notification of a deletion has no `deleted_at`: its own time counts. The usage audit repeats it later,
    with an audit period that starts and ends at the deletion.
    """
    row = event.payload
    deleted = parse_time(row.get("deleted_at"), "deleted_at")
    if deleted is not None or event.event_type != "volume.delete.end":
        return deleted
    start = parse_time(row.get("audit_period_beginning"), "audit_period_beginning")
    end = parse_time(row.get("audit_period_ending"), "audit_period_ending")
    return end if end is not None and start == end else event.at
