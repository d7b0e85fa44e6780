"""Consoles of simulated servers: a serial port with the boot log, and a black screen over RFB, on the loopback address.

Source of the protocol: RFC 6143, "The Remote Framebuffer Protocol".
"""

import logging
import select
import socket
import struct
import threading
from collections.abc import Callable
from typing import Final

from stratiform.contract.console import ConsoleEndpoint

logger = logging.getLogger(__name__)

#: How long an endpoint waits for its connection.
_ACCEPT_TIMEOUT_S: Final = 30

#: The interval in which a serial port looks for new lines of the log.
_POLL_S: Final = 0.1

_RFB_VERSION = b"RFB 003.008\n"
_NO_AUTHENTICATION = 1
_WIDTH, _HEIGHT = 640, 400

#: 32 bits per pixel, 24 used, little-endian, true color, 8 bits for each color; then 3 bytes of padding.
_PIXEL_FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)

#: The number of bytes that follow the type of a message of the client; lists have a number of items in it.
_SET_PIXEL_FORMAT, _SET_ENCODINGS, _UPDATE_REQUEST, _KEY_EVENT, _POINTER_EVENT, _CUT_TEXT = 0, 2, 3, 4, 5, 6

#: Returns the log of a server; None if it does not run any longer.
ReadLog = Callable[[], str | None]


class ConnectionEnded(Exception):
    """The client closed the connection, or sent something that is not RFB."""


def serve_serial_console(read_log: ReadLog) -> ConsoleEndpoint:
    """Serve one connection that receives the log and new lines of it, and echoes what it sends."""
    return _listen(lambda connection: _serve_serial(connection, read_log))


def serve_vnc_console(name: str) -> ConsoleEndpoint:
    """Serve one RFB connection; `name` is that of the desktop."""
    return _listen(lambda connection: _serve_rfb(connection, name))


def _listen(serve: Callable[[socket.socket], None]) -> ConsoleEndpoint:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(_ACCEPT_TIMEOUT_S)
    threading.Thread(target=_accept, args=(listener, serve), name="memory-console", daemon=True).start()
    return ConsoleEndpoint("127.0.0.1", listener.getsockname()[1])


def _accept(listener: socket.socket, serve: Callable[[socket.socket], None]) -> None:
    with listener:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            return
    connection.settimeout(None)
    with connection:
        try:
            serve(connection)
        except (ConnectionEnded, OSError) as error:
            logger.debug("simulated console ended error=%r", str(error))


def _serve_serial(connection: socket.socket, read_log: ReadLog) -> None:
    sent = 0
    while (log := read_log()) is not None:
        connection.sendall(log[sent:].replace("\n", "\r\n").encode())
        sent = len(log)
        if select.select([connection], [], [], _POLL_S)[0]:
            typed = connection.recv(4096)
            if not typed:
                return
            connection.sendall(typed.replace(b"\r", b"\r\n"))


def _serve_rfb(connection: socket.socket, name: str) -> None:
    connection.sendall(_RFB_VERSION)
    if _receive(connection, len(_RFB_VERSION)) != _RFB_VERSION:
        raise ConnectionEnded("not RFB 3.8")
    connection.sendall(bytes([1, _NO_AUTHENTICATION]))
    if _receive(connection, 1)[0] != _NO_AUTHENTICATION:
        raise ConnectionEnded("unknown type of authentication")
    connection.sendall(struct.pack(">I", 0))
    _receive(connection, 1)  # whether other clients may be connected, too
    text = name.encode()
    connection.sendall(struct.pack(">HH", _WIDTH, _HEIGHT) + _PIXEL_FORMAT + struct.pack(">I", len(text)) + text)
    pixel_bytes = 4
    while True:
        kind = _receive(connection, 1)[0]
        if kind == _SET_PIXEL_FORMAT:
            pixel_bytes = _receive(connection, 19)[3] // 8
        elif kind == _UPDATE_REQUEST:
            _answer_update(connection, _receive(connection, 9), pixel_bytes)
        else:
            _skip_message(connection, kind)


def _answer_update(connection: socket.socket, request: bytes, pixel_bytes: int) -> None:
    """Send the whole screen in black, unless only changes are requested: it does not change."""
    is_incremental = request[0]
    if not is_incremental:
        header = struct.pack(">BxHHHHHi", 0, 1, 0, 0, _WIDTH, _HEIGHT, 0)
        connection.sendall(header + bytes(_WIDTH * _HEIGHT * pixel_bytes))


def _skip_message(connection: socket.socket, kind: int) -> None:
    if kind == _SET_ENCODINGS:
        (number,) = struct.unpack(">xH", _receive(connection, 3))
        _receive(connection, 4 * number)
    elif kind == _KEY_EVENT:
        _receive(connection, 7)
    elif kind == _POINTER_EVENT:
        _receive(connection, 5)
    elif kind == _CUT_TEXT:
        (length,) = struct.unpack(">xxxI", _receive(connection, 7))
        for _ in range(length):
            _receive(connection, 1)
    else:
        raise ConnectionEnded(f"unknown VNC message type {kind}")


def _receive(connection: socket.socket, length: int) -> bytes:
    """Return exactly `length` bytes. Raises ConnectionEnded."""
    received = bytearray()
    while len(received) < length:
        chunk = connection.recv(length - len(received))
        if not chunk:
            raise ConnectionEnded("closed by the client")
        received += chunk
    return bytes(received)
