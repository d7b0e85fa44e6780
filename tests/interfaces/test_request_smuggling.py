"""Requests whose end is ambiguous: what may be a second request to a proxy is not answered (RFC 9112, section 11.2)."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from support.ports import free_port
from support.server import serving
from support.stacks import build_harness

pytestmark = pytest.mark.thorough

HIDDEN = b"GET /identity HTTP/1.1\r\nHost: hidden\r\n\r\n"
FORM = "POST /dashboard/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"

#: After a response, the next one is expected within this time.
NEXT_RESPONSE_S = 1.0


def form(headers: str, body: bytes) -> bytes:
    """Return a request with `headers`, in which `LENGTH` is the length of the body."""
    return f"{FORM}{headers.replace('LENGTH', str(len(body)))}\r\n".encode("latin-1") + body


#: Headers of a body that ends before the hidden request for a server that decodes chunks.
CODINGS = {
    "length and coding": "Content-Length: LENGTH\r\nTransfer-Encoding: chunked\r\n",
    "coding and length": "Transfer-Encoding: chunked\r\nContent-Length: LENGTH\r\n",
    "chunked twice": "Content-Length: LENGTH\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "identity and chunked": "Content-Length: LENGTH\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    "chunked, identity": "Content-Length: LENGTH\r\nTransfer-Encoding: chunked, identity\r\n",
    "chunked is not last": "Transfer-Encoding: chunked, gzip\r\n",
    "unknown coding": "Content-Length: LENGTH\r\nTransfer-Encoding: xchunked\r\n",
    "space before the colon": "Content-Length: LENGTH\r\nTransfer-Encoding : chunked\r\n",
    "vertical tab": "Content-Length: LENGTH\r\nTransfer-Encoding:\x0bchunked\r\n",
    "quoted coding": 'Content-Length: LENGTH\r\nTransfer-Encoding: "chunked"\r\n',
    "underscore": "Content-Length: LENGTH\r\nTransfer_Encoding: chunked\r\n",
    "folded coding": "Content-Length: LENGTH\r\nTransfer-Encoding:\r\n chunked\r\n",
    "coding in a folded value": "Content-Length: LENGTH\r\nX: a\r\n Transfer-Encoding: chunked\r\n",
    "coding after CR": "Content-Length: LENGTH\r\nX: a\rTransfer-Encoding: chunked\r\n",
    "coding after LF": "Content-Length: LENGTH\r\nX: a\nTransfer-Encoding: chunked\r\n",
    "null": "Content-Length: LENGTH\r\nX: a\0\r\nTransfer-Encoding: chunked\r\n",
}

#: Values of Content-Length; `|` separates two fields.
LENGTHS = ("0|LENGTH", "LENGTH|0", "0, LENGTH", "LENGTH, 0", "+0", "-0", "0x0", "0 0", "0_0", "", "\xb2", "0\x0b")

CHUNKS = {
    "hexadecimal prefix": b"0x0\r\n\r\n",
    "plus": b"+0\r\n\r\n",
    "minus": b"-0\r\n\r\n",
    "space before the size": b" 0\r\n\r\n",
    "underscore in the size": b"0_0\r\n\r\n",
    "no size": b"\r\n\r\n",
    "overflow": b"10000000000000000\r\n\r\n",
    "data longer than its size": b"1\r\nab\r\n0\r\n\r\n",
    "data without CRLF": b"1\r\na0\r\n\r\n",
    "LF in an extension": b"1;a\nb\r\na\r\n0\r\n\r\n",
    "LF after the size": b"0\n\r\n",
    "CR after the size": b"0\r\r\n\r\n",
    "LF after data": b"1\r\na\n0\r\n\r\n",
    "LF after the last chunk": b"0\r\n\n",
    "trailer without colon": b"0\r\nContent-Length 5\r\n\r\n",
}

#: A server may accept LF alone after a head (RFC 9112, section 2.2), and a proxy must not forward it
#: in a value (RFC 9110, section 5.5).
HEADS = {
    "HTTP/1.0 with a coding": FORM.replace("1.1", "1.0").encode() + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "CR after the head": FORM.encode() + b"Content-Length: 0\r\r",
    "CR in a value": FORM.encode() + b"X: a\r\r",
    "target in two lines": b"GET /x HTTP/1.1\r\n /y HTTP/1.1\r\nHost: x\r\n\r\n",
    "first header is folded": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
}

#: Valid: both requests are answered, otherwise the others prove nothing.
PAIRS = {
    "length, then hidden": form("Content-Length: 3\r\n", b"a=b") + HIDDEN,
    "coding, then hidden": form("Transfer-Encoding: chunked\r\n", b"0\r\n\r\n") + HIDDEN,
}

AMBIGUOUS = {
    **{name: form(headers, b"0\r\n\r\n" + HIDDEN) for name, headers in CODINGS.items()},
    **{
        f"length {value!r}": form("".join(f"Content-Length: {part}\r\n" for part in value.split("|")), HIDDEN)
        for value in LENGTHS
    },
    **{name: form("Transfer-Encoding: chunked\r\n", chunks + HIDDEN) for name, chunks in CHUNKS.items()},
    **{name: head + HIDDEN for name, head in HEADS.items()},
}


@pytest.fixture(scope="module")
def responses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, bytes]]:
    """What a server responds to each stream of bytes."""
    stack, port = build_harness(tmp_path_factory.mktemp("home")), free_port()
    stack.services.stopping.set()
    streams = PAIRS | AMBIGUOUS
    with serving(stack.services, port), ThreadPoolExecutor(len(streams)) as pool:
        yield dict(zip(streams, pool.map(lambda stream: send(port, stream), streams.values()), strict=True))
    stack.services.database.close()


def send(port: int, stream: bytes) -> bytes:
    """Send `stream` on one connection. Return the response until the server waits or closes the connection."""
    response = b""
    connected = socket.create_connection(("127.0.0.1", port), timeout=60)
    with connected as connection, suppress(TimeoutError, ConnectionResetError):
        connection.sendall(stream)
        while block := connection.recv(65536):
            response += block
            connection.settimeout(NEXT_RESPONSE_S)
    return response


@pytest.mark.parametrize("name", PAIRS)
def test_two_requests_have_two_responses(responses: dict[str, bytes], name: str) -> None:
    assert responses[name].count(b"HTTP/1.") == 2
    assert b'"versions"' in responses[name]


@pytest.mark.parametrize("name", AMBIGUOUS)
def test_an_ambiguous_request_hides_no_other(responses: dict[str, bytes], name: str) -> None:
    assert responses[name].count(b"HTTP/1.") <= 1, responses[name]
    assert b'"versions"' not in responses[name]
