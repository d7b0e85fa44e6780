"""Putting messages together from frames. Takes of a message what we need, and stumbles over nothing in the rest.

py-amqp's own way reads every property of every message, and ends the connection at the first that it can't read: the
broker would give that message again and again, and everything behind it would wait.

Source: AMQP 0-9-1, 2.3.5 (frames), 4.2.6.1 (content header); amqp/method_framing.py.
"""

import bz2
import zlib
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from typing import Any

from amqp.serialization import decode_properties_basic  # type: ignore[import-untyped]  # it has no types

_METHOD, _HEADER, _BODY = 1, 2, 3
_DELIVER = (60, 60)
_HAS_HEADERS = 0x2000
_PROPERTIES_AT = 12

_signature = Struct(">HH").unpack_from
_tag = Struct(">Q").unpack_from
_size_and_flags = Struct(">QH").unpack_from

#: As kombu writes them, by its option `kombu_compression`.
_UNPACK: dict[object, Callable[[bytes], bytes]] = {
    "application/x-gzip": zlib.decompress,
    "application/x-bz2": bz2.decompress,
    "application/x-bzip2": bz2.decompress,
}

Frame = tuple[int, int, bytes]


class Assembly:
    """What `amqp.Connection` wants as `frame_handler`. `got` is called with each message's tag and body."""

    def __init__(self, got: Callable[[int, bytes], None]) -> None:
        self._got = got

    def __call__(self, connection: Any, method: Callable[[int, tuple[int, int], bytes, None], None]) -> Any:
        """A function that takes one frame, and tells whether something is complete with it."""
        got = self._got
        tag, left, packing = 0, 0, ""
        parts: list[bytes] = []

        def complete() -> bool:
            body = b"".join(parts)
            parts.clear()
            got(tag, _unpacked(body, packing) if packing else body)
            return True

        def take(frame: Frame) -> bool:
            nonlocal tag, left, packing
            kind, channel, payload = frame
            connection.bytes_recv += 1
            if kind == _BODY:
                parts.append(payload)
                left -= len(payload)
                return left <= 0 and complete()
            if kind == _HEADER:
                left, flags = _size_and_flags(payload, 4)
                packing = _packing(payload) if flags & _HAS_HEADERS else ""
                return not left and complete()
            if kind == _METHOD:
                signature = _signature(payload)
                if signature != _DELIVER:
                    method(channel, signature, payload, None)
                    return True
                tag = _tag(payload, 5 + payload[4])[0]  # after the consumer's name, which its length precedes
            return False

        return take


def _packing(header: bytes) -> str:
    """The name of what packed a body, "" where nothing did or the properties can't be read."""
    with suppress(Exception):
        found = decode_properties_basic(header, _PROPERTIES_AT)[0]["application_headers"].get("compression")
        return found if isinstance(found, str) else ""
    return ""


def _unpacked(body: bytes, packing: str) -> bytes:
    """The body as it was sent; as it came, where it isn't what it is said to be: then it is kept aside."""
    try:
        return _UNPACK[packing](body)
    except (KeyError, zlib.error, OSError, EOFError, ValueError):
        return body
