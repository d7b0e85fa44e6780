"""Runs API, worker and collector, together or alone, in one process."""

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.server.embed import Server

from stratiform.app import almanach, clouds_api, home_folder, metadata, notifications
from stratiform.app.api import build_application
from stratiform.app.bootstrap import bootstrap, prepare_database, publish_address
from stratiform.app.collector import collect, parse_addresses
from stratiform.app.program_status import StatusFile
from stratiform.app.readiness import wait_until_ready
from stratiform.app.settings import Settings
from stratiform.app.tls import TlsFiles, find_tls_files
from stratiform.app.wiring import build_services, override_policy_rules
from stratiform.app.worker import build_worker
from stratiform.interfaces.consoles.settings import ConsoleSettings
from stratiform.interfaces.services import Services
from stratiform.kit import interpreter, logging_setup
from stratiform.kit.database import Database
from stratiform.kit.errors import Conflict
from stratiform.kit.work_queue import Worker

logger = logging.getLogger(__name__)

_REPORT_EVERY_S = 1.0


def run_programs(settings: Settings, programs: tuple[str, ...], *, ready: Callable[[], None]) -> None:
    """Run `programs` until SIGTERM or SIGINT. `ready` is called once, when all of them run.

    Raises Conflict if one of them is already running in this home, or a port is in use.
    """
    logging_setup.configure_logging(settings.log_level)
    home_folder.prepare_folder(settings.home)
    with home_folder.lock_programs(settings.home, programs):
        _Process(settings, programs, ready).run()


#: Options of every listener. `backpressure` is the number of connections that are served at the same time: one beyond
#: that waits until another one closes, which keep-alive may delay for as long as its client is busy. Granian's default
#: is 128. A process may usually have 1,024 open files.
SERVER_OPTIONS: dict[str, Any] = {
    "interface": Interfaces.ASGI,
    "websockets": True,
    "log_enabled": False,
    "backlog": 1024,
    "backpressure": 800,
}


class _Process:
    """One run of the programs in this process."""

    def __init__(self, settings: Settings, programs: tuple[str, ...], ready: Callable[[], None]) -> None:
        self._settings = settings
        self._programs = programs
        self._ready = ready
        self._stop = threading.Event()
        self._worker: Worker | None = None
        self._threads: list[threading.Thread] = []
        self._failures: list[Exception] = []
        self._tls_files: TlsFiles | None = None
        self._clouds_address: tuple[str, int] | None = None

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        override_policy_rules(self._settings)  # an invalid file is reported before anything starts
        if "collector" in self._programs:
            parse_addresses(self._settings)  # an invalid address is reported before anything starts
        notifications.parse_address(self._settings)
        if "api" in self._programs:
            almanach.check_authentication(self._settings)
            self._tls_files = find_tls_files(self._settings)
        database = Database(self._settings.database)
        with ExitStack() as claims:
            if "api" in self._programs:  # after all settings, so that a wrong one is reported first
                _claim_ports(self._settings, claims)
                self._clouds_address = _claim_clouds_port(self._settings, claims)
            prepare_database(self._settings, database)
            services = build_services(self._settings, database=database, wake=self._wake)
            bootstrap(services, self._settings)
            interpreter.tune_interpreter()
            try:
                if "api" in self._programs:
                    asyncio.run(self._serve(services))
                else:
                    self._start(services)
                    self._stop.wait()
            finally:
                self._shut_down(services)
        if self._failures:
            raise self._failures[0]

    def _start(self, services: Services) -> None:
        if "worker" in self._programs:
            worker = self._worker = build_worker(services, self._settings)
            self._thread("worker", worker.run)
            self._thread("status", lambda: self._report_worker(worker))
        if "collector" in self._programs:
            report = StatusFile(self._settings.home, "collector").write_buses
            self._thread("collector", lambda: collect(self._settings, services, self._stop, report))
        self._ready()

    def _report_worker(self, worker: Worker) -> None:
        file = StatusFile(self._settings.home, "worker")
        while True:
            file.write_failure(worker.failure)
            if self._stop.wait(_REPORT_EVERY_S):
                return

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
        metadata_settings = metadata.build_settings(self._settings)
        apps = [
            build_application(
                services,
                almanach_settings,
                metadata_settings,
                self._settings.http,
                consoles=self._build_console_settings(),
            )
        ]
        if self._settings.almanach_port:
            apps.append(almanach.build_application(services, almanach_settings, self._settings.http))
        if self._settings.metadata_port:
            apps.append(metadata.build_application(services, metadata_settings))
        addresses = [*_addresses(self._settings).values()]
        if self._clouds_address is not None:
            apps.append(clouds_api.build_application(services, self._settings.http))
            addresses.append(self._clouds_address)
        options = dict(SERVER_OPTIONS)
        if self._tls_files is not None:
            options |= self._tls_files.server_options()
        servers = [
            Server(app, address=host, port=port, **options) for app, (host, port) in zip(apps, addresses, strict=True)
        ]
        serving = [asyncio.create_task(server.serve()) for server in servers]
        starting = asyncio.create_task(asyncio.to_thread(self._guarded(lambda: self._start_with_api(services))))
        while not self._stop.is_set() and not any(task.done() for task in serving):
            await asyncio.sleep(0.05)
        self._stop.set()
        services.stopping.set()
        for server in servers:
            stop: Callable[[], None] = server.stop
            stop()
        await asyncio.gather(*serving, starting)

    def _build_console_settings(self) -> ConsoleSettings:
        return ConsoleSettings(self._settings.console_allowed_origins, Path(self._settings.novnc_folder))

    def _start_with_api(self, services: Services) -> None:
        """Start the other programs when the API responds: before, they would only slow it down."""
        if wait_until_ready(self._settings.local_url, services.server_proof, self._stop):
            publish_address(services, self._settings)
            self._start(services)

    def _shut_down(self, services: Services) -> None:
        self._stop.set()
        if self._worker is not None:
            self._worker.stop()
        for thread in self._threads:
            thread.join()
        for program in self._programs:
            StatusFile(self._settings.home, program).delete()
        services.database.close()


