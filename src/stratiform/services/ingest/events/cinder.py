"""Volumes, as Cinder tells of them (`volume.*`).

Each is a statement of the volume's row at the time of the message.
Source: cinder/volume/volume_utils.py (_usage_from_volume), cinder/cmd/volume_usage_audit.py, and messages
recorded from Cinder 29.
"""

from typing import Any

from stratiform.kit.clock import SECOND_US, Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.values import labels_of, moment, required_text, text, whole
from stratiform.services.ledger.model import Resource, ResourceStatement, Statement

#: About a volume's traffic, told by Nova: no statement of the volume's row.
_OTHERS = ("volume.usage",)

#: States that last; every other is on the way between two, and the volume stays what it was.
_LASTING = ("available", "in-use", "maintenance")

#: States of an attachment in which the machine has the volume.
_ATTACHED = ("attached", "detaching", "error_detaching")

#: States that a volume can have which was never launched.
_MAYBE_NEVER_LAUNCHED = (
    "creating",
    "downloading",
    "error",
    "error_deleting",
    "error_managing",
    "managing",
    "deleting",
    "deleted",
)


def read(event: Event) -> ResourceStatement | None:
    """Raises InvalidMessage."""
    if event.event_type in _OTHERS:
        return None
    row = event.payload
    status = text(row, "status", 64)
    launched = _launched(row, status, event.at)
    attributes: dict[str, object] = {
        "size_gib": whole(row, "size"),
        "volume_type": text(row, "volume_type"),
        "volume_type_name": text(row, "volume_type_name"),
        "availability_zone": text(row, "availability_zone"),
    }
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=required_text(row, "tenant_id", 64),
        name=text(row, "display_name"),
        state=None if launched is None else _state(status),
        launched_at=launched,
        terminated_at=moment(row.get("terminated_at"), "terminated_at"),
        deleted_at=_deleted(event),
        is_deleted=status == "deleted",
        attributes={name: value for name, value in attributes.items() if value is not None} | _attached_to(event),
        tags=None if row.get("metadata") is None else labels_of(row["metadata"], "metadata"),
    )
    resource = Resource(event.cloud, "volume", required_text(row, "volume_id", 128))
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _attached_to(event: Event) -> dict[str, str | None]:
    """The machines that have the volume, by their ids; that there are none is an answer too.

    The list is whole in every message. Before Kilo there was none, but the one machine when it came and went.
    """
    row = event.payload
    if "volume_attachment" not in row:
        alone = {"volume.attach.end": text(row, "instance_uuid", 128), "volume.detach.end": None}
        return {"attached_to": alone[event.event_type]} if event.event_type in alone else {}
    told = row["volume_attachment"] or ()
    if not isinstance(told, list | tuple) or not all(isinstance(one, dict) for one in told):
        raise InvalidMessage("volume_attachment is no list of objects")
    ids = {text(one, "instance_uuid", 128) for one in told if one.get("attach_status", _ATTACHED[0]) in _ATTACHED}
    return {"attached_to": ",".join(sorted(one for one in ids if one is not None)) or None}


def _state(status: str | None) -> str | None:
    if status in _LASTING:
        return status
    return "error" if status is not None and status.startswith("error") else None


def _launched(row: dict[str, Any], status: str | None, at: Micros) -> Micros | None:
    """Cinder puts the time of telling where a volume has no `launched_at`; that is no launch.

    It shows as a time with fractions, less than a second old, of a volume that may never have been launched;
    a true one comes from the database, which keeps whole seconds, or is older.
    """
    launched = moment(row.get("launched_at"), "launched_at")
    if launched is None or status not in _MAYBE_NEVER_LAUNCHED:
        return launched
    stand_in = launched % SECOND_US != 0 and launched > at - SECOND_US
    return None if stand_in else launched


def _deleted(event: Event) -> Micros | None:
    """When the volume went. The usage audit repeats a deletion later: its period is the instant of the deletion.

    Cinder's own message at a deletion has no such time in it, so it is the time of that message.
    """
    row = event.payload
    said = moment(row.get("deleted_at"), "deleted_at")
    if said is not None or event.event_type != "volume.delete.end":
        return said
    begins = moment(row.get("audit_period_beginning"), "audit_period_beginning")
    ends = moment(row.get("audit_period_ending"), "audit_period_ending")
    return ends if ends is not None and begins == ends else event.at
