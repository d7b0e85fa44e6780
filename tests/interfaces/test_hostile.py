"""Malformed input never causes an internal server error: every route, with malformed bodies, ids and queries."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.interfaces.endpoints import Api, Endpoint
from stratiform.interfaces.endpoints.decoding import list_query_fields
from stratiform.interfaces.openstack.apis import APIS
from stratiform.interfaces.rest.api import api as REST_API
from support.callers import Callers, open_callers
from support.raw_requests import fill_in, list_routes
from support.stacks import build_harness

BODIES = {
    "not text": b"\xff\xfe",
    "lone surrogate": b'{"a": "\\ud800"}',
    "deeply nested objects": b'{"a":' * 5000,
    "deeply nested lists": b"[" * 5000,
    "number too large for a float": b'{"a": 1e999}',
    "more digits than Python parses": b"1" * 5000,
    "invalid UTF-8 in a known key": b'{"server": {"name": "\xff"}, "x": 1}',
}
IDS = ("%00", "a%00b", "%2F", "%F0%9F%98%80", "a" * 10_000, "%FF", "%ED%A0%80", "1" * 5000)
QUERIES = (
    "limit=" + "9" * 5000,
    "limit=%D9%A3",
    "marker=%00",
    "name=%00",
    "changes-since=9999-12-31T23:59:59-23:00",
)
INTEGERS = ("-1", "0", "2147483648", str(2**63), str(2**64 - 1), "-" + "9" * 19, "9" * 40)

#: What PostgreSQL or MariaDB refuse and SQLite stores; the rest is refused before a query.
IDS_OF_SERVERS = ("a%00b", "%F0%9F%98%80")
QUERIES_OF_SERVERS = ("marker=%00", "name=%00")
INTEGERS_OF_SERVERS = ("2147483648", str(2**64 - 1))

pytestmark = pytest.mark.thorough


@pytest.fixture
def api(home: Path) -> Iterator[Callers]:
    stack = build_harness(home)
    with open_callers(stack) as callers:
        yield callers
    stack.services.database.close()


@pytest.fixture
def any_api(home: Path, database_url: str) -> Iterator[Callers]:
    """The API on each database."""
    stack = build_harness(home, database_url)
    stack.services.stopping.set()  # a stream of changes ends at once
    with open_callers(stack) as callers:
        yield callers
    stack.services.database.close()


def is_sqlite(callers: Callers) -> bool:
    return callers.harness.services.database.dialect == "sqlite"


def declared_reads() -> Iterator[tuple[Api, Endpoint]]:
    for api in (*APIS, REST_API):
        api.import_routes()
        yield from ((api, endpoint) for endpoint in api.endpoints if endpoint.method == "GET")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_malformed_bodies_are_refused(api: Callers, body: bytes) -> None:
    for method, path in list_routes(api):
        if method in ("POST", "PUT", "PATCH"):
            response = api.request(method, fill_in(path, "x"), "admin", content=body)
            assert response.status_code < 500 or response.status_code == 501, (method, path, response.text)


def test_malformed_ids_cause_no_server_error(any_api: Callers) -> None:
    for identifier in IDS if is_sqlite(any_api) else IDS_OF_SERVERS:
        for method, path in list_routes(any_api):
            if "{" in path:
                response = any_api.request(method, fill_in(path, identifier), "admin", json={})
                details = (method, path, identifier[:9], response.text)
                assert response.status_code < 500 or response.status_code == 501, details


def test_malformed_queries_cause_no_server_error(any_api: Callers) -> None:
    for query in QUERIES if is_sqlite(any_api) else QUERIES_OF_SERVERS:
        for method, path in list_routes(any_api):
            if method == "GET" and "{" not in path:
                response = any_api.request(method, f"{path}?{query}", "admin")
                assert response.status_code < 500 or response.status_code == 501, (path, query[:20], response.text)


def test_integers_of_any_size_cause_no_server_error(any_api: Callers) -> None:
    """Every integer that a query string may have, in every API that declares its queries."""
    names = set()
    integers = INTEGERS if is_sqlite(any_api) else INTEGERS_OF_SERVERS
    for api, endpoint in declared_reads():
        for name, field in list_query_fields(endpoint.query).items() if endpoint.query is not None else ():
            for number in integers if field.is_int else ():
                names.add(name)
                response = any_api.request("GET", f"{api.path}{fill_in(endpoint.path, 'x')}?{name}={number}", "admin")
                assert response.status_code < 500 or response.status_code == 501, (
                    endpoint.name,
                    name,
                    number,
                    response.text,
                )
    assert {"offset", "mtu", "ip_version", "limit"} <= names


@pytest.mark.parametrize("version", ["2." + "9" * 5000, "2.٣", "9" * 5000 + ".1"], ids=["long", "arabic", "major"])
@pytest.mark.parametrize("service", ["compute", "volume"])
def test_malformed_microversions_are_refused(api: Callers, service: str, version: str) -> None:
    path = {"compute": "/compute/v2.1/servers", "volume": "/volume/v3/volumes"}[service]
    headers = {"OpenStack-API-Version": f"{service} {version}".encode()}
    response = api.request("GET", path, headers=headers)
    assert response.status_code in (400, 406), response.text


def test_every_response_has_a_request_id(api: Callers) -> None:
    for method, path in (("GET", "/"), ("GET", "/nothing"), ("DELETE", "/network/v2.0/ports"), ("GET", "/image/v2/x")):
        response = api.request(method, path)
        assert response.headers["x-openstack-request-id"].startswith("req-"), (method, path)
    assert api.request("DELETE", "/network/v2.0/ports").json()["NeutronError"]["type"] == "HTTPMethodNotAllowed"


def test_subnets_cannot_be_filtered_by_status(api: Callers) -> None:
    assert api.request("GET", "/network/v2.0/subnets?status=ACTIVE").status_code == 400


def test_owner_of_an_image_must_be_a_string(api: Callers) -> None:
    image = {"name": "x", "owner": [{}]}
    assert api.request("POST", "/image/v2/images", "admin", json=image).status_code == 400


def test_network_version_document_lists_the_resources(api: Callers) -> None:
    resources = api.client.get("/network/v2.0").json()["resources"]
    assert [resource["collection"] for resource in resources] == ["networks", "subnets", "ports"]
    assert resources[0]["links"][0]["href"].endswith("/network/v2.0/networks")


def test_unknown_paths_return_404_in_the_format_of_each_interface(api: Callers) -> None:
    page = api.request("GET", "/dashboard/nothing", "")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Not Found" in page.text
    problem = api.request("GET", "/api/v1/nothing")
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")
    assert api.request("GET", "/nothing").json()["error"]["code"] == 404
