"""Downloads from addresses that users choose."""

import ipaddress
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from stratiform.kit.errors import Invalid
from stratiform.kit.public_downloads import DownloadFailed, is_http_url, is_public, open_download, parse_networks

LOOPBACK = parse_networks(["127.0.0.0/8"])


class Responses(BaseHTTPRequestHandler):
    """`/data`: data. `/short`: less than announced. `/to/URL`: a redirect."""

    def do_GET(self) -> None:
        redirect = self.path.removeprefix("/to/") if self.path.startswith("/to/") else ""
        self.send_response(302 if redirect else 404 if self.path == "/missing" else 200)
        if redirect:
            self.send_header("Location", redirect)
        self.send_header("Content-Length", "10" if self.path == "/short" else "4")
        self.end_headers()
        self.wfile.write(b"data")

    def log_message(self, *_: Any) -> None:
        """Write nothing to the standard error."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Responses)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def download(url: str, networks: Any = ()) -> bytes:
    with open_download(url, networks) as blocks:
        return b"".join(blocks)


def test_allowed_network(url: str) -> None:
    assert download(f"{url}/data", LOOPBACK) == b"data"


@pytest.mark.parametrize("path", ["/data", "/to/http://8.8.8.8/"])
def test_private_address_is_not_contacted(url: str, path: str) -> None:
    with pytest.raises(DownloadFailed, match=r"address 127.0.0.1 and port \d+ are not allowed"):
        download(url + path)


def test_redirect_to_private_address(url: str) -> None:
    """The server is allowed, but not the address that it redirects to."""
    for target in ("http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[::1]/"):
        with pytest.raises(DownloadFailed, match="are not allowed"):
            download(f"{url}/to/{target}", LOOPBACK)
    for target in ("file:///etc/passwd", "ftp://127.0.0.1/x"):
        with pytest.raises(DownloadFailed):
            download(f"{url}/to/{target}", LOOPBACK)


def test_name_that_resolves_to_a_private_address(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The address of the connection is checked, so that a second resolution cannot change it."""
    port = int(url.rpartition(":")[2])
    addresses = iter(["10.0.0.1", "127.0.0.1"])

    def resolve(*_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(addresses), port))]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(DownloadFailed, match=r"address 10.0.0.1"):
        download(f"http://images.example:{port}/data")
    with pytest.raises(DownloadFailed, match=r"address 127.0.0.1"):
        download(f"http://images.example:{port}/data")


def test_other_ports_of_public_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("8.8.8.8", 6379))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answer)
    with pytest.raises(DownloadFailed, match="port 6379"):
        download("http://images.example:6379/")


@pytest.mark.parametrize("path", ["/missing", "/short"])
def test_failed_download(url: str, path: str) -> None:
    with pytest.raises(DownloadFailed):
        download(url + path, LOOPBACK)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2001:4860:4860::8888", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00:ec2::254", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::a9fe:a9fe", False),
        ("2002:7f00:1::", False),
        ("ff02::1", False),
    ],
)
def test_public_addresses(address: str, expected: bool) -> None:
    assert is_public(ipaddress.ip_address(address)) is expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://images.example/a", True),
        ("http://images.example:80", True),
        ("file:///etc/passwd", False),
        ("ftp://images.example/a", False),
        ("http:///a", False),
        ("http://user:password@images.example/", False),
        ("http://images.example:port/", False),
        ("", False),
    ],
)
def test_urls(url: str, expected: bool) -> None:
    assert is_http_url(url) is expected


def test_invalid_network() -> None:
    with pytest.raises(Invalid, match="invalid network"):
        parse_networks(["10.0.0.1/8"])
