"""Bodies that are too large, of unknown callers, or incomplete: on every route."""

import json
import socket
from collections.abc import Iterator
from itertools import repeat

import pytest

from stratiform.interfaces.request_bodies import ANONYMOUS_BYTES, OSLO_BYTES
from support.callers import Callers, open_callers
from support.ports import free_port
from support.raw_requests import BLOCK_BYTES, RawRequest, fill_in, list_routes
from support.server import serving
from support.stacks import ServiceHarness, build_harness

pytestmark = pytest.mark.thorough

ATTACK_BYTES = 15 * 1024 * 1024
NO_TOKEN = {"none": {}, "unknown": {"x-auth-token": "gAAAAAB" + "x" * 200}}

#: What routes without a token may answer: not found, method not allowed, unauthorized, refused forms.
REFUSALS = (400, 401, 403, 404, 405, 413, 415)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceHarness]:
    stack = build_harness(tmp_path_factory.mktemp("home"))
    stack.services.stopping.set()
    yield stack
    stack.services.database.close()


@pytest.fixture(scope="module")
def api(stack: ServiceHarness) -> Iterator[Callers]:
    with open_callers(stack) as callers:
        yield callers


def large_body() -> Iterator[bytes]:
    return repeat(b" " * BLOCK_BYTES, ATTACK_BYTES // BLOCK_BYTES)


def writing_routes(api: Callers) -> list[tuple[str, str]]:
    return [(method, fill_in(path, "x")) for method, path in list_routes(api) if method not in ("GET", "HEAD")]


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with-length", "chunked"])
@pytest.mark.parametrize("headers", NO_TOKEN.values(), ids=NO_TOKEN)
def test_an_unknown_caller_fills_no_memory(api: Callers, headers: dict[str, str], is_chunked: bool) -> None:
    size = {} if is_chunked else {"content-length": str(ATTACK_BYTES)}
    wrong = {}
    for method, path in writing_routes(api):
        request = RawRequest(method, path, headers | size, large_body()).send(api)
        if request.status not in REFUSALS or request.received_bytes > ANONYMOUS_BYTES + BLOCK_BYTES:
            wrong[f"{method} {path}"] = (request.status, request.received_bytes, request.response[:80])
    assert wrong == {}


def test_a_caller_without_the_role_fills_no_memory(api: Callers) -> None:
    headers = {"x-auth-token": api.tokens["green"], "content-length": str(ATTACK_BYTES)}
    request = RawRequest("POST", "/api/v1/usage/events", headers, large_body()).send(api)
    assert (request.status, request.received_bytes) == (403, 0)


@pytest.mark.parametrize("is_chunked", [False, True], ids=["with-length", "chunked"])
def test_openstack_apis_refuse_bodies_above_their_limit(api: Callers, is_chunked: bool) -> None:
    """The limit and the text are those of oslo.middleware."""
    headers = {"x-auth-token": api.tokens["green"]}
    headers |= {} if is_chunked else {"content-length": str(ATTACK_BYTES)}
    received_bytes = OSLO_BYTES + BLOCK_BYTES if is_chunked else 0
    for path in ("/compute/v2.1/servers", "/volume/v3/volumes"):
        request = RawRequest("POST", path, headers, large_body()).send(api)
        assert (request.status, request.received_bytes) == (413, received_bytes)
        assert json.loads(request.response)["overLimit"]["message"] == "Request is too large."


def test_sign_in_is_limited_to_what_it_needs(api: Callers) -> None:
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": {"password": "x" * ANONYMOUS_BYTES}}}}}
    response = api.request("POST", "/identity/v3/auth/tokens", "", json=body)
    assert (response.status_code, response.json()["error"]["message"]) == (413, "Request is too large.")
    form = api.request("POST", "/dashboard/sign-in", "", content=b"user=" + b"x" * ANONYMOUS_BYTES)
    assert form.status_code == 413


@pytest.mark.parametrize("blocks", [[], [b"{"], [b" " * (ANONYMOUS_BYTES + 1)]], ids=["none", "one", "large"])
def test_an_incomplete_body_is_the_error_of_the_client(api: Callers, blocks: list[bytes]) -> None:
    """The server reports a broken chunk as a lost connection."""
    wrong = {}
    for method, path in writing_routes(api):
        headers = {"x-auth-token": api.tokens["admin"], "content-type": "application/octet-stream"}
        request = RawRequest(method, path, headers, iter(blocks), is_broken=True).send(api)
        if request.status not in REFUSALS and request.status != 501:
            wrong[f"{method} {path}"] = (request.status, request.response)
    assert wrong == {}


@pytest.mark.parametrize("chunk", [b"ZZ\r\n", b"5\r\nabc", b"-1\r\n", b"ffffffffffffffffff\r\n"])
def test_a_broken_chunk_is_a_bad_request(stack: ServiceHarness, chunk: bytes) -> None:
    """With the real server."""
    port = free_port()
    with serving(stack.services, port):
        for path in ("/identity/v3/auth/tokens", "/dashboard/sign-in"):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                connection.sendall(head.encode() + chunk)
                connection.shutdown(socket.SHUT_WR)
                answer = connection.recv(65536)
        assert answer.startswith(b"HTTP/1.1 400 "), (path, answer)
