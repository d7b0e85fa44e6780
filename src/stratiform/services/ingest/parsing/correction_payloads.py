"""Events of corrections (`usage.correction`), which operators make with the API."""

from decimal import Decimal

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.model.correction_observations import Observation
from stratiform.services.ingest.model.meter_adjustments import SOURCE, MeterAdjustment
from stratiform.services.ingest.parsing.envelope import MESSAGE_ID_LENGTH
from stratiform.services.ingest.parsing.payload_values import (
    ID_LENGTH,
    Payload,
    find_object,
    find_text,
    is_integer,
    parse_boolean,
    parse_number,
    parse_text,
    parse_time,
    quote_value,
    require_text,
    shorten_id,
)
from stratiform.services.ledger.model import Correction, Resource, ResourceStatement, Statement

EVENT_TYPE = "usage.correction"

_REASON_LENGTH = 1000
_RESOURCE_TYPE_LENGTH = 32
_ATTRIBUTE_NAME_LENGTH = 64
_ATTRIBUTE_LENGTH = 4096
_MAX_INTEGER = 2**63 - 1


def encode_correction(
    resource: Resource,
    correction: Correction,
    observation: Observation | None = None,
    adjustment: MeterAdjustment | None = None,
) -> dict[str, object]:
    """Return the payload that `parse_correction` parses. The event of an adjustment has the time of the adjustment."""
    payload: dict[str, object] = {
        "resource_type": resource.resource_type,
        "resource_id": resource.resource_id,
        "author": correction.author,
        "reason": correction.reason,
        "start": _iso(correction.start),
        "end": _iso(correction.end),
        "since": _iso(correction.since),
        "until": _iso(correction.until),
        "project_id": correction.project_id,
        "state": correction.state,
        "revokes": correction.revokes,
        "reopened": correction.reopened or None,
        "absent": correction.absent or None,
        "attributes": correction.attributes or None,
        "seen": None if observation is None else _encode_observation(observation),
        "adjusts": None if adjustment is None else _encode_adjustment(adjustment),
    }
    return _without_nulls(payload)


def _encode_observation(observation: Observation) -> dict[str, object]:
    return _without_nulls(
        {
            "launched": _iso(observation.launched),
            "name": observation.name,
            "project_id": observation.project_id,
            "state": observation.state,
            "gone": observation.is_deleted or None,
            "attributes": observation.attributes or None,
        }
    )


def _encode_adjustment(adjustment: MeterAdjustment) -> dict[str, object]:
    return _without_nulls(
        {
            "meter": adjustment.meter,
            "quantity": str(adjustment.quantity),
            "unit": adjustment.unit,
            "project_id": adjustment.project_id,
        }
    )


def _iso(at: Micros | None) -> str | None:
    return None if at is None else format_iso(at)


def _without_nulls(payload: Payload) -> dict[str, object]:
    return {name: value for name, value in payload.items() if value is not None}


def parse_correction(event: Event) -> ResourceStatement | None:
    """Parse `usage.correction`; return None for other types. Raises: InvalidMessage."""
    if event.event_type != EVENT_TYPE:
        return None
    payload = event.payload
    resource = Resource(event.cloud, *_parse_resource(payload))
    adjustment = find_object(payload, "adjusts")
    statement = _adjustment_statement(event, adjustment) if adjustment else _correction_statement(event)
    return ResourceStatement(resource, event.event_type, event.publisher_id, statement)


def check_resource(resource: Resource) -> None:
    """Check type and id of a resource. Raises: InvalidMessage."""
    _parse_resource({"resource_type": resource.resource_type, "resource_id": resource.resource_id})


def _parse_resource(payload: Payload) -> tuple[str, str]:
    resource_type = require_text(payload, "resource_type", _RESOURCE_TYPE_LENGTH)
    return resource_type, require_text(payload, "resource_id", ID_LENGTH)


