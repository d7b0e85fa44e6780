"""Consoles through the websocket of a server, with the client of the library `websockets`."""

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from stratiform.app import worker
from stratiform.interfaces.consoles.settings import ConsoleSettings
from stratiform.kit.context import RequestContext
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import Worker
from stratiform.services.clouds.model import ResourceType
from support.processes import WAIT_S, wait_until
from support.server import DEMO_PASSWORD, Live, live_server


@dataclass(frozen=True, slots=True)
class Site:
    """A server with a worker, and a token of the demo user."""

    live: Live
    image_id: str
    headers: dict[str, str]

    def request(self, method: str, path: str, body: Any = None) -> Any:
        response = httpx.request(
            method, f"{self.live.url}/compute/v2.1{path}", json=body, headers=self.headers, timeout=WAIT_S
        )
        assert response.is_success, response.text
        return response.json() if response.content else None

    def create_server(self) -> str:
        body = {"name": "web", "flavorRef": "1", "imageRef": self.image_id, "networks": "none"}
        server_id = str(self.request("POST", "/servers", {"server": body})["server"]["id"])
        wait_until(lambda: self.get_status(server_id) == "ACTIVE", "the server is not active")
        return server_id

    def get_status(self, server_id: str) -> str:
        return str(self.request("GET", f"/servers/{server_id}")["server"]["status"])

    def create_console(self, server_id: str, protocol: str, kind: str) -> str:
        """Return the address of the websocket of a new console."""
        body = {"remote_console": {"protocol": protocol, "type": kind}}
        url = str(self.request("POST", f"/servers/{server_id}/remote-consoles", body)["remote_console"]["url"])
        if protocol == "serial":
            return url
        address = urlsplit(url)
        assert address.path == "/console/novnc/vnc_lite.html"
        return f"ws://{address.netloc}/{parse_qs(address.query)['path'][0]}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with live_server(Path(tmp_path_factory.mktemp("site"))) as live:
        services = live.services
        with services.database.transaction() as db:
            ctx = RequestContext(db, SYSTEM, services.clock.now())
            project = services.identity.ensure_demo_project(ctx, DEMO_PASSWORD)
            cloud = services.clouds.accounts.ensure_default_cloud(ctx, "memory", "memory")
            assert cloud is not None
            services.clouds.bindings.create(ctx, project.id, cloud.id, "zone-a")
            services.compute.flavors.create_defaults(ctx)
            image = services.image.images.create_for_native_ids(ctx, "cirros")
            services.clouds.native_ids.register(ctx, cloud.id, ResourceType.IMAGE, image.id, "memory-cirros")
        handlers = worker.collect_handlers(services)
        background = Worker(services.database, handlers, name="wire", clock=services.clock, idle_us=20_000)
        thread = threading.Thread(target=background.run)
        thread.start()
        try:
            yield Site(live, image.id, sign_in(live))
        finally:
            background.stop()
            thread.join(WAIT_S)


