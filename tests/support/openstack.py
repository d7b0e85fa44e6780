"""Recorded responses of a real OpenStack, and a server that replays them.

With OPENSTACK_RECORD="AUTH_URL USER PASSWORD PROJECT" in the environment, tests run against that OpenStack and its
responses are written to `tests/data/openstack.json.xz`, without host names, tokens and passwords.
`tests/data/README.md` lists the resources that it must have.
"""

import hashlib
import json
import lzma
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

from stratiform.connectors.openstack import usage
from stratiform.connectors.openstack.connector import OpenstackCloud, connector
from stratiform.connectors.openstack.usage import inventory
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SystemClock, parse_iso

FILE = Path(__file__).parents[1] / "data" / "openstack.json.xz"

#: The password of the recorded installation's user.
PASSWORD = "recorded-password"

#: The recorded samples: a counter of bytes sent by four network interfaces, one value per five minutes.
SINCE, UNTIL = parse_iso("2026-11-20T10:00:00Z"), parse_iso("2026-11-20T11:30:00Z")
POLL = {
    "source": "gnocchi",
    "resource_type": "instance_network_interface",
    "resource_id": "instance_id",
    "metric": "network.outgoing.bytes",
    "aggregation": "rate:mean",
    "period_s": 300,
}

_PLACEHOLDER = "http://here.invalid"
_TOKEN = "recorded-token"
_FOREVER = "9999-12-31T00:00:00.000000Z"
_RECORDED_HEADERS = ("content-type", "x-subject-token", "link", "openstack-api-version", "vary")


@dataclass
class Recording:
    """Responses by request. With `upstream` (auth URL, user, password, project) new requests are sent and recorded."""

    responses: dict[str, dict[str, Any]]
    upstream: tuple[str, ...] = ()
    origins: dict[str, str] = field(default_factory=dict)

    def respond(self, method: str, path: str, headers: dict[str, str], body: bytes, base: str) -> dict[str, Any]:
        """Return the response to a request; URLs in it point to `base`."""
        text = body.decode().replace(base, _PLACEHOLDER)
        request = f"{method} {_normalized(path.replace(base, _PLACEHOLDER))} {_digest(text)}"
        if self.upstream and request not in self.responses:
            self.responses[request] = self._forward(method, path, headers, text)
        response = self.responses.get(request)
        if response is None:
            return {"status": 501, "headers": {}, "body": f"not recorded: {request} {text[:500]}"}
        return {**response, "body": response["body"].replace(_PLACEHOLDER, base)}

    def _forward(self, method: str, path: str, headers: dict[str, str], body: str) -> dict[str, Any]:
        auth_url, user, password, project = self.upstream
        service, _, rest = path.removeprefix("/").partition("/")
        origin = (
            self.origins.setdefault("keystone", _origin(auth_url)) if service == "keystone" else self.origins[service]
        )
        content = self._restore_urls(body).replace(PASSWORD, password)
        content = content.replace('"recorded-user"', json.dumps(user)).replace(
            '"recorded-project"', json.dumps(project)
        )
        forwarded = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
        forwarded["Accept-Encoding"] = "identity"
        if forwarded.get("X-Auth-Token") == _TOKEN:
            forwarded["X-Auth-Token"] = self.origins["token"]
        response = httpx.request(
            method, f"{origin}/{self._restore_urls(rest)}", headers=forwarded, content=content, timeout=60
        )
        token = response.headers.get("X-Subject-Token")
        if token:
            self.origins["token"] = token
            self._read_catalog(response.json())
        recorded = {name: value for name, value in response.headers.items() if name.lower() in _RECORDED_HEADERS}
        if token:
            recorded["x-subject-token"] = _TOKEN
        recorded = {name: self._replace_urls(value) for name, value in recorded.items()}
        return {"status": response.status_code, "headers": recorded, "body": self._replace_urls(response.text)}

    def _read_catalog(self, body: dict[str, Any]) -> None:
        for service in body["token"].get("catalog", []):
            for endpoint in service["endpoints"]:
                self.origins.setdefault(service["name"], _origin(endpoint["url"]))

    def _replace_urls(self, text: str) -> str:
        """Replace upstream URLs by placeholders, and the expiry of tokens by one that is never reached."""
        for service, origin in self.origins.items():
            if service != "token":
                text = text.replace(origin, f"{_PLACEHOLDER}/{service}")
        return re.sub(r'("expires_at": ?)"[^"]*"', rf'\1"{_FOREVER}"', text)

    def _restore_urls(self, text: str) -> str:
        for service, origin in self.origins.items():
            text = text.replace(f"{_PLACEHOLDER}/{service}", origin)
        return text


