"""A proxy in front of an OpenStack cloud that loses, replaces and changes responses."""

import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import httpx

from support.certificates import CertificateFiles

_HEADERS = ("content-type", "x-subject-token", "openstack-api-version", "vary", "location", "retry-after")


@dataclass(frozen=True, slots=True)
class Response:
    """A response; `is_lost`: the connection is closed instead."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    is_lost: bool = False


#: Returns the response to a request. The argument forwards the request to the cloud.
Fault = Callable[[Callable[[], Response]], Response]


@dataclass(slots=True)
class FaultyProxy:
    """`requests`: method and path of each request, oldest first."""

    upstream: str
    url: str = ""
    requests: list[str] = field(default_factory=list)
    _faults: list[tuple[re.Pattern[str], Fault, list[int]]] = field(default_factory=list)

    def add(self, pattern: str, fault: Fault, *, times: int = 1) -> None:
        """Apply a fault to the next `times` requests that match (`POST .*/servers$`)."""
        self._faults.append((re.compile(pattern), fault, [times]))

    def clear(self) -> None:
        self._faults.clear()
        self.requests.clear()

    def respond(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        request = f"{method} {path}"
        self.requests.append(request)
        for pattern, fault, left in self._faults:
            if left[0] and pattern.search(request):
                left[0] -= 1
                return fault(lambda: self._forward(method, path, headers, body))
        return self._forward(method, path, headers, body)

    def _forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Response:
        sent = {key: value for key, value in headers.items() if key.lower() not in ("host", "transfer-encoding")}
        sent |= {"Accept-Encoding": "identity", "Content-Length": str(len(body))}
        response = httpx.request(method, self.upstream + path, headers=sent, content=body, timeout=60)
        recorded = {
            key: value.replace(self.upstream, self.url) for key, value in response.headers.items() if key in _HEADERS
        }
        content = response.content.replace(self.upstream.encode(), self.url.encode())
        return Response(response.status_code, content, recorded)


def lose(forward: Callable[[], Response]) -> Response:
    """The cloud executes the request, but the response is lost."""
    forward()
    return Response(is_lost=True)


def drop(_forward: Callable[[], Response]) -> Response:
    """The request does not reach the cloud."""
    return Response(is_lost=True)


def answer(status: int, body: bytes, **headers: str) -> Fault:
    """The request does not reach the cloud, which something in front of it answers."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _forward: Response(status, body, {"content-type": "application/json", **named})


def change(function: Callable[[bytes], bytes]) -> Fault:
    """The cloud executes the request; `function` changes the body of the response."""

    def fault(forward: Callable[[], Response]) -> Response:
        response = forward()
        return Response(response.status, function(response.body), response.headers)

    return fault


@contextmanager
def faulty_proxy(upstream: str, certificate: CertificateFiles | None = None) -> Iterator[FaultyProxy]:
    """Run a proxy of `upstream` (scheme, host and port) until the end of the block; with a `certificate` it has TLS."""
    proxy = FaultyProxy(upstream)
    with ThreadingHTTPServer(("127.0.0.1", 0), _build_handler(proxy)) as server:
        server.daemon_threads = True
        proxy.url = f"http://127.0.0.1:{server.server_port}"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate.certificate, certificate.key)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            proxy.url = proxy.url.replace("http", "https")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="faulty-proxy")
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _build_handler(proxy: FaultyProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            response = proxy.respond(self.command, self.path, dict(self.headers), self._read_body())
            if response.is_lost:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            if response.status != 204:
                self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(response.body)

        do_POST = do_PUT = do_DELETE = do_PATCH = do_HEAD = do_GET

        def _read_body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            chunks = []
            while size := int(self.rfile.readline(), 16):
                chunks.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(chunks)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL."""
    components = urlsplit(url)
    return f"{components.scheme}://{components.netloc}"


def find_requests(proxy: FaultyProxy, pattern: str) -> list[Any]:
    """Return the requests that match."""
    return [request for request in proxy.requests if re.search(pattern, request)]
