"""A client of binary WebSocket connections. Source: RFC 6455."""

import base64
import hashlib
import os
import socket
import ssl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

_CONNECT_TIMEOUT_S = 10.0

#: The suffix of a key whose hash the server returns. Source: RFC 6455, section 1.3.
_ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_MAX_HEADER_BYTES = 16 * 1024
_MAX_FRAME_BYTES = 16 * 1024 * 1024

_CONTINUATION, _TEXT, _BINARY, _CLOSE, _PING, _PONG = 0, 1, 2, 8, 9, 10
_DATA = (_CONTINUATION, _TEXT, _BINARY)


class WebSocketError(Exception):
    """The server refused the connection, or sent something that is not a frame."""


@dataclass(frozen=True, slots=True)
class WebSocket:
    """An open connection. One thread may receive while another one sends."""

    connection: socket.socket

    def send(self, payload: bytes, opcode: int = _BINARY) -> None:
        """Send one frame. Clients mask their frames."""
        length = len(payload)
        if length < 126:
            header = struct.pack(">BB", 0x80 | opcode, 0x80 | length)
        elif length < 1 << 16:
            header = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            header = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, length)
        mask = os.urandom(4)
        self.connection.sendall(header + mask + _apply_mask(payload, mask))

    def receive(self) -> Iterator[bytes]:
        """Iterate over the payloads until the connection is closed. Raises: WebSocketError, OSError."""
        while (header := _receive_exactly(self.connection, 2)) is not None:
            opcode, length = header[0] & 0x0F, header[1] & 0x7F
            if length >= 126:
                size = 2 if length == 126 else 8
                length = int.from_bytes(_require(_receive_exactly(self.connection, size)), "big")
            if header[1] & 0x80 or length > _MAX_FRAME_BYTES:
                raise WebSocketError("invalid frame")
            payload = _require(_receive_exactly(self.connection, length))
            if opcode == _CLOSE:
                return
            if opcode == _PING:
                self.send(payload, _PONG)
            elif opcode in _DATA:
                yield payload


def open_websocket(url: str, context: ssl.SSLContext) -> WebSocket:
    """Connect to a ws or wss URL. Raises: WebSocketError, OSError."""
    components = urlsplit(url)
    is_secure = components.scheme == "wss"
    host = components.hostname or ""
    port = components.port or (443 if is_secure else 80)
    connection = socket.create_connection((host, port), timeout=_CONNECT_TIMEOUT_S)
    try:
        if is_secure:
            connection = context.wrap_socket(connection, server_hostname=host)
        _shake_hands(
            connection, components.netloc.rpartition("@")[2], components._replace(scheme="", netloc="").geturl()
        )
        connection.settimeout(None)
    except (OSError, WebSocketError):
        connection.close()
        raise
    return WebSocket(connection)


def _shake_hands(connection: socket.socket, host: str, path: str) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path or '/'} HTTP/1.1",
        f"Host: {host}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Protocol: binary",
        "",
        "",
    )
    connection.sendall("\r\n".join(lines).encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)  # not more: the first frame may follow
        if not byte or len(head) > _MAX_HEADER_BYTES:
            raise WebSocketError("the server closed the connection")
        head += byte
    status, *headers = head.decode("latin-1").split("\r\n")
    if status.split(" ")[1:2] != ["101"]:
        raise WebSocketError(f"the server refused the connection: {status}")
    accept = base64.b64encode(hashlib.sha1((key + _ACCEPT_SUFFIX).encode(), usedforsecurity=False).digest()).decode()
    if not any(line.lower() == f"sec-websocket-accept: {accept.lower()}" for line in headers):
        raise WebSocketError("the server does not support the WebSocket protocol")


def _apply_mask(payload: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def _receive_exactly(connection: socket.socket, length: int) -> bytes | None:
    """Return exactly `length` bytes, or None at the end of the connection."""
    received = bytearray()
    while len(received) < length:
        chunk = connection.recv(length - len(received))
        if not chunk:
            return None
        received += chunk
    return bytes(received)


def _require(payload: bytes | None) -> bytes:
    if payload is None:
        raise WebSocketError("the connection ended within a frame")
    return payload
