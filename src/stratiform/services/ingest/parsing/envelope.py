"""oslo.messaging envelopes: version 1 (the bare message), version 2 (the message as a string), and recorded messages.

Only the necessary fields are decoded: services add the complete context of the user, and the payload of an ignored
message is never decoded.
Source: oslo_messaging/_drivers/common.py (serialize_msg), oslo_messaging/notify/notifier.py.
"""

import re
from functools import lru_cache

import msgspec

from stratiform.kit.clock import Micros, format_iso_naive
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.message_identity import (
    REPETITION_KEY,
    REPETITION_PUBLISHER,
    find_payload_time,
    make_content_id,
)
from stratiform.services.ingest.parsing.payload_values import decode_json, parse_text, parse_time

#: Longer than the ids of all services, short enough for an index of every database.
MESSAGE_ID_LENGTH = 128
EVENT_TYPE_LENGTH = 255
_PUBLISHER_LENGTH = 255
_PROJECT_ID_LENGTH = 64
_NAME_LENGTH = 255

#: The key is `_context_auth_token` in the context of a message, and `auth_token` in a nested context.
_TOKEN_KEY = b"auth_token"
_TOKEN = re.compile(rb'(auth_token\\*"\s*:\s*\\*")[^"\\]+')

_NO_PAYLOAD = msgspec.Raw(b"{}")


class _Document(msgspec.Struct):
    """A message, an envelope of version 2, or a recorded message: the fields of all three."""

    event_type: object = None
    message_id: object = None
    timestamp: object = None
    publisher_id: object = None
    payload: msgspec.Raw = _NO_PAYLOAD
    context_timestamp: object = msgspec.field(name="_context_timestamp", default=None)
    project_id: object = msgspec.field(name="_context_project_id", default=None)
    project_name: object = msgspec.field(name="_context_project_name", default=None)
    retry_count: object = msgspec.field(name=REPETITION_KEY, default=None)
    inner: object = msgspec.field(name="oslo.message", default=msgspec.UNSET)
    version: object = msgspec.field(name="oslo.version", default="2.0")
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Document).decode


class Message(msgspec.Struct, frozen=True):
    """A message without its envelope. `payload` is not decoded yet.

    `repeated_at`: when Almanach published the message again; then `at` is an earlier time of the original. `project`:
    id and name of the project of the user whose request caused the message, if it has them.
    """

    event_type: str
    message_id: str
    publisher_id: str
    at: Micros
    payload: msgspec.Raw
    repeated_at: Micros | None = None
    project: tuple[str, str] | None = None

    def to_event(self, cloud: str) -> Event:
        """Decode the payload. Raises: InvalidMessage."""
        payload = decode_json(self.payload)
        return Event(
            message_id=self.message_id,
            event_type=self.event_type,
            publisher_id=self.publisher_id,
            at=self.at,
            cloud=cloud,
            payload=payload if isinstance(payload, dict) else {},
        )


def parse_envelope(raw: bytes) -> Message:
    """Parse a JSON document. Raises: InvalidMessage."""
    document = _unwrap_envelope(_unwrap_recording(_decode_document(raw)))
    event_type = parse_text(document.event_type, "event_type", EVENT_TYPE_LENGTH)
    message_id = parse_text(document.message_id, "message_id", MESSAGE_ID_LENGTH)
    at = parse_time(document.timestamp, "timestamp")
    if event_type is None:
        raise InvalidMessage("event_type is missing")
    publisher_id = _printable(document.publisher_id)
    if publisher_id == REPETITION_PUBLISHER or document.retry_count is not None:
        return _parse_repetition(document, event_type, publisher_id, at)
    if message_id is None or at is None:
        return _complete(document, event_type, message_id, publisher_id, at)
    return Message(event_type, message_id, publisher_id, at, document.payload, project=_find_project(document))


def _find_project(document: _Document) -> tuple[str, str] | None:
    """Return the project in the context of a message; None if it is incomplete or can't be stored."""
    project_id, name = document.project_id, document.project_name
    return _check_project(project_id, name) if isinstance(project_id, str) and isinstance(name, str) else None


