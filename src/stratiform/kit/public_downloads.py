"""Downloads from addresses that users choose. Only public addresses are contacted (protection from SSRF).

The address is checked when the connection is opened, for every redirect too, so a name that resolves to another
address later (DNS rebinding) makes no difference. Source: OWASP, "Server-Side Request Forgery Prevention Cheat Sheet".
"""

import http.client
import ipaddress
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.error import URLError
from urllib.parse import urlsplit

from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.number_parsing import parse_uint

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Ports of public addresses; allowed networks may use any port.
_PUBLIC_PORTS = (80, 443)
_TIMEOUT_S = 30
_MAX_DURATION_S = 4 * 3600
_BLOCK_BYTES = 1024 * 1024

#: Prefix of IPv6 addresses that a NAT64 gateway translates to the IPv4 address in them. Source: RFC 6052.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class DownloadFailed(Fault):
    """The address cannot be resolved or reached, is not public, or does not respond with the data."""

    status = 502


def parse_networks(texts: Sequence[str]) -> list[Network]:
    """Parse networks such as `10.0.0.0/8`. Raises: Invalid."""
    try:
        return [ipaddress.ip_network(text) for text in texts]
    except ValueError as error:
        raise Invalid(f"invalid network: {error}") from error


def is_http_url(url: str) -> bool:
    """Return True for an http or https URL with a host, and without a user."""
    try:
        split = urlsplit(url)
        return split.scheme in ("http", "https") and bool(split.hostname) and split.username is None and split.port != 0
    except ValueError:
        return False


@contextmanager
def open_download(url: str, allowed_networks: Sequence[Network] = ()) -> Iterator[Iterator[bytes]]:
    """Open a URL and return its data in blocks. `allowed_networks`: networks that may be contacted, too.

    Raises: DownloadFailed.
    """
    if not is_http_url(url):
        raise DownloadFailed("the address is not an http or https URL")
    try:
        with _build_opener(allowed_networks).open(url) as response:
            yield _read_blocks(response)
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadFailed(f"the download failed: {reason}") from error


def find_download_size(url: str, allowed_networks: Sequence[Network] = ()) -> int | None:
    """Return the size in bytes that a server reports for a URL (HEAD), or None. Raises: DownloadFailed."""
    if not is_http_url(url):
        raise DownloadFailed("the address is not an http or https URL")
    try:
        request = urllib.request.Request(url, method="HEAD")  # noqa: S310 - checked above
        with _build_opener(allowed_networks).open(request) as response:
            return parse_uint(response.headers.get("Content-Length", ""))
    except (URLError, OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise DownloadFailed(f"the address does not respond: {reason}") from error


def is_public(address: Address) -> bool:
    """Return False for addresses of private, local and special networks, also if they are embedded in IPv6."""
    if isinstance(address, ipaddress.IPv6Address):
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _read_blocks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield what has arrived, so that the caller can stop a slow download. Raises: DownloadFailed."""
    end = time.monotonic() + _MAX_DURATION_S
    while block := response.read1(_BLOCK_BYTES):
        yield block
        if time.monotonic() > end:
            raise DownloadFailed(f"the download took more than {_MAX_DURATION_S} seconds")
    if response.length:
        raise DownloadFailed(f"the download is incomplete: {response.length} bytes are missing")


def _build_opener(allowed_networks: Sequence[Network]) -> urllib.request.OpenerDirector:
    """Return an opener for http and https only, without proxies of the environment."""

    class HttpConnection(http.client.HTTPConnection):
        def connect(self) -> None:
            self.sock = _connect(self.host, self.port, allowed_networks)

    class HttpsConnection(http.client.HTTPSConnection):
        def connect(self) -> None:
            connection = _connect(self.host, self.port, allowed_networks)
            self.sock = ssl.create_default_context().wrap_socket(connection, server_hostname=self.host)

    class HttpHandler(urllib.request.HTTPHandler):
        def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(HttpConnection, req)

    class HttpsHandler(urllib.request.HTTPSHandler):
        def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
            return self.do_open(HttpsConnection, req)

    opener = urllib.request.OpenerDirector()
    for handler in (
        HttpHandler(),
        HttpsHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _connect(host: str, port: int, allowed_networks: Sequence[Network]) -> socket.socket:
    """Connect to an address of `host` that may be contacted. Raises: OSError."""
    error: OSError = OSError("the name has no address")
    for family, kind, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        ip = ipaddress.ip_address(str(address[0]).partition("%")[0])
        is_allowed = any(ip in network for network in allowed_networks)
        if not is_allowed and not (is_public(ip) and port in _PUBLIC_PORTS):
            error = PermissionError(f"address {ip} and port {port} are not allowed")
            continue
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(_TIMEOUT_S)
        try:
            connection.connect(address)
        except OSError as refused:
            connection.close()
            error = refused
            continue
        return connection
    raise error