def _addresses(settings: Settings) -> dict[str, tuple[str, int]]:
    """Return host and port of each listener by the setting with its port; the API's is the first one."""
    addresses = {"port": (settings.host, settings.port)}
    if settings.almanach_port:
        addresses["almanach_port"] = (settings.almanach_host or settings.host, settings.almanach_port)
    if settings.metadata_port:
        addresses["metadata_port"] = (settings.metadata_host or settings.host, settings.metadata_port)
    return addresses


def _require_different_ports(settings: Settings) -> None:
    names_by_port: dict[int, str] = {}
    for name, (_, port) in _addresses(settings).items():
        other = names_by_port.setdefault(port, name)
        if other != name:
            raise Conflict(f"{other} and {name} are both {port}", hint=f"change {name}")


def _claim_ports(settings: Settings, claims: ExitStack) -> None:
    """Raises Conflict if an address cannot be bound, or another installation of this user is about to bind it.

    Servers of one user may share a port (SO_REUSEPORT, which granian sets), and then get each other's requests. So the
    claim is a second socket, which Linux gives to one process only.
    """
    _require_different_ports(settings)
    for name, (host, port) in _addresses(settings).items():
        try:
            _claim_port(host, port, claims)
        except OSError as error:
            hint = "--port or --host" if name == "port" else name
            raise Conflict(
                f"Cannot listen on {host} port {port}: {error.strerror}", hint=f"choose another with {hint}"
            ) from error


def _claim_clouds_port(settings: Settings, claims: ExitStack) -> tuple[str, int] | None:
    """Return host and port of the Clouds API's own listener. None if it is turned off, or, with a warning, in use.

    It has a default port, so that a second installation on a machine must be able to start without it.
    """
    host, port = settings.clouds_host or settings.host, settings.clouds_port
    if not port:
        return None
    try:
        _require_unused(settings, port)
        _claim_port(host, port, claims)
    except OSError as error:
        logger.warning(
            "clouds_port is not available, the Clouds API is only served on the port of the API "
            "host=%s port=%d error=%r",
            host,
            port,
            error.strerror,
        )
        return None
    return host, port


def _require_unused(settings: Settings, port: int) -> None:
    """Raises OSError if another listener of this process has the port."""
    if port in {used for _, used in _addresses(settings).values()}:
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _claim_port(host: str, port: int, claims: ExitStack) -> None:
    """Claim a port until the end of `claims`. Raises OSError if it is in use."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        if sys.platform == "linux":
            claim = claims.enter_context(socket.socket(socket.AF_UNIX))
            claim.bind(f"\0stratiform {host}:{port}")
