"""A real OpenStack's answers, recorded, and a server that gives them again.

With OPENSTACK_RECORD="AUTH_URL USER PASSWORD PROJECT" in the environment the tests run against that OpenStack, and what
it answers is written to `tests/data/openstack.json.xz`: names of hosts, tokens and passwords left out. What must be in
that OpenStack for them to pass is told in `tests/data/README.md`.
"""

import hashlib
import json
import lzma
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest

from stratiform.connectors.openstack import inventory, usage
from stratiform.connectors.openstack.connector import OpenstackCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SystemClock, parse_iso

FILE = Path(__file__).parents[1] / "data" / "openstack.json.xz"

#: The password that opens the recorded installation.
PASSWORD = "recorded-password"

#: What was measured there: a counter of bytes on four network cards, a value each five minutes.
SINCE, UNTIL = parse_iso("2026-11-20T10:00:00Z"), parse_iso("2026-11-20T11:30:00Z")
ASKED = {
    "source": "gnocchi",
    "resource_type": "instance_network_interface",
    "resource_id": "instance_id",
    "metric": "network.outgoing.bytes",
    "aggregation": "rate:mean",
    "period_s": 300,
}

_HERE = "http://here.invalid"
_TOKEN = "recorded-token"
_FOREVER = "9999-12-31T00:00:00.000000Z"
_KEPT_HEADERS = ("content-type", "x-subject-token", "link", "openstack-api-version", "vary")


@dataclass
class Recording:
    """Answers by request. With `real` (auth URL, user, password, project) what isn't there yet is asked for."""

    answers: dict[str, dict[str, Any]]
    real: tuple[str, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes, base: str) -> dict[str, Any]:
        """The answer to a request, with our own address in it."""
        said = body.decode().replace(base, _HERE)
        request = f"{method} {_ordered(path.replace(base, _HERE))} {_digest(said)}"
        if self.real and request not in self.answers:
            self.answers[request] = self._ask(method, path, headers, said)
        known = self.answers.get(request)
        if known is None:
            return {"status": 501, "headers": {}, "body": f"not recorded: {request} {said[:500]}"}
        return {**known, "body": known["body"].replace(_HERE, base)}

    def _ask(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        auth_url, user, password, project = self.real
        service, _, rest = path.removeprefix("/").partition("/")
        origin = (
            self.origins.setdefault("keystone", _origin(auth_url)) if service == "keystone" else self.origins[service]
        )
        sent = self._outward(body).replace(PASSWORD, password)
        sent = sent.replace('"recorded-user"', json.dumps(user)).replace('"recorded-project"', json.dumps(project))
        passed = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
        passed["Accept-Encoding"] = "identity"
        if passed.get("X-Auth-Token") == _TOKEN:
            passed["X-Auth-Token"] = self.origins["token"]
        got = httpx.request(method, f"{origin}/{self._outward(rest)}", headers=passed, content=sent, timeout=60)
        token = got.headers.get("X-Subject-Token")
        if token:
            self.origins["token"] = token
            self._learn(got.json())
        kept = {name: value for name, value in got.headers.items() if name.lower() in _KEPT_HEADERS}
        if token:
            kept["x-subject-token"] = _TOKEN
        kept = {name: self._inward(value) for name, value in kept.items()}
        return {"status": got.status_code, "headers": kept, "body": self._inward(got.text)}

    def _learn(self, answer: dict[str, Any]) -> None:
        for service in answer["token"].get("catalog", []):
            for endpoint in service["endpoints"]:
                self.origins.setdefault(service["name"], _origin(endpoint["url"]))

    def _inward(self, text: str) -> str:
        for service, origin in self.origins.items():
            if service != "token":
                text = text.replace(origin, f"{_HERE}/{service}")
        return re.sub(r'("expires_at": ?)"[^"]*"', rf'\1"{_FOREVER}"', text)

    def _outward(self, text: str) -> str:
        for service, origin in self.origins.items():
            text = text.replace(f"{_HERE}/{service}", origin)
        return text


def recorded() -> Recording:
    """What is in the file."""
    return Recording(json.loads(lzma.decompress(FILE.read_bytes())))


@contextmanager
def replayed(recording: Recording) -> Iterator[str]:
    """The URL of a Keystone that, with all services in its catalog, answers as recorded."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _give(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = recording.answer(self.command, self.path, dict(self.headers), body, base)
            content = answer["body"].encode()
            self.send_response(answer["status"])
            for name, value in answer["headers"].items():
                self.send_header(name, value.replace(_HERE, base))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _give

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{base}/keystone/v3"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def small_pages() -> Iterator[None]:
    """So few rows a page that the recorded installation has many."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inventory, "_PAGE", 2)
        patch.setattr(usage, "_RESOURCES", 3)
        patch.setattr(usage, "_PERIODS", 7)
        yield


@pytest.fixture(scope="session")
def openstack_url() -> Iterator[str]:
    """The recorded installation, for the whole run; or a real one that is recorded now."""
    real = tuple(os.environ.get("OPENSTACK_RECORD", "").split())
    recording = Recording({}, real) if real else recorded()
    with small_pages(), replayed(recording) as url:
        yield url
    if real:
        text = json.dumps(recording.answers, indent=0, sort_keys=True)
        FILE.write_bytes(lzma.compress(text.encode(), preset=9))


def connect_openstack(url: str, **other: str) -> OpenstackCloud:
    """The recorded installation, as its administrator."""
    settings = {
        "auth_url": url,
        "username": "recorded-user",
        "password": PASSWORD,
        "project_name": "recorded-project",
        **other,
    }
    account = CloudAccount(id="cloud-1", name="openstack-test", settings=settings)
    return connector.connect(account, Installation("installation", Path(), SystemClock()))


def _ordered(path: str) -> str:
    """The path with its query in one order."""
    parts = urlsplit(path)
    return parts.path + ("?" + urlencode(sorted(parse_qsl(parts.query))) if parts.query else "")


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16] if body else ""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
