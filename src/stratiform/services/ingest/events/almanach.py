"""What Almanach's API is told (`almanach.*`), and volume types, of which Cinder tells too (`volume_type.*`).

The payloads of the first are ours: what holds of a machine or a volume from the event's own instant on, or what staff
says against the messages. A volume type is known by its name alone: nobody uses it, so it has no segments.
Source of the second: cinder/api/contrib/types_manage.py, and messages recorded from Cinder 29.
"""

from collections.abc import Mapping
from typing import Any

from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.values import mapping, moment, required_text, text, whole
from stratiform.services.ledger.model import Correction, Resource, ResourceStatement, Statement

#: Event type → the resource's type.
_TOLD = {
    f"almanach.{kind}.{verb}": kind
    for kind, verbs in (
        ("instance", ("create", "delete", "resize", "rebuild", "update")),
        ("volume", ("create", "delete", "resize", "attach", "detach")),
    )
    for verb in verbs
}

_TYPE_TOLD = {f"{voice}.{verb}" for voice in ("volume_type", "almanach.volume_type") for verb in ("create", "update")}
_TYPE_GONE = {f"{voice}.delete" for voice in ("volume_type", "almanach.volume_type")}

_WHOLE = ("vcpus", "ram_mib", "disk_gib", "root_gib", "ephemeral_gib", "size_gib")
_TEXTS = (
    "flavor", "flavor_id", "image_id", "os_distro", "os_version", "os_type", "volume_type", "volume_type_name",
    "availability_zone",
)  # fmt: skip

#: A volume may be at hundreds of machines at once; a longer text is no list of them.
_LONGEST_LIST = 16_384


def read(event: Event) -> ResourceStatement | None:
    """Raises InvalidMessage."""
    kind = _TOLD.get(event.event_type)
    if kind is None:
        return None
    told = event.payload
    begins, ends = event.event_type.endswith(".create"), event.event_type.endswith(".delete")
    corrects = "correction" in told
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=required_text(told, "project_id", 64) if begins else None,
        name=text(told, "name"),
        state=None if corrects else text(told, "state", 32),
        launched_at=event.at if begins else None,
        terminated_at=event.at if ends else None,
        attributes={} if corrects else _attributes(told),
        tags=_labels(told),
        correction=_correction(told) if corrects else None,
    )
    return ResourceStatement(Resource(event.cloud, kind, required_text(told, "id", 128)), *_source(event), statement)


def read_volume_type(event: Event) -> ResourceStatement | None:
    """Raises InvalidMessage."""
    if event.event_type not in _TYPE_TOLD | _TYPE_GONE:
        return None
    told = mapping(event.payload, "volume_types") or event.payload
    gone = event.event_type in _TYPE_GONE  # which isn't for ever, as with machines: a type may be made again
    statement = Statement(event.at, event.message_id, name=text(told, "name"), tags={"gone": "yes"} if gone else {})
    return ResourceStatement(
        Resource(event.cloud, "volume_type", required_text(told, "id", 128)), *_source(event), statement
    )


def _source(event: Event) -> tuple[str, str]:
    return event.event_type, event.publisher_id


def _correction(told: Mapping[str, Any]) -> Correction:
    said = mapping(told, "correction")
    return Correction(
        author=required_text(said, "author"),
        reason=required_text(said, "reason"),
        start=moment(said.get("start"), "start"),
        end=moment(said.get("end"), "end"),
        since=moment(said.get("since"), "since"),
        until=moment(said.get("until"), "until"),
        project_id=text(said, "project_id", 64),
        state=text(said, "state", 32),
        attributes=_attributes(said),
        absent=said.get("absent") is True,
    )


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are told; null takes one away."""
    given = mapping(told, "attributes")
    read: dict[str, Any] = {name: text(given, name) for name in _TEXTS if name in given}
    read |= {name: whole(given, name) for name in _WHOLE if name in given}
    if "attached_to" in given:
        read["attached_to"] = text(given, "attached_to", _LONGEST_LIST)
    return read


def _labels(told: Mapping[str, Any]) -> dict[str, str] | None:
    if told.get("metadata") is None:
        return None
    labels = mapping(told, "metadata")
    for name in labels:
        if not name or text({name: name}, name) is None or not isinstance(labels[name], str):
            raise InvalidMessage("metadata: names and values are texts")
        text(labels, name)
    return dict(labels)