def load_recording() -> Recording:
    """Return the responses in `tests/data/openstack.json.xz`, and those about our resources, of which it has none."""
    recording = Recording(json.loads(lzma.decompress(FILE.read_bytes())))
    marks = urlencode({"tags": "stratiform-installation=installation"})
    metadata = urlencode({"metadata": json.dumps({"stratiform_installation": "installation"})})
    for path, key in (
        (f"nova/v2.1/servers/detail?limit=500&{marks}", "servers"),
        (f"cinder/v3/volumes/detail?limit=500&{metadata}", "volumes"),
    ):
        recording.responses[f"GET {_normalized(f'/{path}')} "] = _respond({key: []})
    return recording


def _respond(body: dict[str, Any]) -> dict[str, Any]:
    return {"status": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}


@contextmanager
def replay(recording: Recording) -> Iterator[str]:
    """Serve the recorded responses and return the auth URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            response = recording.respond(self.command, self.path, dict(self.headers), body, base)
            content = response["body"].encode()
            self.send_response(response["status"])
            for name, value in response["headers"].items():
                self.send_header(name, value.replace(_PLACEHOLDER, base))
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_POST = do_HEAD = _respond

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    base = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"{base}/keystone/v3"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def small_pages() -> Iterator[None]:
    """Reduce the page sizes, so that requests to the recorded installation need several pages."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inventory, "_PAGE_SIZE", 2)
        patch.setattr(usage, "_RESOURCES_PER_REQUEST", 3)
        patch.setattr(usage, "_PERIODS_PER_REQUEST", 7)
        yield


@contextmanager
def replay_or_record(upstream: str = "") -> Iterator[str]:
    """Return the auth URL of the recorded installation, or with `upstream` of a proxy that records it anew."""
    recording = Recording({}, tuple(upstream.split())) if upstream else load_recording()
    with small_pages(), replay(recording) as url:
        yield url
    if upstream:
        text = json.dumps(recording.responses, indent=0, sort_keys=True)
        FILE.write_bytes(lzma.compress(text.encode(), preset=9))


def connect_openstack(url: str, **overrides: str) -> OpenstackCloud:
    """Connect to the recorded installation as its administrator."""
    settings = {
        "auth_url": url,
        "username": "recorded-user",
        "password": PASSWORD,
        "project_name": "recorded-project",
        **overrides,
    }
    account = CloudAccount(id="cloud-1", name="openstack-test", settings=settings)
    return connector.connect(account, Installation("installation", Path(), SystemClock()))


class RecordedUsage:
    """A connection without the capabilities that change something, which cannot be replayed."""

    compute = volume = snapshot = adoption = network = routing = image = None

    def __init__(self, cloud: OpenstackCloud) -> None:
        self.usage = cloud.usage
        self.check_credentials = cloud.check_credentials


def connect_usage(url: str, **overrides: str) -> Any:
    """Connect to the recorded installation, for its usage only."""
    return RecordedUsage(connect_openstack(url, **overrides))


def _normalized(path: str) -> str:
    """Return `path` with its query parameters sorted."""
    url = urlsplit(path)
    return url.path + ("?" + urlencode(sorted(parse_qsl(url.query))) if url.query else "")


def _digest(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()[:16] if body else ""


def _origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}"
