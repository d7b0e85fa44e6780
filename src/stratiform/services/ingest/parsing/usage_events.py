"""Stratiform's own event types, which need no meter file: `usage.started`, `.changed`, `.ended` and `.sampled`."""

import re
from decimal import Decimal
from difflib import get_close_matches
from typing import TypeGuard

from stratiform.contract.usage import parse_decimal
from stratiform.kit.clock import SECOND_US
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.payload_values import (
    Payload,
    find_integer,
    find_object,
    find_text,
    parse_number,
    parse_tags,
    parse_text,
    require_text,
)
from stratiform.services.ledger.model import METER_KINDS, MeterFormat, MeterKind, Resource, ResourceStatement, Statement
from stratiform.services.ledger.model.samples import MAX_HOLD

STARTED, CHANGED, ENDED, SAMPLED = "usage.started", "usage.changed", "usage.ended", "usage.sampled"
EVENT_TYPES = (STARTED, CHANGED, ENDED, SAMPLED)

#: The keys of payloads. Unknown keys are rejected: a misspelled one would lose usage.
_COMMON_KEYS = frozenset(("resource_type", "resource_id", "project_id", "name", "tags", "parent", "source"))
_STATE_KEYS = _COMMON_KEYS | {"state", "attributes"}
_SAMPLED_KEYS = _COMMON_KEYS | {"samples"}
_PARENT_KEYS = frozenset(("resource_type", "resource_id"))
_SAMPLE_KEYS = frozenset(("value", "kind", "unit", "hold"))

#: The default of meter files.
_DEFAULT_HOLD_S = 3600

_MAX_ATTRIBUTES = 64
_RESOURCE_TYPE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_METER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


def parse_usage_event(event: Event) -> ResourceStatement:
    """Parse an event of one of EVENT_TYPES. Raises: InvalidMessage."""
    payload, event_type = event.payload, event.event_type
    is_sampled = event_type == SAMPLED
    _check_keys(payload, _SAMPLED_KEYS if is_sampled else _STATE_KEYS, "data")
    resource_type = require_text(payload, "resource_type", 32)
    if not _RESOURCE_TYPE.fullmatch(resource_type):
        raise InvalidMessage("resource_type must consist of lowercase letters, digits and _, and start with a letter")
    samples, meters = _parse_samples(payload) if is_sampled else ({}, {})
    find_project = require_text if event_type == STARTED else find_text
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=find_project(payload, "project_id", 64),
        name=find_text(payload, "name"),
        state=None if is_sampled else find_text(payload, "state", 32),
        launched_at=event.at if event_type == STARTED else None,
        terminated_at=event.at if event_type == ENDED else None,
        attributes={} if is_sampled else _parse_attributes(payload),
        tags=None if payload.get("tags") is None else parse_tags(payload["tags"], "tags"),
        parent=_parse_parent(payload),
        samples=samples,
        meters=meters,
        source=find_text(payload, "source", 128) or "",
    )
    resource = Resource(event.cloud, resource_type, require_text(payload, "resource_id", 128))
    return ResourceStatement(resource, event_type, event.publisher_id, statement)


def _check_keys(payload: Payload, keys: frozenset[str], name: str) -> None:
    unknown = next((key for key in payload if key not in keys), None)
    if unknown is not None:
        matches = get_close_matches(unknown, keys, 1)
        hint = f"did you mean {matches[0]}?" if matches else f"known keys: {', '.join(sorted(keys))}"
        raise InvalidMessage(f"{name}: unknown key {unknown[:80]!r}; {hint}")


def _parse_attributes(payload: Payload) -> dict[str, object]:
    """Return strings, integers and booleans; a fraction becomes a string of its digits; null removes an attribute."""
    values = find_object(payload, "attributes")
    if len(values) > _MAX_ATTRIBUTES:
        raise InvalidMessage(f"attributes has more than {_MAX_ATTRIBUTES} keys")
    attributes: dict[str, object] = {}
    for name, value in values.items():
        if not _ATTRIBUTE.fullmatch(name):
            raise InvalidMessage(f"attributes: {name[:80]!r} must consist of lowercase letters, digits and _")
        attributes[name] = _parse_attribute(value, f"attributes.{name}")
    return attributes


def _parse_attribute(value: object, name: str) -> str | int | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InvalidMessage(f"{name} is out of range")
        return value
    if isinstance(value, float):
        number = parse_decimal(repr(value))
        return int(number) if number is not None and number == int(number) else str(number)
    return parse_text(value, name)


def _parse_parent(payload: Payload) -> tuple[str, str] | None:
    if payload.get("parent") is None:
        return None
    parent = find_object(payload, "parent")
    _check_keys(parent, _PARENT_KEYS, "parent")
    return require_text(parent, "resource_type", 32), require_text(parent, "resource_id", 128)


def _parse_samples(payload: Payload) -> tuple[dict[str, Decimal], dict[str, MeterFormat]]:
    """Return values and formats of the samples by meter."""
    samples = find_object(payload, "samples")
    if not samples:
        raise InvalidMessage("samples is missing")
    values: dict[str, Decimal] = {}
    meters: dict[str, MeterFormat] = {}
    for meter, item in samples.items():
        if not _METER.fullmatch(meter):
            raise InvalidMessage(f"samples: {meter[:80]!r} must consist of letters, digits and . _ : -")
        name = f"samples.{meter}"
        sample = item if isinstance(item, dict) else {"value": item}
        _check_keys(sample, _SAMPLE_KEYS, name)
        values[meter], meters[meter] = _parse_value(sample, name), _parse_format(sample, name)
    return values, meters


def _parse_value(sample: Payload, name: str) -> Decimal:
    value = sample.get("value")
    number = parse_number(str(value) if isinstance(value, Decimal) else value, name)
    if number is None:
        raise InvalidMessage(f"{name}: value is missing")
    return number


def _parse_format(sample: Payload, name: str) -> MeterFormat:
    kind = find_text(sample, "kind", 16)
    if kind is None:
        raise InvalidMessage(f"{name}: kind is missing, and no meter file defines it: {', '.join(METER_KINDS)}")
    if not _is_meter_kind(kind):
        raise InvalidMessage(f"{name}: kind must be one of {', '.join(METER_KINDS)}, not {kind!r}")
    hold = find_integer(sample, "hold") or _DEFAULT_HOLD_S
    if hold * SECOND_US > MAX_HOLD:
        raise InvalidMessage(f"{name}: hold must not exceed 31 days")
    return MeterFormat(kind, find_text(sample, "unit", 32) or "", hold * SECOND_US if kind == "gauge" else 0)


def _is_meter_kind(kind: str) -> TypeGuard[MeterKind]:
    return kind in METER_KINDS
