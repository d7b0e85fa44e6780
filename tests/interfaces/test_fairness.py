"""Many clients do not keep others from being served."""

import asyncio
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from stratiform.interfaces import hashing_pool
from stratiform.interfaces.endpoints import Api
from stratiform.interfaces.openstack.identity.api import api as identity_api
from support.server import live_server

#: More than granian's default limit of connections that are served at the same time.
CLIENTS = 200


def test_clients_that_keep_their_connection_do_not_block_others(home: Path) -> None:
    with live_server(home) as live, ExitStack() as stack:
        address = urlsplit(live.url)
        for _ in range(CLIENTS):
            connection = stack.enter_context(socket.create_connection((address.hostname, address.port), timeout=60))
            connection.sendall(b"GET /identity/v3 HTTP/1.1\r\nHost: stratiform\r\n\r\n")
            assert connection.recv(64).startswith(b"HTTP/1.1 200")


def test_requests_that_hash_wait_in_their_own_threads() -> None:
    started, release = threading.Event(), threading.Event()

    def hash_slowly() -> str:
        started.set()
        release.wait(60)
        return threading.current_thread().name

    async def run() -> tuple[str, str]:
        slow = [asyncio.create_task(hashing_pool.run_in_hashing_pool(hash_slowly)) for _ in range(50)]
        await asyncio.to_thread(started.wait, 60)
        other = await asyncio.wait_for(asyncio.to_thread(lambda: threading.current_thread().name), 60)
        release.set()
        return (await asyncio.gather(*slow))[0], other

    slow, other = asyncio.run(run())
    assert slow.startswith("hashing")
    assert not other.startswith("hashing")


def test_endpoints_that_take_a_password_are_declared_as_hashing() -> None:
    api: Api = identity_api
    api.import_routes()
    hashing = {endpoint.name for endpoint in api.endpoints if endpoint.hashes}
    assert hashing == {
        "POST /auth/tokens",
        "POST /users",
        "PATCH /users/{user_id}",
        "POST /users/{user_id}/password",
        "POST /users/{user_id}/application_credentials",
    }