@lru_cache(maxsize=8192)
def _check_project(project_id: str, name: str) -> tuple[str, str] | None:
    is_storable = len(project_id) <= _PROJECT_ID_LENGTH and len(name) <= _NAME_LENGTH and name.isprintable()
    return (project_id, name) if project_id and name and is_storable and project_id.isprintable() else None


def _complete(
    document: _Document, event_type: str, message_id: str | None, publisher_id: str, at: Micros | None
) -> Message:
    """Return a message that lacks its ID or time. Raises: InvalidMessage."""
    payload = decode_json(document.payload)
    if at is None:
        at = parse_time(document.context_timestamp, "_context_timestamp")
    if at is None:
        at = find_payload_time(event_type, payload)
    if at is None:
        raise InvalidMessage("timestamp is missing")
    content_id = message_id or make_content_id(event_type, publisher_id, at, payload)
    return Message(event_type, content_id, publisher_id, at, document.payload)


def _parse_repetition(document: _Document, event_type: str, publisher_id: str, repeated_at: Micros | None) -> Message:
    """Return a message that Almanach published again. All repetitions have the same ID. Raises: InvalidMessage."""
    payload = decode_json(document.payload)
    at = find_payload_time(event_type, payload)
    if at is None:
        at = parse_time(document.context_timestamp, "_context_timestamp")
    if at is None:
        raise InvalidMessage("the timestamp of the original message is missing: Almanach republished this message")
    content_id = make_content_id(event_type, REPETITION_PUBLISHER, at, payload)
    return Message(event_type, content_id, publisher_id, at, document.payload, max(at, repeated_at or at))


def looks_like_notification(raw: bytes) -> bool:
    """Return True for a message, or an envelope of one. Required fields may be missing."""
    try:
        document = _unwrap_recording(_decode_document(raw))
    except InvalidMessage:
        return False
    return document.event_type is not None or document.inner is not msgspec.UNSET


def parse_event(raw: bytes, cloud: str) -> Event:
    """Parse a JSON document with its payload. Raises: InvalidMessage."""
    return parse_envelope(raw).to_event(cloud)


def encode_event(event: Event) -> bytes:
    """Encode an event as a message, so that it can be stored and parsed again."""
    message = {
        "message_id": event.message_id,
        "publisher_id": event.publisher_id,
        "event_type": event.event_type,
        "timestamp": format_iso_naive(event.at),
        "payload": event.payload,
    }
    return msgspec.json.encode(message)


def redact_token(raw: bytes) -> bytes:
    """Replace the user's token, which services include in the context of notifications, by `***`."""
    position = raw.rfind(_TOKEN_KEY)  # takes a third of the time of `find`, as the context is at the end
    while position >= 0:  # most messages have the key without a token: a match is cheaper than a substitution
        if _TOKEN.match(raw, position):
            return _TOKEN.sub(rb"\1***", raw)
        position = raw.rfind(_TOKEN_KEY, 0, position)
    return raw


def _printable(publisher_id: object) -> str:
    """Return the publisher id without characters that can't be stored. An invalid one does not reject the message."""
    if not isinstance(publisher_id, str):
        return ""
    text = publisher_id[:_PUBLISHER_LENGTH]
    return text if text.isprintable() else "".join(char for char in text if char.isprintable())


def _unwrap_recording(document: _Document) -> _Document:
    """Return the message of a recorder's line (`{"ts", "exchange", "routing_key", "body"}`), else the document."""
    if isinstance(document.body, msgspec.UnsetType) or document.event_type is not None:
        return document
    body = document.body
    if bytes(body)[:1] == b'"':  # the message as a string
        return _decode_document(str(decode_json(body)))
    return _decode_document(body)


def _unwrap_envelope(document: _Document) -> _Document:
    if document.inner is msgspec.UNSET:
        return document
    version = document.version
    if not isinstance(version, str) or version.split(".")[0] != "2":
        raise InvalidMessage(f"envelope version {version} is not supported; supported are 1 and 2")
    if isinstance(document.inner, str):
        return _decode_document(document.inner)
    return _decode_document(msgspec.json.encode(document.inner))


def _decode_document(raw: bytes | str | msgspec.Raw) -> _Document:
    try:
        return _decode(raw)
    except NOT_JSON:
        decode_json(raw)  # raises the better error if it is not JSON
        raise InvalidMessage("not a notification: not a JSON object") from None
