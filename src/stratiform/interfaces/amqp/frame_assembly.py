"""Assembly of messages from frames. Only the required properties are decoded.

py-amqp decodes all properties of a message and closes the connection at the first that it can't decode. The broker then
delivers the message again and again, and all messages behind it wait.

Source: AMQP 0-9-1, 2.3.5 (frames), 4.2.6.1 (content header); amqp/method_framing.py.
"""

import bz2
import zlib
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from typing import Protocol

from amqp.serialization import decode_properties_basic  # type: ignore[import-untyped]  # it has no types

_METHOD, _HEADER, _BODY = 1, 2, 3
_DELIVER = (60, 60)
_HAS_HEADERS = 0x2000
_PROPERTIES_OFFSET = 12

_unpack_signature = Struct(">HH").unpack_from
_unpack_tag = Struct(">Q").unpack_from
_unpack_size_and_flags = Struct(">QH").unpack_from

#: Decompression by the content types that kombu's option `kombu_compression` sets.
_DECOMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "application/x-gzip": zlib.decompress,
    "application/x-bz2": bz2.decompress,
    "application/x-bzip2": bz2.decompress,
}

#: Type, channel, payload.
Frame = tuple[int, int, bytes]

#: Called with the delivery tag and the body of a message.
OnMessage = Callable[[int, bytes], None]

#: py-amqp's handler of methods: channel, signature, payload, content.
OnMethod = Callable[[int, tuple[int, int], bytes, None], None]


class _Connection(Protocol):
    bytes_recv: int


class FrameHandler:
    """The `frame_handler` of `amqp.Connection`. `on_message` is called for each complete message."""

    def __init__(self, on_message: OnMessage) -> None:
        self._on_message = on_message

    def __call__(self, connection: _Connection, on_method: OnMethod) -> Callable[[Frame], bool]:
        """Return a function that handles a frame, and returns True if a method or message is complete."""
        on_message = self._on_message
        tag, remaining, compression = 0, 0, ""
        chunks: list[bytes] = []

        def complete() -> bool:
            body = b"".join(chunks)
            chunks.clear()
            on_message(tag, _decompress(body, compression) if compression else body)
            return True

        def handle(frame: Frame) -> bool:
            nonlocal tag, remaining, compression
            frame_type, channel, payload = frame
            connection.bytes_recv += 1
            if frame_type == _BODY:
                chunks.append(payload)
                remaining -= len(payload)
                return remaining <= 0 and complete()
            if frame_type == _HEADER:
                remaining, flags = _unpack_size_and_flags(payload, 4)
                compression = _find_compression(payload) if flags & _HAS_HEADERS else ""
                return not remaining and complete()
            if frame_type == _METHOD:
                signature = _unpack_signature(payload)
                if signature != _DELIVER:
                    on_method(channel, signature, payload, None)
                    return True
                tag = _unpack_tag(payload, 5 + payload[4])[0]  # after the consumer tag, a string with its length
            return False

        return handle


def _find_compression(header: bytes) -> str:
    """Return the compression of a body; "" if there is none or the properties can't be decoded."""
    with suppress(Exception):
        value = decode_properties_basic(header, _PROPERTIES_OFFSET)[0]["application_headers"].get("compression")
        return value if isinstance(value, str) else ""
    return ""


def _decompress(body: bytes, compression: str) -> bytes:
    """Return the decompressed body; unchanged if that fails, so that the message is rejected and stored."""
    try:
        return _DECOMPRESS[compression](body)
    except (KeyError, zlib.error, OSError, EOFError, ValueError):
        return body
