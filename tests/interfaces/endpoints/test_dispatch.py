"""Routes of an API with prefixes, its own authentication, and its own type of empty responses."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from litestar import Litestar
from litestar.datastructures import State
from litestar.testing import TestClient

from stratiform.interfaces.endpoints import Api, ApiRequest
from stratiform.interfaces.endpoints.dispatch import build_router
from stratiform.interfaces.endpoints.request import RequestTransactions
from stratiform.interfaces.http import Request, get_services
from stratiform.interfaces.openstack.fault_formats import build_fault_handlers, format_glance_fault
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Deadlock, Unauthenticated
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


api = Api(
    name="test",
    path="/test",
    routes="",
    exception_handlers=build_fault_handlers(format_glance_fault),
    prefixes=("", "/v1"),
    transactions=RequestTransactions(open_with_key, open_with_key),
    empty_media_type="text/plain",
)


@api.get("/users/{name}", RULE)
def show_user(request: ApiRequest, name: str) -> dict[str, str]:
    return {"user_id": request.ctx.caller.user_id, "name": name}


@api.get("/managed", RULE, manages_transactions=True)
def show_managed(request: ApiRequest) -> dict[str, str]:
    with request.read_transaction() as ctx:
        return {"user_id": ctx.caller.user_id}


@api.post("/users", RULE, status=201)
def create_user(request: ApiRequest) -> None:
    assert request.ctx.caller is SYSTEM


#: How many more calls of `count_calls` deadlock, and how many there were.
calls = {"deadlocks": 0, "all": 0}


@api.post("/calls", RULE)
def count_calls(request: ApiRequest) -> dict[str, int]:
    assert request.ctx.caller is SYSTEM
    calls["all"] += 1
    if calls["deadlocks"]:
        calls["deadlocks"] -= 1
        raise Deadlock
    return calls


@pytest.fixture
def client(service_harness: ServiceHarness) -> Iterator[TestClient[Litestar]]:
    app = Litestar(
        [build_router(api, path="/other")], state=State({"services": service_harness.services}), openapi_config=None
    )
    with TestClient(app) as client:
        yield client


def test_prefixes_and_path(client: TestClient[Litestar]) -> None:
    headers = {"X-Auth-Token": "key"}
    for path in ("/other/users/a", "/other/v1/users/a"):
        assert client.get(path, headers=headers).json() == {"user_id": SYSTEM.user_id, "name": "a"}
    assert client.get("/test/users/a", headers=headers).status_code == 404


def test_transactions_authenticate(client: TestClient[Litestar]) -> None:
    for path in ("/other/users/a", "/other/managed"):
        assert client.get(path, headers={"X-Auth-Token": "token"}).status_code == 401
        assert client.get(path, headers={"X-Auth-Token": "key"}).json()["user_id"] == SYSTEM.user_id


def test_media_type_of_empty_responses(client: TestClient[Litestar]) -> None:
    response = client.post("/other/users", headers={"X-Auth-Token": "key"})
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize(("deadlocks", "status", "attempts"), [(0, 200, 1), (4, 200, 5), (9, 503, 5)])
def test_a_transaction_that_deadlocks_is_repeated(
    client: TestClient[Litestar], deadlocks: int, status: int, attempts: int
) -> None:
    calls.update(deadlocks=deadlocks, all=0)
    response = client.post("/other/calls", headers={"X-Auth-Token": "key"})
    assert (response.status_code, calls["all"]) == (status, attempts)
