"""Runs API, worker and collector, together or alone, in one process."""

import asyncio
import atexit
import secrets
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
from granian.constants import Interfaces
from granian.server.embed import Server

from stratiform.app import almanach, database_schema, home_folder
from stratiform.app.api import build_application
from stratiform.app.bootstrap import bootstrap, publish_address
from stratiform.app.collector import collect, parse_addresses
from stratiform.app.settings import Settings
from stratiform.app.tls import TlsFiles, find_tls_files
from stratiform.app.wiring import build_services
from stratiform.app.worker import build_worker as make_worker
from stratiform.interfaces.services import Services
from stratiform.kit import garbage_collection, logging_setup
from stratiform.kit.errors import Conflict
from stratiform.kit.server_proof import ServerProof, address_of
from stratiform.kit.work_queue import Worker


def run_programs(settings: Settings, programs: tuple[str, ...], *, ready: Callable[[float], None]) -> None:
    """Run `programs` until SIGTERM or SIGINT. `ready` is called once with the start-up time in seconds.

    Raises Conflict if one of them is already running in this home, or a port is in use.
    """
    started = time.monotonic()
    logging_setup.configure_logging(settings.log_level)
    home_folder.prepare_folder(settings.home)
    with home_folder.lock_programs(settings.home, programs):
        _Process(settings, programs, started, ready).run()


class _Process:
    """One run of the programs in this process."""

    def __init__(
        self, settings: Settings, programs: tuple[str, ...], started: float, ready: Callable[[float], None]
    ) -> None:
        self._settings = settings
        self._programs = programs
        self._started = started
        self._ready = ready
        self._stop = threading.Event()
        self._worker: Worker | None = None
        self._threads: list[threading.Thread] = []
        self._failures: list[Exception] = []
        self._tls_files: TlsFiles | None = None

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        if "collector" in self._programs:
            parse_addresses(self._settings)  # an invalid address is reported before anything starts
        if "api" in self._programs:
            almanach.check_authentication(self._settings)
            self._tls_files = find_tls_files(self._settings)
        services = build_services(self._settings, wake=self._wake)
        with ExitStack() as claims:
            if "api" in self._programs:  # after all settings, so that a wrong one is reported first
                _claim_ports(self._settings, claims)
            bootstrap(services, self._settings)
            garbage_collection.tune_garbage_collector()
            try:
                self._start(services)
                if "api" in self._programs:
                    asyncio.run(self._serve(services))
                else:
                    self._ready(time.monotonic() - self._started)
                    self._stop.wait()
            finally:
                self._shut_down(services)
        if self._failures:
            raise self._failures[0]

    def _start(self, services: Services) -> None:
        if "worker" in self._programs:
            self._worker = make_worker(services, self._settings)
            self._thread("worker", self._worker.run)
        if "collector" in self._programs and self._settings.message_buses:
            self._thread("collector", lambda: collect(self._settings, services, self._stop))

    def _thread(self, name: str, target: Callable[[], None]) -> None:
        thread = threading.Thread(target=self._guarded(target), name=name)
        self._threads.append(thread)
        thread.start()

    def _guarded(self, target: Callable[[], None]) -> Callable[[], None]:
        """Stop the process if a program fails: a partial installation is harder to notice."""

        def run() -> None:
            try:
                target()
            except Exception as error:
                self._failures.append(error)
                self._stop.set()

        return run

    def _wake(self) -> None:
        if self._worker is not None:
            self._worker.wake()

    async def _serve(self, services: Services) -> None:
        almanach_settings = almanach.build_settings(self._settings)
        apps = [build_application(services, almanach_settings)]
        if self._settings.almanach_port:
            apps.append(almanach.build_application(services, almanach_settings))
        options: dict[str, Any] = {"interface": Interfaces.ASGI, "websockets": False, "log_enabled": False}
        if self._tls_files is not None:
            options |= self._tls_files.server_options()
        servers = [
            Server(app, address=host, port=port, **options)
            for app, (host, port) in zip(apps, _addresses(self._settings), strict=True)
        ]
        serving = [asyncio.create_task(server.serve()) for server in servers]
        announcing = asyncio.create_task(asyncio.to_thread(self._guarded(lambda: self._announce(services))))
        while not self._stop.is_set() and not any(task.done() for task in serving):
            await asyncio.sleep(0.05)
        self._stop.set()
        services.stopping.set()
        for server in servers:
            stop: Callable[[], None] = server.stop
            stop()
        await asyncio.gather(*serving, announcing)

    def _announce(self, services: Services) -> None:
        if _wait_for(self._settings.local_url, services.server_proof, self._stop):
            publish_address(services, self._settings)
            self._ready(time.monotonic() - self._started)

    def _shut_down(self, services: Services) -> None:
        self._stop.set()
        if self._worker is not None:
            self._worker.stop()
        for thread in self._threads:
            thread.join()
        services.database.close()


