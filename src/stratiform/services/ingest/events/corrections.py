"""What staff says of a resource against its messages (`usage.correction`). The payload is ours; see `payload_of`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from stratiform.kit.clock import Micros, iso
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.envelope import MESSAGE_ID_LENGTH
from stratiform.services.ingest.events.values import (
    ID_LENGTH,
    fitting,
    flag_of,
    mapping,
    moment,
    number_of,
    required_text,
    text,
    text_of,
)
from stratiform.services.ingest.model.adjustments import SOURCE, Adjustment
from stratiform.services.ledger.model import Correction, Resource, ResourceStatement, Statement

EVENT_TYPE = "usage.correction"

REASON_LENGTH = 1000
_TYPE_LENGTH = 32
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


def payload_of(
    resource: Resource, said: Correction, seen: Seen | None, adjusts: Adjustment | None = None
) -> dict[str, Any]:
    """The payload from which `read` reads this, without what is left open. The event is of the instant that is
    adjusted, where something is."""
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
    if adjusts is not None:
        payload["adjusts"] = _adjusts_payload(adjusts)
    return payload


def _seen_payload(seen: Seen) -> dict[str, Any]:
    told: dict[str, Any] = {} if seen.launched is None else {"launched": iso(seen.launched)}
    told |= {name: word for name in ("name", "project_id", "state") if (word := getattr(seen, name)) is not None}
    if seen.gone:
        told["gone"] = True
    if seen.attributes:
        told["attributes"] = seen.attributes
    return told


def _adjusts_payload(adjusts: Adjustment) -> dict[str, Any]:
    told = {"meter": adjusts.meter, "quantity": str(adjusts.quantity), "unit": adjusts.unit}
    return told if adjusts.project_id is None else {**told, "project_id": adjusts.project_id}


def read(event: Event) -> ResourceStatement | None:
    """Raises InvalidMessage."""
    if event.event_type != EVENT_TYPE:
        return None
    payload = event.payload
    resource = Resource(event.cloud, *_resource(payload))
    adjusts = mapping(payload, "adjusts")
    if adjusts:
        return ResourceStatement(resource, event.event_type, event.publisher_id, _adjusting(event, adjusts))
    seen = mapping(payload, "seen")
    moments: dict[str, Any] = {name: moment(payload.get(name), name) for name in _MOMENTS}
    correction = Correction(
        **_signed(payload),
        reopened=flag_of(payload.get("reopened"), "reopened") is True,
        project_id=text(payload, "project_id", 64),
        state=text(payload, "state", 32),
        attributes=_attributes(payload),
        absent=flag_of(payload.get("absent"), "absent") is True,
        has_observation=bool(seen),
        **moments,
    )
    check(correction)
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=text(seen, "project_id", 64),
        name=text(seen, "name"),
        state=text(seen, "state", 32),
        launched_at=moment(seen.get("launched"), "launched"),
        is_deleted=flag_of(seen.get("gone"), "gone") is True,
        attributes=_attributes(seen),
        correction=correction,
    )
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def check_resource(resource: Resource) -> None:
    """Raises InvalidMessage where nothing can have such a type or id."""
    _resource({"resource_type": resource.resource_type, "resource_id": resource.resource_id})


def _resource(payload: Mapping[str, Any]) -> tuple[str, str]:
    return required_text(payload, "resource_type", _TYPE_LENGTH), required_text(payload, "resource_id", ID_LENGTH)


def _signed(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Who says it and why, and which one it takes back."""
    return {
        "author": required_text(payload, "author"),
        "reason": required_text(payload, "reason", REASON_LENGTH),
        "revokes": text(payload, "revokes", MESSAGE_ID_LENGTH),
    }


def _adjusting(event: Event, adjusts: Mapping[str, Any]) -> Statement:
    """A sample, of a counter of its own: of two of one counter at one instant only one would count."""
    meter = required_text(adjusts, "meter", 64)
    adjustment = Adjustment(
        meter,
        quantity_of(adjusts.get("quantity")),
        event.at,
        text(adjusts, "unit", 32) or "",
        text(adjusts, "project_id", 64),
    )
    return Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=adjustment.project_id,
        samples={meter: adjustment.quantity},
        meters={meter: adjustment.counted},
        source=fitting(f"{SOURCE} {event.message_id}"),
        correction=Correction(**_signed(event.payload)),
    )


def quantity_of(value: Any) -> Decimal:
    """A number that isn't zero, digit for digit; as text, or a whole one. Raises InvalidMessage."""
    told = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if isinstance(told, str):
        digits = told.removeprefix("-")
        try:
            found = None if digits.startswith("-") else number_of(digits, "quantity")
        except InvalidMessage:
            found = None
        if found:
            return found.copy_negate() if digits != told else found
    raise InvalidMessage(f"quantity: {str(value)[:80]!r} is no number other than zero")


def check(said: Correction) -> None:
    """Raises InvalidMessage where it says nothing, or what can't be."""
    changes = said.project_id is not None or said.state is not None or bool(said.attributes)
    bounds = said.start is not None or said.end is not None or said.reopened
    if not (changes or bounds or said.absent or said.revokes or said.has_observation):
        raise InvalidMessage("the correction says nothing", hint="say what was otherwise: when it ended, for instance")
    if said.reopened and said.end is not None:
        raise InvalidMessage("end: it can't both have an end and be reopened")
    if said.absent and changes:
        raise InvalidMessage("absent: what was not used has no project, state or attributes")
    if said.start is not None and said.end is not None and said.end <= said.start:
        raise InvalidMessage("end: the use would end before it starts")
    if said.since is not None and said.until is not None and said.until <= said.since:
        raise InvalidMessage("until: the window would end before it begins")
    if not (changes or said.absent) and (said.since is not None or said.until is not None):
        raise InvalidMessage(
            f"{'since' if said.since is not None else 'until'}: it is not told what was otherwise in this window",
            hint="say project, state or attributes, or that it was not used",
        )


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, whole numbers, true and false; null takes one away."""
    given = mapping(told, "attributes")
    for name, value in given.items():
        if not name or len(name) > 64 or not name.isprintable():
            raise InvalidMessage("attributes: one has a name of 1 to 64 characters")
        if isinstance(value, str):
            text_of(value, f"attributes.{name}", 4096)
        elif value is not None and (not isinstance(value, int) or not -_LARGEST <= value <= _LARGEST):
            raise InvalidMessage(f"attributes.{name}: no text and no whole number: {str(value)[:80]!r}")
    return dict(given)
