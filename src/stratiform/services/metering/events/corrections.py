"""What staff says of a resource against its messages (`usage.correction`). The payload is ours; see `payload_of`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stratiform.kit.clock import Micros, iso
from stratiform.kit.outbox import Event
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events.envelope import MESSAGE_ID_LENGTH
from stratiform.services.metering.events.values import flag_of, mapping, moment, required_text, text
from stratiform.services.metering.model import Correction, Fact, Resource, Statement

EVENT_TYPE = "usage.correction"

REASON_LENGTH = 1000
_ID_LENGTH = 128
_MOMENTS = ("start", "end", "since", "until")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Seen:
    """What somebody saw of a resource at the correction's instant; it counts as a message's word does. None, and a
    missing attribute: that was not seen."""

    launched: Micros | None = None
    gone: bool = False
    name: str | None = None
    project_id: str | None = None
    state: str | None = None
    attributes: dict[str, Any] = field(default_factory=dict)


def payload_of(resource: Resource, said: Correction, seen: Seen | None) -> dict[str, Any]:
    """The payload from which `read` reads this, without what is left open."""
    payload: dict[str, Any] = {
        "resource_type": resource.resource_type,
        "resource_id": resource.resource_id,
        "author": said.author,
        "reason": said.reason,
    }
    payload |= {name: iso(at) for name in _MOMENTS if (at := getattr(said, name)) is not None}
    payload |= {name: word for name in ("project_id", "state", "revokes") if (word := getattr(said, name)) is not None}
    payload |= {name: True for name in ("reopened", "absent") if getattr(said, name)}
    if said.attributes:
        payload["attributes"] = said.attributes
    if seen is not None:
        payload["seen"] = _seen_payload(seen)
    return payload


def _seen_payload(seen: Seen) -> dict[str, Any]:
    told: dict[str, Any] = {} if seen.launched is None else {"launched": iso(seen.launched)}
    told |= {name: word for name in ("name", "project_id", "state") if (word := getattr(seen, name)) is not None}
    if seen.gone:
        told["gone"] = True
    if seen.attributes:
        told["attributes"] = seen.attributes
    return told


def read(event: Event) -> Fact | None:
    """Raises Malformed."""
    if event.event_type != EVENT_TYPE:
        return None
    payload = event.payload
    seen = mapping(payload, "seen")
    moments = {name: moment(payload.get(name), name) for name in _MOMENTS}
    correction = Correction(
        author=required_text(payload, "author"),
        reason=required_text(payload, "reason", REASON_LENGTH),
        reopened=flag_of(payload.get("reopened"), "reopened") is True,
        project_id=text(payload, "project_id", 64),
        state=text(payload, "state", 32),
        attributes=_attributes(payload),
        absent=flag_of(payload.get("absent"), "absent") is True,
        revokes=text(payload, "revokes", MESSAGE_ID_LENGTH),
        told=bool(seen),
        **moments,
    )
    check(correction)
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=text(seen, "project_id", 64),
        name=text(seen, "name"),
        state=text(seen, "state", 32),
        launched=moment(seen.get("launched"), "launched"),
        gone=flag_of(seen.get("gone"), "gone") is True,
        attributes=_attributes(seen),
        correction=correction,
    )
    resource = Resource(
        event.cloud, required_text(payload, "resource_type", 32), required_text(payload, "resource_id", _ID_LENGTH)
    )
    return Fact(resource, event.event_type, event.publisher_id, statement)


def check(said: Correction) -> None:
    """Raises Malformed where it says nothing, or what can't be."""
    changes = said.project_id is not None or said.state is not None or bool(said.attributes)
    bounds = said.start is not None or said.end is not None or said.reopened
    if not (changes or bounds or said.absent or said.revokes or said.told):
        raise Malformed("the correction says nothing")
    if said.reopened and said.end is not None:
        raise Malformed("it can't both have an end and be reopened")
    if said.absent and changes:
        raise Malformed("what was not used has no project, state or attributes")
    for first, last in (("start", "end"), ("since", "until")):
        begins, ends = getattr(said, first), getattr(said, last)
        if begins is not None and ends is not None and ends <= begins:
            raise Malformed(f"{last} must be after {first}")
    if not (changes or said.absent) and (said.since is not None or said.until is not None):
        raise Malformed("since and until tell when project, state or attributes were other, or nothing was used")


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, whole numbers, true and false; null takes one away."""
    given = mapping(told, "attributes")
    for name, value in given.items():
        if not name or len(name) > 64 or not name.isprintable():
            raise Malformed("an attribute has a name of 1 to 64 characters")
        if isinstance(value, str):
            text(given, name, 4096)
        elif value is not None and (not isinstance(value, int) or not -_LARGEST <= value <= _LARGEST):
            raise Malformed(f"the attribute {name} is no text and no whole number: {str(value)[:80]!r}")
    return dict(given)
