"""Nothing that is sent makes the API stumble: every route, odd bodies, odd ids."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from support.callers import People, people
from support.stacks import bench

BODIES = {
    "no text": b"\xff\xfe",
    "half a character": b'{"a": "\\ud800"}',
    "deeply nested": b'{"a":' * 5000,
    "deep lists": b"[" * 5000,
    "too large for a float": b'{"a": 1e999}',
    "more digits than Python reads": b"1" * 5000,
    "no UTF-8 in a part that is ours": b'{"server": {"name": "\xff"}, "x": 1}',
}
ODD_IDS = ("%00", "a%00b", "%2F", "%F0%9F%98%80", "a" * 10_000, "%FF", "%ED%A0%80", "1" * 5000)
ODD_QUERIES = (
    "limit=" + "9" * 5000,
    "limit=%D9%A3",
    "marker=%00",
    "name=%00",
    "changes-since=9999-12-31T23:59:59-23:00",
)


@pytest.fixture
def sqlite(home: Path) -> Iterator[People]:
    of = bench(home)
    with people(of) as asking:
        yield asking
    of.services.database.close()


@pytest.fixture
def anywhere(home: Path, database_url: str) -> Iterator[People]:
    of = bench(home, database_url)
    of.services.stopping.set()  # a stream that would go on for ever ends at once
    with people(of) as asking:
        yield asking
    of.services.database.close()


def routes(of: People) -> list[tuple[str, str]]:
    """Every method and path; a volume's path only without the project in it."""
    app: Any = of.client.app
    found = [route for route in app.routes if isinstance(route, HTTPRoute)]
    paths = [route for route in found if not route.path.startswith(("/volume/v3/{project_id", "/api/docs"))]
    return sorted((str(method), route.path_format) for route in paths for method in route.methods - {"OPTIONS"})


def filled(path: str, odd: str) -> str:
    return "/".join(odd if part.startswith("{") else part for part in path.split("/"))


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_body_that_is_none_is_refused(sqlite: People, body: bytes) -> None:
    for method, path in routes(sqlite):
        if method in ("POST", "PUT", "PATCH"):
            answer = sqlite.ask(method, filled(path, "x"), "admin", content=body)
            assert answer.status_code < 500 or answer.status_code == 501, (method, path, answer.text)


def test_ids_may_be_anything(anywhere: People) -> None:
    for odd in ODD_IDS:
        for method, path in routes(anywhere):
            if "{" in path:
                answer = anywhere.ask(method, filled(path, odd), "admin", json={})
                assert answer.status_code < 500 or answer.status_code == 501, (method, path, odd[:9], answer.text)


def test_queries_may_be_anything(anywhere: People) -> None:
    for query in ODD_QUERIES:
        for method, path in routes(anywhere):
            if method == "GET" and "{" not in path:
                answer = anywhere.ask(method, f"{path}?{query}", "admin")
                assert answer.status_code < 500, (path, query[:20], answer.text)


@pytest.mark.parametrize("version", ["2." + "9" * 5000, "2.٣", "9" * 5000 + ".1"], ids=["long", "arabic", "major"])
@pytest.mark.parametrize("service", ["compute", "volume"])
def test_microversions_may_be_anything(sqlite: People, service: str, version: str) -> None:
    path = {"compute": "/compute/v2.1/servers", "volume": "/volume/v3/volumes"}[service]
    headers = {"OpenStack-API-Version": f"{service} {version}".encode()}
    answer = sqlite.ask("GET", path, headers=headers)
    assert answer.status_code in (400, 406), answer.text


def test_every_answer_tells_its_request(sqlite: People) -> None:
    for method, path in (("GET", "/"), ("GET", "/nothing"), ("DELETE", "/network/v2.0/ports"), ("GET", "/image/v2/x")):
        answer = sqlite.ask(method, path)
        assert answer.headers["x-openstack-request-id"].startswith("req-"), (method, path)
    assert sqlite.ask("DELETE", "/network/v2.0/ports").json()["NeutronError"]["type"] == "HTTPMethodNotAllowed"


def test_subnets_have_no_status_to_ask_for(sqlite: People) -> None:
    assert sqlite.ask("GET", "/network/v2.0/subnets?status=ACTIVE").status_code == 400


def test_an_image_s_owner_is_a_text(sqlite: People) -> None:
    wrong = {"name": "x", "owner": [{}]}
    assert sqlite.ask("POST", "/image/v2/images", "admin", json=wrong).status_code == 400


def test_the_network_s_version_lists_its_resources(sqlite: People) -> None:
    resources = sqlite.client.get("/network/v2.0").json()["resources"]
    assert [one["collection"] for one in resources] == ["networks", "subnets", "ports"]
    assert resources[0]["links"][0]["href"].endswith("/network/v2.0/networks")


def test_each_face_says_in_its_own_way_that_there_is_no_such_path(sqlite: People) -> None:
    page = sqlite.ask("GET", "/dashboard/nothing", "")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "Not Found" in page.text
    problem = sqlite.ask("GET", "/api/v1/nothing")
    assert (problem.status_code, problem.headers["content-type"]) == (404, "application/problem+json")
    assert sqlite.ask("GET", "/nothing").json()["error"]["code"] == 404
