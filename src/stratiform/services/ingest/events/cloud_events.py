"""CloudEvents 1.0, and the types of our own that need no meter file: `usage.started`, `.changed`, `.ended`, `.sampled`.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and formats/json-format.md.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, cast
from urllib.parse import quote

import msgspec

from stratiform.contract.usage import parse_decimal
from stratiform.kit.clock import SECOND_US
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.envelope import EVENT_TYPE_LENGTH, MESSAGE_ID_LENGTH
from stratiform.services.ingest.events.values import (
    labels_of,
    mapping,
    moment,
    number_of,
    required_text,
    text,
    text_of,
    whole,
)
from stratiform.services.ledger.model import METER_KINDS, MeterFormat, MeterKind, Resource, ResourceStatement, Statement
from stratiform.services.ledger.model.samples import MAX_HOLD

STARTED, CHANGED, ENDED, SAMPLED = "usage.started", "usage.changed", "usage.ended", "usage.sampled"
OWN = (STARTED, CHANGED, ENDED, SAMPLED)

#: What `data` may have. A misspelt key would be use, or a price, that nobody misses.
_SAID = frozenset(("resource_type", "resource_id", "project_id", "name", "tags", "parent", "source"))
_SAID_OF_USE = _SAID | {"state", "attributes"}
_SAID_OF_SAMPLES = _SAID | {"samples"}
_SAID_OF_PARENT = frozenset(("resource_type", "resource_id"))
_SAID_OF_SAMPLE = frozenset(("value", "kind", "unit", "hold"))

#: For so many seconds a gauge's value holds where it isn't told otherwise, as in a meter file.
_HOLD_S = 3600

_LONGEST_SOURCE = 1024
_MOST_ATTRIBUTES = 64
_TYPE = re.compile(r"[a-z][a-z0-9_]{0,31}")
_ATTRIBUTE = re.compile(r"[a-z][a-z0-9_]{0,63}")
_METER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")

#: Fractions as they were written: a binary one is another number.
_exact = msgspec.json.Decoder(float_hook=Decimal)


def event_of(raw: bytes, cloud: str) -> Event:
    """The event in the JSON document `raw`; `cloud` where it doesn't name one itself. Raises InvalidMessage."""
    document = _document(raw, msgspec.json.Decoder())
    if document.get("type") == SAMPLED:
        document = _document(raw, _exact)
    if document.get("specversion") != "1.0":
        raise InvalidMessage("no CloudEvent of version 1.0: specversion is missing, or another")
    source, own_id = required_text(document, "source", _LONGEST_SOURCE), required_text(document, "id", _LONGEST_SOURCE)
    event_type = required_text(document, "type", EVENT_TYPE_LENGTH)
    at = moment(document.get("time"), "time")
    if at is None:
        raise InvalidMessage("no time: what was used can't be told without")
    return Event(
        message_id=message_id(source, own_id),
        event_type=event_type,
        publisher_id="".join(char for char in source[:255] if char.isprintable()),
        at=at,
        cloud=text(document, "cloud", 64) or cloud,
        payload=_data(document),
    )


def message_id(source: str, own_id: str) -> str:
    """The id under which the ledger knows the event: another for every other pair of source and id."""
    whole_id = f"{quote(source, safe='/:@')}#{quote(own_id, safe='/:@')}"
    return whole_id if len(whole_id) <= MESSAGE_ID_LENGTH else f"ce-{hashlib.sha256(whole_id.encode()).hexdigest()}"


def _document(raw: bytes, decoder: Any) -> dict[str, Any]:
    try:
        document = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidMessage(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidMessage("no CloudEvent: no JSON object")
    return document


def _data(document: dict[str, Any]) -> dict[str, Any]:
    data = document.get("data")
    if data is None and isinstance(document.get("data_base64"), str):
        try:
            data = msgspec.json.decode(base64.b64decode(document["data_base64"], validate=True))
        except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError) as error:
            raise InvalidMessage("data_base64 is no JSON in base64") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidMessage("data is no JSON object")
    return data