def sign_in(live: Live) -> dict[str, str]:
    domain = {"id": "default"}
    user = {"name": "demo", "domain": domain, "password": DEMO_PASSWORD}
    scope = {"project": {"name": "demo", "domain": domain}}
    auth = {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": scope}
    response = httpx.post(f"{live.url}/identity/v3/auth/tokens", json={"auth": auth}, timeout=WAIT_S)
    return {"X-Auth-Token": response.headers["X-Subject-Token"], "OpenStack-API-Version": "compute 2.79"}


@contextmanager
def open_console(url: str, **options: Any) -> Iterator[ClientConnection]:
    with connect(url, open_timeout=WAIT_S, **options) as connection:
        yield connection


def receive_until(connection: ClientConnection, expected: bytes) -> bytes:
    """Return everything up to a message after which `expected` was received."""
    received = b""
    while expected not in received:
        message = connection.recv(timeout=WAIT_S)
        received += message if isinstance(message, bytes) else message.encode()
    return received


def get_refusal(url: str, **options: Any) -> int:
    with pytest.raises(InvalidStatus) as refused, open_console(url, **options):
        pass
    return int(refused.value.response.status_code)


def test_the_serial_console_shows_the_boot_and_echoes(site: Site) -> None:
    server_id = site.create_server()
    with open_console(site.create_console(server_id, "serial", "serial"), subprotocols=["binary", "base64"]) as console:
        assert console.subprotocol == "binary"
        log = receive_until(console, b"web login: ")
        assert b"Linux version 6.1.0-memory" in log
        console.send(b"root\r")
        assert receive_until(console, b"root\r\n")
        console.send("text too\r")
        assert receive_until(console, b"text too\r\n")
        site.request("POST", f"/servers/{server_id}/action", {"os-stop": None})
        with pytest.raises(ConnectionClosed):
            receive_until(console, b"never sent")


def test_the_screen_over_rfb(site: Site) -> None:
    with open_console(site.create_console(site.create_server(), "vnc", "novnc")) as console:
        stream = Stream(console)
        assert stream.read(12) == b"RFB 003.008\n"
        console.send(b"RFB 003.008\n")
        assert stream.read(2) == b"\x01\x01"
        console.send(b"\x01")
        assert stream.read(4) == bytes(4)
        console.send(b"\x01")
        width, height = struct.unpack(">HH", stream.read(4))
        assert stream.read(16)[:4] == bytes([32, 24, 0, 1])
        (length,) = struct.unpack(">I", stream.read(4))
        assert stream.read(length) == b"web"
        console.send(struct.pack(">BxHi", 2, 1, 0))
        console.send(struct.pack(">BBxxI", 4, 1, 0xFF0D))
        console.send(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
        header = struct.unpack(">BxHHHHHi", stream.read(16))
        assert header == (0, 1, 0, 0, width, height, 0)
        assert stream.read(width * height * 4) == bytes(width * height * 4)


class Stream:
    """The bytes of a connection, independent of its messages."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._received = bytearray()

    def read(self, length: int) -> bytes:
        while len(self._received) < length:
            message = self._connection.recv(timeout=WAIT_S)
            assert isinstance(message, bytes)
            self._received += message
        data = bytes(self._received[:length])
        del self._received[:length]
        return data


def test_connections_without_a_valid_token_are_refused(site: Site) -> None:
    server_id = site.create_server()
    url = site.create_console(server_id, "serial", "serial")
    for invalid in (url + "x", url.partition("?")[0], url.partition("=")[0] + "="):
        assert get_refusal(invalid) == 403, invalid
    site.request("DELETE", f"/servers/{server_id}")
    servers = f"/servers?name=web&id={server_id}"
    wait_until(lambda: server_id not in str(site.request("GET", servers)), "the server is not deleted")
    assert get_refusal(url) == 403


def test_only_pages_of_this_api_may_connect(site: Site) -> None:
    url = site.create_console(site.create_server(), "serial", "serial")
    for origin in ("http://evil.example", "null", "file://127.0.0.1", f"{site.live.url}.evil.example"):
        assert get_refusal(url, origin=origin) == 403, origin
    with open_console(url, origin=site.live.url) as console:
        assert receive_until(console, b"Linux version")


def test_other_hosts_can_be_allowed(site: Site) -> None:
    settings, services = ConsoleSettings(allowed_origins=("console.example",)), site.live.services
    assert settings.is_origin_allowed("https://console.example:8443", "api.example", services)
    assert settings.is_origin_allowed("https://api.example", "api.example", services)
    assert not settings.is_origin_allowed("https://evil.example", "api.example", services)
    assert settings.is_origin_allowed(None, "api.example", services)


def test_files_of_novnc(tmp_path: Path) -> None:
    from litestar import Litestar
    from litestar.datastructures import State
    from litestar.testing import TestClient

    from stratiform.interfaces.consoles.novnc_files import show_novnc_file
    from stratiform.interfaces.rest.problems import render_problem

    folder = tmp_path / "novnc"
    folder.joinpath("core").mkdir(parents=True)
    folder.joinpath("core", "rfb.js").write_text("export default 1;")
    tmp_path.joinpath("secret").write_text("secret")
    folder.joinpath("link").symlink_to(tmp_path / "secret")
    state = State({"consoles": ConsoleSettings(novnc_folder=folder)})
    with TestClient(Litestar([show_novnc_file], state=state, exception_handlers={Exception: render_problem})) as client:
        response = client.get("/console/novnc/core/rfb.js")
        assert (response.status_code, response.text) == (200, "export default 1;")
        assert "javascript" in response.headers["Content-Type"]
        for path in ("link", "core", "%2e%2e/secret", "..%2fsecret", "unknown"):
            assert client.get(f"/console/novnc/{path}").status_code == 404, path
