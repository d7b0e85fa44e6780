"""oslo.messaging's envelope: version 1 (bare), version 2 (the message as a text in it), and a recorder's line.

Source: oslo_messaging/_drivers/common.py (serialize_msg), oslo_messaging/notify/notifier.py.
"""

import re
from typing import Any

import msgspec

from stratiform.kit.clock import iso_naive
from stratiform.kit.outbox import Event
from stratiform.services.metering.errors import Malformed
from stratiform.services.metering.events.values import moment, required_text

#: Longer than any real one, short enough for an index of every database.
MESSAGE_ID_LENGTH = 128
_EVENT_TYPE_LENGTH = 255

_TOKEN = re.compile(rb'(_context_auth_token\\*"\s*:\s*\\*")[^"\\]+')


def event_of(raw: bytes, cloud: str) -> Event:
    """The event in `raw`, a JSON document. Raises Malformed."""
    message = _message(_recorded(_document(raw)))
    event_type = required_text(message, "event_type", _EVENT_TYPE_LENGTH)
    message_id = required_text(message, "message_id", MESSAGE_ID_LENGTH)
    at = moment(message.get("timestamp"), "timestamp")
    if at is None:
        raise Malformed("no timestamp")
    payload = message.get("payload")
    publisher_id = message.get("publisher_id")
    return Event(
        message_id=message_id,
        event_type=event_type,
        publisher_id=publisher_id[:255] if isinstance(publisher_id, str) else "",
        at=at,
        cloud=cloud,
        payload=payload if isinstance(payload, dict) else {},
    )


def envelope_of(event: Event) -> bytes:
    """`event` as the message it would have come in, so that it can be kept aside and read again."""
    message = {
        "message_id": event.message_id,
        "publisher_id": event.publisher_id,
        "event_type": event.event_type,
        "timestamp": iso_naive(event.at),
        "payload": event.payload,
    }
    return msgspec.json.encode(message)


def without_token(raw: bytes) -> bytes:
    """`raw` without the user's token, which services put into the context of their notifications."""
    return _TOKEN.sub(rb"\1***", raw)


def _document(raw: bytes | str) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"not JSON: {error}") from error
    except RecursionError as error:
        raise Malformed("not JSON: nested too deep") from error


def _recorded(document: Any) -> Any:
    """The message in a recorder's line (`{"ts", "exchange", "routing_key", "body"}`), or `document` itself."""
    if not isinstance(document, dict) or "body" not in document or "event_type" in document:
        return document
    body = document["body"]
    return _document(body) if isinstance(body, str) else body


def _message(document: Any) -> dict[str, Any]:
    if isinstance(document, dict) and "oslo.message" in document:
        version = document.get("oslo.version", "2.0")
        if not isinstance(version, str) or version.split(".")[0] != "2":
            raise Malformed(f"envelope of version {version}; 1 and 2 are understood")
        inner = document["oslo.message"]
        document = _document(inner) if isinstance(inner, str) else inner
    if not isinstance(document, dict):
        raise Malformed("not a notification: no JSON object")
    return document
