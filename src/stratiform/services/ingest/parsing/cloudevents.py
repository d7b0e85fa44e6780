"""CloudEvents 1.0 in JSON.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md and formats/json-format.md.
"""

import base64
import hashlib
from decimal import Decimal
from urllib.parse import quote as quote_url

import msgspec

from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing import usage_events
from stratiform.services.ingest.parsing.envelope import EVENT_TYPE_LENGTH, MESSAGE_ID_LENGTH
from stratiform.services.ingest.parsing.payload_values import Payload, find_text, parse_time, require_text

_SOURCE_LENGTH = 1024
_PUBLISHER_LENGTH = 255

_decoder = msgspec.json.Decoder()

#: Decodes fractions to exact decimals.
_exact_decoder = msgspec.json.Decoder(float_hook=Decimal)


def parse_cloudevent(raw: bytes, cloud: str) -> Event:
    """Parse a JSON document. `cloud` is the cloud of an event without one. Raises: InvalidMessage."""
    document = _decode(raw, _decoder)
    if document.get("type") == usage_events.SAMPLED:
        document = _decode(raw, _exact_decoder)
    if document.get("specversion") != "1.0":
        raise InvalidMessage("not a CloudEvent: specversion must be 1.0")
    source = require_text(document, "source", _SOURCE_LENGTH)
    source_id = require_text(document, "id", _SOURCE_LENGTH)
    event_type = require_text(document, "type", EVENT_TYPE_LENGTH)
    at = parse_time(document.get("time"), "time")
    if at is None:
        raise InvalidMessage("time is missing")
    return Event(
        message_id=build_message_id(source, source_id),
        event_type=event_type,
        publisher_id="".join(char for char in source[:_PUBLISHER_LENGTH] if char.isprintable()),
        at=at,
        cloud=find_text(document, "cloud", 64) or cloud,
        payload=_data(document),
    )


def build_message_id(source: str, source_id: str) -> str:
    """Return the message id of the event; it is unique for each pair of source and id."""
    key = f"{quote_url(source, safe='/:@')}#{quote_url(source_id, safe='/:@')}"
    return key if len(key) <= MESSAGE_ID_LENGTH else f"ce-{hashlib.sha256(key.encode()).hexdigest()}"


def _decode(raw: bytes, decoder: "msgspec.json.Decoder[object]") -> dict[str, object]:
    try:
        document = decoder.decode(raw)
    except NOT_JSON as error:
        raise InvalidMessage(f"not JSON: {error}") from error
    if not isinstance(document, dict):
        raise InvalidMessage("not a CloudEvent: not a JSON object")
    return document


def _data(document: Payload) -> dict[str, object]:
    data, encoded = document.get("data"), document.get("data_base64")
    if encoded is not None:
        if data is not None or not isinstance(encoded, str):
            raise InvalidMessage("data_base64 must be a string, and cannot be combined with data")
        try:
            data = msgspec.json.decode(base64.b64decode(encoded, validate=True))
        except (*NOT_JSON, ValueError) as error:
            raise InvalidMessage("data_base64 is not base64-encoded JSON") from error
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise InvalidMessage("data is not a JSON object")
    return data
