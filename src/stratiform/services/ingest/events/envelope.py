"""oslo.messaging's envelope: version 1 (bare), version 2 (the message as a text in it), and a recorder's line.

Only what is needed is decoded: a service puts its user's whole context beside the payload, and the payload of a message
that nobody reads is left as it is.
Source: oslo_messaging/_drivers/common.py (serialize_msg), oslo_messaging/notify/notifier.py.
"""

import re
from typing import Any

import msgspec

from stratiform.kit.clock import Micros, iso_naive
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.events.values import moment, text_of

#: Longer than any real one, short enough for an index of every database.
MESSAGE_ID_LENGTH = 128
EVENT_TYPE_LENGTH = 255

#: In the context beside a payload it is `_context_auth_token`, in a context inside of one `auth_token`.
_TOKEN_NAME = b"auth_token"
_TOKEN = re.compile(rb'(auth_token\\*"\s*:\s*\\*")[^"\\]+')

_NO_PAYLOAD = msgspec.Raw(b"{}")


class _Message(msgspec.Struct):
    """A message, an envelope or a recorder's line: what is told of each is beside each other here."""

    event_type: Any = None
    message_id: Any = None
    timestamp: Any = None
    publisher_id: Any = None
    payload: msgspec.Raw = _NO_PAYLOAD
    inner: Any = msgspec.field(name="oslo.message", default=msgspec.UNSET)
    version: Any = msgspec.field(name="oslo.version", default="2.0")
    body: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_decode = msgspec.json.Decoder(_Message).decode


class Opened(msgspec.Struct, frozen=True):
    """A message without its envelope. `payload` is JSON still."""

    event_type: str
    message_id: str
    publisher_id: str
    at: Micros
    payload: msgspec.Raw

    def event(self, cloud: str) -> Event:
        """Raises InvalidMessage."""
        payload = _document(self.payload)
        return Event(
            message_id=self.message_id,
            event_type=self.event_type,
            publisher_id=self.publisher_id,
            at=self.at,
            cloud=cloud,
            payload=payload if isinstance(payload, dict) else {},
        )


def opened(raw: bytes) -> Opened:
    """The message in `raw`, a JSON document. Raises InvalidMessage."""
    message = _message(_recorded(_object(raw)))
    event_type = text_of(message.event_type, "event_type", EVENT_TYPE_LENGTH)
    message_id = text_of(message.message_id, "message_id", MESSAGE_ID_LENGTH)
    at = moment(message.timestamp, "timestamp")
    for name, value in (("event_type", event_type), ("message_id", message_id), ("timestamp", at)):
        if value is None:
            raise InvalidMessage(f"no {name}")
    return Opened(str(event_type), str(message_id), _printable(message.publisher_id), at or 0, message.payload)


def resembles(raw: bytes) -> bool:
    """Whether this is meant to be a message: it may still lack something that one must have."""
    try:
        message = _recorded(_object(raw))
    except InvalidMessage:
        return False
    return message.event_type is not None or message.inner is not msgspec.UNSET


def event_of(raw: bytes, cloud: str) -> Event:
    """The event in `raw`, a JSON document. Raises InvalidMessage."""
    return opened(raw).event(cloud)


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
    at = raw.find(_TOKEN_NAME)
    while at >= 0:  # nearly always the name is there and no token with it, which costs less to see than to replace
        if _TOKEN.match(raw, at):
            return _TOKEN.sub(rb"\1***", raw)
        at = raw.find(_TOKEN_NAME, at + 1)
    return raw


def _printable(publisher_id: Any) -> str:
    """Who sent it, as far as it can be stored: no reason to refuse an event."""
    if not isinstance(publisher_id, str):
        return ""
    cut = publisher_id[:255]
    return cut if cut.isprintable() else "".join(char for char in cut if char.isprintable())


def _recorded(message: _Message) -> _Message:
    """The message in a recorder's line (`{"ts", "exchange", "routing_key", "body"}`), or `message` itself."""
    if isinstance(message.body, msgspec.UnsetType) or message.event_type is not None:
        return message
    return _inner(message.body)


def _message(message: _Message) -> _Message:
    if message.inner is msgspec.UNSET:
        return message
    version = message.version
    if not isinstance(version, str) or version.split(".")[0] != "2":
        raise InvalidMessage(f"envelope of version {version}; 1 and 2 are understood")
    if isinstance(message.inner, str):
        return _object(message.inner)
    return _object(msgspec.json.encode(message.inner))


def _inner(body: msgspec.Raw) -> _Message:
    """What stands in a recorder's line: an object, or a text that holds one."""
    if bytes(body)[:1] == b'"':
        body = _document(body)
    return _object(body)


def _object(raw: bytes | str | msgspec.Raw) -> _Message:
    try:
        return _decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _document(raw)  # says so where it is no JSON at all
        raise InvalidMessage("not a notification: no JSON object") from None


def _document(raw: bytes | str | msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidMessage(f"not JSON: {error}") from error
    except RecursionError as error:
        raise InvalidMessage("not JSON: nested too deep") from error
