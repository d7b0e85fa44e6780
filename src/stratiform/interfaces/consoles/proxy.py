"""The websocket of consoles: bytes between a browser and the console in a cloud.

The token in the query string is the authorization; it expires, and is for one type of console of one server.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any

import litestar
from anyio import to_thread
from litestar.exceptions import WebSocketDisconnect

from stratiform.contract.console import ConsoleEndpoint
from stratiform.interfaces.consoles.settings import PATH, get_settings
from stratiform.interfaces.http import get_request_id, get_services
from stratiform.interfaces.services import Services
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Fault
from stratiform.kit.policy import SYSTEM

logger = logging.getLogger(__name__)

WebSocket = litestar.WebSocket[object, object, Any]

_CHUNK_BYTES = 64 * 1024
_CONNECT_TIMEOUT_S = 10.0
_STOP_POLL_S = 0.5

#: The subprotocol that older clients of Nova's proxies request.
_BINARY = "binary"

#: Codes of RFC 6455: the request is not allowed, the console is not available.
_POLICY_VIOLATION, _TRY_AGAIN_LATER = 1008, 1013


@litestar.websocket(PATH)
async def connect_console(socket: WebSocket) -> None:
    """Refuse the connection with 403 before it is accepted, or transfer bytes until one side closes it."""
    services = get_services(socket)
    host = socket.headers.get("host", "")
    if not get_settings(socket).is_origin_allowed(socket.headers.get("origin"), host, services):
        logger.warning("console connection refused, origin not allowed request_id=%s", get_request_id(socket.scope))
        await socket.close(code=_POLICY_VIOLATION, reason="Origin header not valid.")
        return
    try:
        endpoint = await to_thread.run_sync(_open, services, socket.query_params.get("token", ""))
        connection = asyncio.open_connection(endpoint.host, endpoint.port)
        reader, writer = await asyncio.wait_for(connection, _CONNECT_TIMEOUT_S)
    except Fault as error:
        await socket.close(code=_POLICY_VIOLATION, reason=error.message[:120])
        return
    except (OSError, TimeoutError):
        await socket.close(code=_TRY_AGAIN_LATER, reason="The console is not available.")
        return
    try:
        offered = socket.headers.get("sec-websocket-protocol", "").replace(" ", "").split(",")
        await socket.accept(subprotocols=_BINARY if _BINARY in offered else None)
        await _transfer(socket, reader, writer, services)
    finally:
        writer.close()
        with suppress(OSError, WebSocketDisconnect, RuntimeError):
            await socket.close()


def _open(services: Services, token: str) -> ConsoleEndpoint:
    """Return the endpoint for a token. The cloud is called with no transaction open.

    Raises: NotFound, ServerNotReady, ConsoleTypeUnavailable, CloudError
    """
    consoles = services.compute.remote_consoles
    with services.database.read_transaction() as db:
        ctx = RequestContext(db, SYSTEM, services.clock.now())
        server, console_type = consoles.get_server_of_token(ctx, token)
    return consoles.open(server, console_type)


async def _transfer(
    socket: WebSocket, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, services: Services
) -> None:
    """Transfer bytes in both directions until one side ends, or the program stops."""
    tasks = [
        asyncio.create_task(_send_to_browser(socket, reader)),
        asyncio.create_task(_send_to_console(socket, writer)),
        asyncio.create_task(_wait_until_stopping(services)),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, OSError | WebSocketDisconnect):
            raise error
    await asyncio.gather(*tasks, return_exceptions=True)


async def _send_to_browser(socket: WebSocket, reader: asyncio.StreamReader) -> None:
    while data := await reader.read(_CHUNK_BYTES):
        await socket.send_bytes(data)


async def _send_to_console(socket: WebSocket, writer: asyncio.StreamWriter) -> None:
    """Accept bytes, and text, which clients of serial consoles send."""
    while True:
        message: Any = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        data = message.get("bytes")
        writer.write(data if data is not None else (message.get("text") or "").encode())
        await writer.drain()


async def _wait_until_stopping(services: Services) -> None:
    while not services.stopping.is_set():
        await asyncio.sleep(_STOP_POLL_S)