def _addresses(settings: Settings) -> list[tuple[str, int]]:
    """Return host and port of the API, and of the second listener for Almanach's API."""
    addresses = [(settings.host, settings.port)]
    if settings.almanach_port:
        addresses.append((settings.almanach_host or settings.host, settings.almanach_port))
    return addresses


def _claim_ports(settings: Settings, claims: ExitStack) -> None:
    """Raises Conflict if an address cannot be bound, or another installation of this user is about to bind it.

    Servers of one user may share a port (SO_REUSEPORT, which granian sets), and then get each other's requests. So the
    claim is a second socket, which Linux gives to one process only.
    """
    if settings.almanach_port == settings.port:
        raise Conflict(f"port and almanach_port are both {settings.port}", hint="change almanach_port")
    for (host, port), hint in zip(_addresses(settings), ("--port or --host", "almanach_port"), strict=False):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
                if sys.platform == "linux":
                    claim = claims.enter_context(socket.socket(socket.AF_UNIX))
                    claim.bind(f"\0stratiform {host}:{port}")
            except OSError as error:
                raise Conflict(
                    f"Cannot listen on {host} port {port}: {error.strerror}", hint=f"choose another with {hint}"
                ) from error


def serve_in_thread(settings: Settings) -> httpx.Client:
    """Serve the API in a thread until the process ends. Return a client of it.

    It listens on a socket in a directory that only this user can read, and writes no address. Raises Conflict if the
    schema of the database is not the newest.
    """
    logging_setup.configure_logging("ERROR")  # errors are in the responses
    services = build_services(settings)
    atexit.register(services.database.close)  # SQLite's additional files are deleted by the last connection
    database_schema.require_newest_revision(services.database)
    folder = tempfile.TemporaryDirectory(prefix="stratiform-")  # deleted when the process ends
    path = Path(folder.name) / "api"
    server = Server(
        build_application(services), uds=path, interface=Interfaces.ASGI, websockets=False, log_enabled=False
    )

    def serve(_folder: tempfile.TemporaryDirectory[str]) -> None:
        asyncio.run(server.serve())

    threading.Thread(target=serve, args=(folder,), daemon=True, name="api").start()
    while not path.exists():
        time.sleep(0.005)
    transport = httpx.HTTPTransport(uds=str(path))
    # Without TLS, because the socket is private. No timeout, because an import may take long.
    base_url = f"http://{address_of(settings.local_url)}"
    return httpx.Client(base_url=base_url, transport=transport, timeout=None)  # noqa: S113


def _wait_for(url: str, proof: ServerProof, stop: threading.Event) -> bool:
    """Wait until our API responds at `url`; another program may listen there. Return False if `stop` is set first."""
    address, nonce = address_of(url), secrets.token_hex(16)
    # Without verify: the proof identifies the server, whose certificate is for its public name.
    with httpx.Client(base_url=url, timeout=1, trust_env=False, verify=False) as client:  # noqa: S501
        while not stop.is_set():
            try:
                response = client.get("/api/v1/server-proof", params={"nonce": nonce, "address": address})
                if response.is_success and proof.verify(response.json()["proof"], nonce, address):
                    return True
            except httpx.HTTPError:
                pass
            time.sleep(0.01)
    return False
