"""Consoles of servers: Nova's proxies serve them over WebSocket; here each has a TCP port of this machine.

Source: Compute API, "Create Remote Console"; nova/console/websocketproxy.py.
"""

import logging
import socket
import ssl
import threading
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import msgspec

from stratiform.connectors.openstack.websocket import WebSocket, WebSocketError, open_websocket
from stratiform.contract.console import ConsoleEndpoint, ConsoleType
from stratiform.contract.errors import CloudUnreachable

if TYPE_CHECKING:
    from stratiform.connectors.openstack.client import Client

logger = logging.getLogger(__name__)

#: How long a port waits for its connection.
_ACCEPT_TIMEOUT_S = 30.0

_CHUNK_BYTES = 64 * 1024
_PROTOCOLS = {ConsoleType.SERIAL: "serial", ConsoleType.VNC: "vnc"}
_SCHEMES = {"http": "ws", "https": "wss"}


class _RemoteConsole(msgspec.Struct, frozen=True):
    url: str


def open_console(client: "Client", server_id: str, console_type: ConsoleType) -> ConsoleEndpoint:
    """Return a TCP port for one connection. Raises: CloudUnreachable if the proxy does not accept ours."""
    request = {"protocol": _PROTOCOLS[console_type], "type": console_type.value}
    path = f"/servers/{server_id}/remote-consoles"
    response = client.request("compute", "POST", path, {"remote_console": request})
    console = client.decode("compute", response, "remote_console", _RemoteConsole)
    try:
        remote = open_websocket(build_websocket_url(console.url), _create_context(client))
    except (OSError, ValueError, WebSocketError) as error:
        raise CloudUnreachable(f"the cloud's console proxy does not respond: {error}") from error
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(_ACCEPT_TIMEOUT_S)
    threading.Thread(target=_serve, args=(listener, remote), name="openstack-console", daemon=True).start()
    return ConsoleEndpoint("127.0.0.1", listener.getsockname()[1])


def build_websocket_url(url: str) -> str:
    """Return the address to which the page at a console's URL connects.

    That of a serial console is one already. That of noVNC has the path, with the token, as a parameter.
    """
    components = urlsplit(url)
    if components.scheme not in _SCHEMES:
        return url
    query = parse_qs(components.query)
    path = query["path"][0].lstrip("/") if "path" in query else f"?token={query['token'][0]}"
    return f"{_SCHEMES[components.scheme]}://{components.netloc}/{path}"


def _create_context(client: "Client") -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=client.settings.cacert or None)
    if not client.settings.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _serve(listener: socket.socket, remote: WebSocket) -> None:
    """Accept one connection, and transfer bytes until one side ends it."""
    with remote.connection:
        with listener:
            try:
                local, _ = listener.accept()
            except TimeoutError:
                return
        local.settimeout(None)
        with local:
            threading.Thread(target=_send, args=(local, remote), name="openstack-console-input", daemon=True).start()
            try:
                for payload in remote.receive():
                    local.sendall(payload)
            except (OSError, WebSocketError) as error:
                logger.debug("console ended error=%r", str(error))
            _shut_down(local)


def _send(local: socket.socket, remote: WebSocket) -> None:
    with suppress(OSError):
        while chunk := local.recv(_CHUNK_BYTES):
            remote.send(chunk)
    _shut_down(remote.connection)


def _shut_down(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
