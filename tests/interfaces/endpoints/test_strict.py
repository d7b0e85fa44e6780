"""A strict API: query strings, headers, media types and encoded bodies."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient
from msgspec import Meta, Struct, field

from stratiform.interfaces.endpoints import Api, ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.decoding import parse_json_bool
from stratiform.interfaces.endpoints.dispatch import build_router
from stratiform.interfaces.endpoints.media_types import JSON, PLAIN_TEXT, TEXT
from stratiform.interfaces.endpoints.request import RequestTransactions
from stratiform.interfaces.http import Request, get_services
from stratiform.interfaces.rest.problems import render_problem
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Fault, Invalid, Unauthenticated
from stratiform.kit.policy import SYSTEM, Rule, anyone
from support.stacks import ServiceHarness

RULE = Rule("test", anyone)


@contextmanager
def open_with_key(request: Request) -> Iterator[RequestContext]:
    if request.headers.get("x-auth-token") != "key":
        raise Unauthenticated("invalid key")
    services = get_services(request)
    with services.database.transaction() as db:
        yield RequestContext(db, SYSTEM, services.clock.now())


def invalid_field(name: str, _value: str, reason: str) -> Fault:
    return Invalid(f"{name}: {reason}")


api = Api(
    name="strict",
    path="/strict",
    routes="",
    exception_handlers={Exception: render_problem},
    transactions=RequestTransactions(open_with_key, open_with_key),
    strict=True,
    parse_flag=parse_json_bool,
    invalid_field=invalid_field,
)


class ListQuery(Struct):
    limit: Annotated[int, Meta(ge=1)] = 10
    deleted: bool = False
    since: str | None = field(name="from", default=None)
    tags: list[str] = []


class EventHeaders(Struct):
    last_event_id: str | None = field(name="last-event-id", default=None)


@api.get("/items", RULE)
def list_items(_request: ApiRequest, query: ListQuery) -> ListQuery:
    return query


@api.get("/events", RULE, produces={PLAIN_TEXT: TEXT})
def show_events(_request: ApiRequest, headers: EventHeaders) -> ApiResponse[bytes]:
    return ApiResponse((headers.last_event_id or "none").encode(), media_type=PLAIN_TEXT)


@api.post("/files/{name:path}", RULE, consumes={PLAIN_TEXT: TEXT, JSON: TEXT})
def create_file(_request: ApiRequest, name: str, body: bytes) -> dict[str, str]:
    return {"name": name, "body": body.decode()}


@api.put("/streams", RULE, manages_transactions=True)
async def upload(request: ApiRequest, query: ListQuery) -> dict[str, int]:
    size = 0
    async for block in request.http.stream():
        size += len(block)
    return {"limit": query.limit, "size": size}


@pytest.fixture
def client(service_harness: ServiceHarness) -> Iterator[TestClient[Litestar]]:
    app = Litestar([build_router(api)], state=State({"services": service_harness.services}), openapi_config=None)
    with TestClient(app) as client:
        client.headers["X-Auth-Token"] = "key"
        yield client


def test_parameters_are_decoded(client: TestClient[Litestar]) -> None:
    response = client.get("/strict/items?limit=3&deleted=true&from=2026&tags=a&tags=b")
    assert response.json() == {"limit": 3, "deleted": True, "from": "2026", "tags": ["a", "b"]}


@pytest.mark.parametrize(
    ("path", "detail", "hint"),
    [
        ("items?limt=3", "unknown query parameter 'limt'", "did you mean `limit`?"),
        ("items?x=3", "unknown query parameter 'x'", "available: deleted, from, limit, tags"),
        ("items?since=3", "unknown query parameter 'since'", "available: deleted, from, limit, tags"),
        ("events?x=3", "unknown query parameter 'x'", "this endpoint has no parameters"),
        ("items?limit=1&limit=2", "`limit` occurs more than once", None),
        ("items?from=%20", "`from` is empty", "omit the parameter to select everything"),
        ("items?limit=x", "limit: 'x' is not of type 'integer'", None),
        ("items?limit=0", "limit: '0' is less than the minimum of 1", None),
        ("items?deleted=yes", "deleted: 'yes' is neither true nor false.", None),
    ],
)
def test_invalid_parameters_are_refused(client: TestClient[Litestar], path: str, detail: str, hint: str | None) -> None:
    response = client.get(f"/strict/{path}")
    problem = response.json()
    assert (response.status_code, problem["detail"], problem.get("hint")) == (400, detail, hint)


def test_an_unauthenticated_caller_learns_nothing_of_parameters(client: TestClient[Litestar]) -> None:
    assert client.get("/strict/items?x=1", headers={"X-Auth-Token": "other"}).status_code == 401


def test_headers_are_decoded(client: TestClient[Litestar]) -> None:
    assert client.get("/strict/events").text == "none"
    response = client.get("/strict/events", headers={"Last-Event-ID": "7"})
    assert (response.text, response.headers["content-type"]) == ("7", "text/plain; charset=utf-8")


def test_a_path_parameter_with_several_segments(client: TestClient[Litestar]) -> None:
    response = client.post("/strict/files/a/b%20c", content=b"text")
    assert response.json() == {"name": "/a/b c", "body": "text"}


def test_encoded_bodies_are_refused(client: TestClient[Litestar]) -> None:
    response = client.post("/strict/files/a", content=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert (response.status_code, response.json()["hint"]) == (415, "send the body uncompressed")
    identity = client.post("/strict/files/a", content=b"text", headers={"Content-Encoding": "identity"})
    assert identity.status_code == 200


def test_streamed_bodies_have_parameters(client: TestClient[Litestar]) -> None:
    assert client.put("/strict/streams?limit=2", content=b"abc").json() == {"limit": 2, "size": 3}
    assert client.put("/strict/streams?x=2", content=b"abc").status_code == 400
