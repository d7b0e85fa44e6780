"""Consoles of servers: from the WebSocket of the cloud's proxy to a TCP port."""

import socket
import ssl
from contextlib import closing

import pytest

from connectors.openstack.conftest import FaultyCloud
from stratiform.connectors.openstack.consoles import build_websocket_url
from stratiform.connectors.openstack.websocket import WebSocket, WebSocketError, open_websocket
from stratiform.contract.console import ConsoleEndpoint, ConsoleType
from stratiform.contract.errors import CloudUnreachable, RequestRejected
from support.faulty_proxy import answer


def read(endpoint: ConsoleEndpoint, expected: bytes) -> socket.socket:
    """Connect to a console, and read until it has sent `expected`."""
    connection = socket.create_connection((endpoint.host, endpoint.port), timeout=20)
    received = b""
    while expected not in received:
        chunk = connection.recv(4096)
        assert chunk, received
        received += chunk
    return connection


def test_a_serial_console_sends_and_receives(cloud: FaultyCloud) -> None:
    server = cloud.create_server()
    with closing(read(cloud.compute.open_console(server.id, ConsoleType.SERIAL), b"login: ")) as connection:
        connection.sendall(b"operator\r")
        received = b""
        while b"operator" not in received:
            received += connection.recv(4096)


def test_a_graphical_console_is_an_rfb_server(cloud: FaultyCloud) -> None:
    server = cloud.create_server()
    compute = cloud.peer.connect(cloud.installation_id).compute  # the proxy forwards no WebSocket
    assert compute is not None
    with closing(read(compute.open_console(server.id, ConsoleType.VNC), b"RFB 003.008\n")) as connection:
        connection.sendall(b"RFB 003.008\n")
        assert connection.recv(2) == b"\x01\x01"


def test_a_stopped_server_has_no_console(cloud: FaultyCloud) -> None:
    server = cloud.create_server()
    cloud.proxy.add("/remote-consoles$", answer(409, b'{"conflictingRequest": {"message": "Instance not ready"}}'))
    with pytest.raises(RequestRejected, match="Instance not ready"):
        cloud.compute.open_console(server.id, ConsoleType.SERIAL)


def test_a_proxy_that_does_not_respond(cloud: FaultyCloud) -> None:
    server = cloud.create_server()
    cloud.proxy.add(
        "/remote-consoles$", answer(200, b'{"remote_console": {"url": "ws://127.0.0.1:1/?token=secret-1"}}')
    )
    with pytest.raises(CloudUnreachable, match="console proxy does not respond") as raised:
        cloud.compute.open_console(server.id, ConsoleType.SERIAL)
    assert "secret-1" not in raised.value.message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("ws://cloud.example:6083/?token=t", "ws://cloud.example:6083/?token=t"),
        ("http://cloud.example:6080/vnc_auto.html?path=%3Ftoken%3Dt", "ws://cloud.example:6080/?token=t"),
        ("https://cloud.example/vnc_lite.html?path=websockify%3Ftoken%3Dt", "wss://cloud.example/websockify?token=t"),
        ("https://cloud.example/vnc_auto.html?token=t", "wss://cloud.example/?token=t"),
    ],
)
def test_the_page_of_a_console_names_its_websocket(url: str, expected: str) -> None:
    assert build_websocket_url(url) == expected


def test_frames_of_all_lengths() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sender = WebSocket(ours)
        for length in (0, 1, 125, 126, 65_535, 65_536):
            payload = bytes(number % 251 for number in range(length))
            sender.send(payload)
            assert _read_masked(theirs) == payload
        theirs.sendall(b"\x89\x02hi" + b"\x82\x7e\x00\x80" + bytes(128) + b"\x88\x00")
        assert list(sender.receive()) == [bytes(128)]
        assert theirs.recv(2) == b"\x8a\x82"


def _read_masked(connection: socket.socket) -> bytes:
    def take(count: int) -> bytes:
        received = b""
        while len(received) < count:
            received += connection.recv(count - len(received))
        return received

    length = take(2)[1] & 0x7F
    if length >= 126:
        length = int.from_bytes(take(2 if length == 126 else 8), "big")
    mask = take(4)
    return bytes(byte ^ mask[index % 4] for index, byte in enumerate(take(length)))


def test_a_server_without_websockets_is_refused(cloud: FaultyCloud) -> None:
    with pytest.raises(WebSocketError, match="refused the connection"):
        open_websocket(cloud.proxy.url.replace("http", "ws") + "/identity/v3", ssl.create_default_context())
