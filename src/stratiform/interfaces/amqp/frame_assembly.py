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

from amqp.exceptions import UnexpectedFrame  # type: ignore[import-untyped]  # it has no types
from amqp.serialization import decode_properties_basic  # type: ignore[import-untyped]  # it has no types

_METHOD, _HEADER, _BODY = 1, 2, 3
_FRAME_HEADER, _FRAME_END = 7, 0xCE
_FRAME_OVERHEAD = _FRAME_HEADER + 1
_DELIVER = (60, 60)
_HAS_HEADERS = 0x2000
_PROPERTIES_OFFSET = 12

_unpack_frame = Struct(">BHI").unpack_from
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

#: Delivery tag and body of a message.
Delivery = tuple[int, bytes]

#: py-amqp's handler of methods: channel, signature, payload, content.
OnMethod = Callable[[int, tuple[int, int], bytes, None], None]


class _Connection(Protocol):
    bytes_recv: int


class FrameHandler:
    """The `frame_handler` of one `amqp.Connection`. Collects the messages that are complete."""

    def __init__(self) -> None:
        self._deliveries: list[Delivery] = []
        self._chunks: list[bytes] = []
        self._tag, self._remaining, self._compression = 0, 0, ""

    def __call__(self, connection: _Connection, on_method: OnMethod) -> Callable[[Frame], bool]:
        """Return a function that handles a frame, and returns True if a method or message is complete."""
        self._connection, self._on_method = connection, on_method
        return self.handle_frame

    def pop_deliveries(self) -> list[Delivery]:
        """Return the messages since the last call."""
        deliveries, self._deliveries = self._deliveries, []
        return deliveries

    def handle_all(self, data: bytes) -> bytes:
        """Handle all complete frames in `data`; return the rest, the beginning of a frame. Raises: UnexpectedFrame.

        py-amqp reads each frame with three system calls, which takes longer than all that follows.
        """
        start, length = 0, len(data)
        while start + _FRAME_OVERHEAD <= length:
            frame_type, channel, size = _unpack_frame(data, start)
            end = start + _FRAME_OVERHEAD + size
            if end > length:
                break
            if data[end - 1] != _FRAME_END:
                raise UnexpectedFrame(f"frame ends with {data[end - 1]:#04x} instead of {_FRAME_END:#04x}")
            self.handle_frame((frame_type, channel, data[start + _FRAME_HEADER : end - 1]))
            start = end
        return data[start:]

    def handle_frame(self, frame: Frame) -> bool:
        """Handle a frame; return True if a method or message is complete."""
        frame_type, channel, payload = frame
        self._connection.bytes_recv += 1
        if frame_type == _BODY:
            self._chunks.append(payload)
            self._remaining -= len(payload)
            return self._remaining <= 0 and self._complete()
        if frame_type == _HEADER:
            self._remaining, flags = _unpack_size_and_flags(payload, 4)
            self._compression = _find_compression(payload) if flags & _HAS_HEADERS else ""
            return not self._remaining and self._complete()
        if frame_type == _METHOD:
            signature = _unpack_signature(payload)
            if signature != _DELIVER:
                self._on_method(channel, signature, payload, None)
                return True
            self._tag = _unpack_tag(payload, 5 + payload[4])[0]  # after the consumer tag, a string with its length
        return False

    def _complete(self) -> bool:
        body = b"".join(self._chunks)
        self._chunks.clear()
        self._deliveries.append((self._tag, _decompress(body, self._compression) if self._compression else body))
        return True


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