def _correction_statement(event: Event) -> Statement:
    payload = event.payload
    observation = find_object(payload, "seen")
    correction = Correction(
        author=require_text(payload, "author"),
        reason=require_text(payload, "reason", _REASON_LENGTH),
        revokes=find_text(payload, "revokes", MESSAGE_ID_LENGTH),
        start=parse_time(payload.get("start"), "start"),
        end=parse_time(payload.get("end"), "end"),
        since=parse_time(payload.get("since"), "since"),
        until=parse_time(payload.get("until"), "until"),
        reopened=parse_boolean(payload.get("reopened"), "reopened") is True,
        project_id=find_text(payload, "project_id", 64),
        state=find_text(payload, "state", 32),
        attributes=_parse_attributes(payload),
        absent=parse_boolean(payload.get("absent"), "absent") is True,
        has_observation=bool(observation),
    )
    check_correction(correction)
    return Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=find_text(observation, "project_id", 64),
        name=find_text(observation, "name"),
        state=find_text(observation, "state", 32),
        launched_at=parse_time(observation.get("launched"), "launched"),
        is_deleted=parse_boolean(observation.get("gone"), "gone") is True,
        attributes=_parse_attributes(observation),
        correction=correction,
    )


def _adjustment_statement(event: Event, values: Payload) -> Statement:
    """Return a sample with a source of its own: of two samples of one source at one time, only one counts."""
    meter = require_text(values, "meter", 64)
    adjustment = MeterAdjustment(
        meter,
        parse_quantity(values.get("quantity")),
        event.at,
        find_text(values, "unit", 32) or "",
        find_text(values, "project_id", 64),
    )
    correction = Correction(
        author=require_text(event.payload, "author"),
        reason=require_text(event.payload, "reason", _REASON_LENGTH),
        revokes=find_text(event.payload, "revokes", MESSAGE_ID_LENGTH),
    )
    return Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=adjustment.project_id,
        samples={meter: adjustment.quantity},
        meters={meter: adjustment.meter_format},
        source=shorten_id(f"{SOURCE} {event.message_id}"),
        correction=correction,
    )


def parse_quantity(value: object) -> Decimal:
    """Parse an integer, or a string of a number, with all its digits; zero is invalid. Raises: InvalidMessage."""
    text = str(value) if is_integer(value) else value
    if isinstance(text, str):
        digits = text.removeprefix("-")
        try:
            number = None if digits.startswith("-") else parse_number(digits, "quantity")
        except InvalidMessage:
            number = None
        if number:
            return number.copy_negate() if digits != text else number
    raise InvalidMessage(f"quantity: {quote_value(value)} is not a number other than zero")


def check_correction(correction: Correction) -> None:
    """Check that a correction has changes, and that they do not contradict each other. Raises: InvalidMessage."""
    has_properties = correction.project_id is not None or correction.state is not None or bool(correction.attributes)
    has_bounds = correction.start is not None or correction.end is not None or correction.reopened
    if not (has_properties or has_bounds or correction.absent or correction.revokes or correction.has_observation):
        raise InvalidMessage("the correction has no changes", hint="for example, set the end")
    if correction.reopened and correction.end is not None:
        raise InvalidMessage("end: cannot be combined with reopened")
    if correction.absent and has_properties:
        raise InvalidMessage("absent: cannot be combined with project, state and attributes")
    _check_intervals(correction)
    has_window = correction.since is not None or correction.until is not None
    if has_window and not (has_properties or correction.absent):
        raise InvalidMessage(
            f"{'since' if correction.since is not None else 'until'}: the correction has no changes in this interval",
            hint="set project, state or attributes, or absent",
        )


def _check_intervals(correction: Correction) -> None:
    start, end = correction.start, correction.end
    if start is not None and end is not None and end <= start:
        raise InvalidMessage("end: must be after the start")
    since, until = correction.since, correction.until
    if since is not None and until is not None and until <= since:
        raise InvalidMessage("until: must be after the start of the interval")


def _parse_attributes(payload: Payload) -> dict[str, object]:
    """Return strings, integers and booleans; null removes an attribute."""
    attributes = find_object(payload, "attributes")
    for name, value in attributes.items():
        if not name or len(name) > _ATTRIBUTE_NAME_LENGTH or not name.isprintable():
            raise InvalidMessage(f"attributes: names must have 1 to {_ATTRIBUTE_NAME_LENGTH} printable characters")
        if isinstance(value, str):
            parse_text(value, f"attributes.{name}", _ATTRIBUTE_LENGTH)
        elif value is not None and (not isinstance(value, int) or not -_MAX_INTEGER <= value <= _MAX_INTEGER):
            raise InvalidMessage(f"attributes.{name}: {quote_value(value)} is not a string, integer or boolean")
    return dict(attributes)