def read(event: Event) -> ResourceStatement:
    """What an event of our own types says. Raises InvalidMessage."""
    told, kind = event.payload, event.event_type
    _only(told, _SAID_OF_SAMPLES if kind == SAMPLED else _SAID_OF_USE, "data")
    resource_type = required_text(told, "resource_type", 32)
    if not _TYPE.fullmatch(resource_type):
        raise InvalidMessage("resource_type has small letters, digits and _, and begins with a letter")
    samples, meters = _samples(told) if kind == SAMPLED else ({}, {})
    standing = {} if kind == SAMPLED else {"state": text(told, "state", 32), "attributes": _attributes(told)}
    statement = Statement(
        at=event.at,
        message_id=event.message_id,
        project_id=required_text(told, "project_id", 64) if kind == STARTED else text(told, "project_id", 64),
        name=text(told, "name"),
        launched_at=event.at if kind == STARTED else None,
        terminated_at=event.at if kind == ENDED else None,
        tags=None if told.get("tags") is None else labels_of(told["tags"], "tags"),
        parent=_parent(told),
        samples=samples,
        meters=meters,
        source=text(told, "source", 128) or "",
        **cast("dict[str, Any]", standing),
    )
    resource = Resource(event.cloud, resource_type, required_text(told, "resource_id", 128))
    return ResourceStatement(resource, kind, event.publisher_id, statement)


def _only(told: Mapping[str, Any], known: frozenset[str], where: str) -> None:
    unknown = next((name for name in told if name not in known), None)
    if unknown is not None:
        near = get_close_matches(unknown, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(sorted(known))}"
        raise InvalidMessage(f"{where} has no {unknown[:80]!r}: {hint}")


def _attributes(told: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, whole numbers, true and false; a fraction is kept as a text of its digits; null takes one away."""
    given = mapping(told, "attributes")
    if len(given) > _MOST_ATTRIBUTES:
        raise InvalidMessage(f"attributes has more than {_MOST_ATTRIBUTES}")
    found = {}
    for name, value in given.items():
        if not _ATTRIBUTE.fullmatch(name):
            raise InvalidMessage(f"attributes: {name[:80]!r} has other than small letters, digits and _")
        found[name] = _attribute(value, f"attributes.{name}")
    return found


def _attribute(value: Any, name: str) -> str | int | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**63:
            raise InvalidMessage(f"{name} is too large")
        return value
    if isinstance(value, float):
        number = parse_decimal(repr(value))
        return int(number) if number is not None and number == int(number) else str(number)
    return text_of(value, name)


def _parent(told: Mapping[str, Any]) -> tuple[str, str] | None:
    if told.get("parent") is None:
        return None
    parent = mapping(told, "parent")
    _only(parent, _SAID_OF_PARENT, "parent")
    return required_text(parent, "resource_type", 32), required_text(parent, "resource_id", 128)


def _samples(told: Mapping[str, Any]) -> tuple[dict[str, Decimal], dict[str, MeterFormat]]:
    given = mapping(told, "samples")
    if not given:
        raise InvalidMessage("no samples")
    values, meters = {}, {}
    for name, told_of in given.items():
        if not _METER.fullmatch(name):
            raise InvalidMessage(f"samples: {name[:80]!r} is no name of a meter: letters, digits, and . _ : -")
        one = told_of if isinstance(told_of, dict) else {"value": told_of}
        _only(one, _SAID_OF_SAMPLE, f"samples.{name}")
        value = one.get("value")
        number = number_of(str(value) if isinstance(value, Decimal) else value, f"samples.{name}")
        if number is None:
            raise InvalidMessage(f"samples.{name} has no value")
        values[name], meters[name] = number, _meter(one, f"samples.{name}")
    return values, meters


def _meter(one: Mapping[str, Any], name: str) -> MeterFormat:
    kind = text(one, "kind", 16)
    if kind is None:
        raise InvalidMessage(f"{name}: no meter file says how it is counted, so give kind: {', '.join(METER_KINDS)}")
    if kind not in METER_KINDS:
        raise InvalidMessage(f"{name}: kind is {', '.join(METER_KINDS)}, not {kind!r}")
    hold = whole(one, "hold") or _HOLD_S
    if hold * SECOND_US > MAX_HOLD:
        raise InvalidMessage(f"{name}: no value holds longer than 31 days")
    return MeterFormat(cast("MeterKind", kind), text(one, "unit", 32) or "", hold * SECOND_US if kind == "gauge" else 0)
