"""Events of Almanach's API (`almanach.*`): updates of instances and volumes, in a payload of our own.

An update states properties from its own time on, or, with `correction`, corrects the notifications.
"""

from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.payload_values import (
    Payload,
    find_integer,
    find_object,
    find_text,
    parse_text,
    parse_time,
    require_text,
)
from stratiform.services.ledger.model import Correction, Resource, ResourceStatement, Statement

_ACTIONS = {
    "instance": ("create", "delete", "resize", "rebuild", "update"),
    "volume": ("create", "delete", "resize", "attach", "detach"),
}
_RESOURCE_TYPES = {
    f"almanach.{resource_type}.{action}": resource_type
    for resource_type, actions in _ACTIONS.items()
    for action in actions
}

_INTEGER_ATTRIBUTES = ("vcpus", "ram_mib", "disk_gib", "root_gib", "ephemeral_gib", "size_gib")
_TEXT_ATTRIBUTES = (
    "flavor", "flavor_id", "image_id", "os_distro", "os_version", "os_type", "volume_type", "volume_type_name",
    "availability_zone", "size_text",
)  # fmt: skip

#: Enough for a volume that is attached to hundreds of servers.
_ATTACHED_TO_LENGTH = 16_384


def parse_update(event: Event) -> ResourceStatement | None:
    """Parse `almanach.instance.*` and `almanach.volume.*`. Raises: InvalidMessage."""
    resource_type = _RESOURCE_TYPES.get(event.event_type)
    if resource_type is None:
        return None
    payload = event.payload
    is_create, is_delete = event.event_type.endswith(".create"), event.event_type.endswith(".delete")
    is_correction = "correction" in payload
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=require_text(payload, "project_id", 64) if is_create else None,
        name=find_text(payload, "name"),
        state=None if is_correction else find_text(payload, "state", 32),
        launched_at=event.at if is_create else None,
        terminated_at=event.at if is_delete else None,
        attributes={} if is_correction else _parse_attributes(payload),
        tags=_parse_metadata(payload),
        correction=_parse_correction(payload) if is_correction else None,
    )
    resource = Resource(event.cloud, resource_type, require_text(payload, "id", 128))
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def _parse_correction(payload: Payload) -> Correction:
    values = find_object(payload, "correction")
    return Correction(
        author=require_text(values, "author"),
        reason=require_text(values, "reason"),
        start=parse_time(values.get("start"), "start"),
        end=parse_time(values.get("end"), "end"),
        since=parse_time(values.get("since"), "since"),
        until=parse_time(values.get("until"), "until"),
        project_id=find_text(values, "project_id", 64),
        state=find_text(values, "state", 32),
        attributes=_parse_attributes(values),
        absent=values.get("absent") is True,
    )


def _parse_attributes(payload: Payload) -> dict[str, object]:
    """Return the attributes of the payload; null removes an attribute."""
    values = find_object(payload, "attributes")
    attributes: dict[str, object] = {name: find_text(values, name) for name in _TEXT_ATTRIBUTES if name in values}
    attributes |= {name: find_integer(values, name) for name in _INTEGER_ATTRIBUTES if name in values}
    if "attached_to" in values:
        attributes["attached_to"] = find_text(values, "attached_to", _ATTACHED_TO_LENGTH)
    return attributes


def _parse_metadata(payload: Payload) -> dict[str, str] | None:
    if payload.get("metadata") is None:
        return None
    return {name: _metadata_text(name, value) for name, value in find_object(payload, "metadata").items()}


def _metadata_text(name: str, value: object) -> str:
    if not name or parse_text(name, name) is None or not isinstance(value, str):
        raise InvalidMessage("metadata: keys and values must be strings")
    return parse_text(value, name) or ""
