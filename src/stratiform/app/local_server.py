"""The API in the process of a client, for a home whose API does not run."""

import asyncio
import atexit
import socket
import tempfile
import threading
import time
from pathlib import Path

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server

from stratiform.app import database_schema
from stratiform.app.api import build_application
from stratiform.app.home_keys import check_keys
from stratiform.app.settings import Settings
from stratiform.app.wiring import build_services
from stratiform.kit import logging_setup
from stratiform.kit.database import Database
from stratiform.kit.server_proof import address_of


def serve_in_thread(settings: Settings) -> httpx.Client:
    """Serve the API in a thread until the process ends. Return a client of it.

    It listens on a socket in a directory that only this user can read, and writes no address. Raises Conflict if the
    schema of the database is not the newest, or keys are lost or corrupt.
    """
    logging_setup.configure_logging("ERROR")  # errors are in the responses
    database = Database(settings.database)
    atexit.register(database.close)  # SQLite's additional files are deleted by the last connection
    database_schema.require_newest_revision(database)
    check_keys(settings.home, database)
    services = build_services(settings, database=database)
    folder = tempfile.TemporaryDirectory(prefix="stratiform-")  # deleted when the process ends
    path = Path(folder.name) / "api"
    server = Server(
        build_application(services), uds=path, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )

    def serve(_folder: tempfile.TemporaryDirectory[str]) -> None:
        asyncio.run(server.serve())

    threading.Thread(target=serve, args=(folder,), daemon=True, name="api").start()
    while not _accepts_connections(path):
        time.sleep(0.005)
    transport = httpx.HTTPTransport(uds=str(path))
    # Without TLS, because the socket is private. No timeout, because an import may take long.
    base_url = f"http://{address_of(settings.local_url)}"
    return httpx.Client(base_url=base_url, transport=transport, timeout=None)  # noqa: S113


def _accepts_connections(path: Path) -> bool:
    """Return True if the server listens: the file of a socket exists a little earlier."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0
