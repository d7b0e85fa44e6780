"""Every route of the contract, with and without the prefix `/v1`: access and response status."""

from dataclasses import dataclass
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from support.almanach import ANY_TIME, INSTANCE, VOLUME, AlmanachClient

HOUR = "2026-01-01T11:00:00Z"
OWN = "{own}"


@dataclass(frozen=True, slots=True)
class Route:
    """A route, and its status for an operator (`success`), a reader of the project, and a member of another one.

    `requires`: resources that must exist (i: instance i-1, e: i-1 has ended, v: volume v-1, t: volume type t-1).
    """

    method: str
    path: str
    body: Any
    success: int
    reader: int
    other_project: int
    requires: str = ""
    empty: bool = True


WRITE: dict[str, Any] = {"reader": 403, "other_project": 403}
READ: dict[str, Any] = {"reader": 200, "other_project": 404, "empty": False}

#: Paths that Almanach does not have.
ADDITIONAL_PATHS = ("/", "/v1", "/healthcheck")

ROUTES = (
    Route("POST", f"/project/{OWN}/instance", INSTANCE, 201, **WRITE),
    Route("DELETE", "/instance/i-1", {"date": HOUR}, 202, requires="i", **WRITE),
    Route("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"}, 200, requires="i", **WRITE),
    Route(
        "PUT",
        "/instance/i-1/rebuild",
        {"rebuild_date": HOUR, "distro": "ubuntu", "version": "24.04", "os_type": "linux"},
        200,
        requires="i",
        **WRITE,
    ),
    Route("GET", f"/project/{OWN}/instances?{ANY_TIME}", None, 200, requires="i", **READ),
    Route("POST", f"/project/{OWN}/volume", VOLUME, 201, **WRITE),
    Route("DELETE", "/volume/v-1", {"date": HOUR}, 202, requires="v", **WRITE),
    Route("PUT", "/volume/v-1/resize", {"date": HOUR, "size": 20}, 200, requires="v", **WRITE),
    Route("PUT", "/volume/v-1/attach", {"date": HOUR, "attachments": ["i-1"]}, 200, requires="v", **WRITE),
    Route("PUT", "/volume/v-1/detach", {"date": HOUR, "attachments": []}, 200, requires="v", **WRITE),
    Route("GET", f"/project/{OWN}/volumes?{ANY_TIME}", None, 200, requires="v", **READ),
    Route("GET", f"/project/{OWN}/entities?{ANY_TIME}", None, 200, requires="iv", **READ),
    Route("PUT", "/entity/instance/i-1", {"name": "new"}, 200, 403, 403, "i", empty=False),
    Route("PUT", f"/entity/instance/i-1?{ANY_TIME}", {"flavor": "m1.tiny"}, 200, 403, 403, "ie", empty=False),
    Route("HEAD", "/entity/i-1", None, 200, 200, 404, "i"),
    Route("GET", "/entity/i-1", None, 200, requires="i", **READ),
    Route("GET", "/volume_types", None, 200, 200, 200, "t", empty=False),
    Route("GET", "/volume_type/t-1", None, 200, 200, 200, "t", empty=False),
    Route("POST", "/volume_type", {"type_id": "t-1", "type_name": "fast"}, 201, **WRITE),
    Route("DELETE", "/volume_type/t-1", None, 202, requires="t", **WRITE),
)
IDS = [f"{route.method} {route.path.split('?')[0]}" + ("?" if "?" in route.path else "") for route in ROUTES]
ROUTES_WITH_BODY = [route for route in ROUTES if route.body is not None]

each = pytest.mark.parametrize("route", ROUTES, ids=IDS)


def send(client: AlmanachClient, route: Route, user: str, prefix: str = "", **options: Any) -> Any:
    path = prefix + route.path.replace(OWN, client.project_id)
    return client.request(route.method, path, options.pop("body", route.body), user=user, **options)


def prepare(client: AlmanachClient, route: Route) -> None:
    if "i" in route.requires:
        client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE)
    if "e" in route.requires:
        client.ok("DELETE", "/instance/i-1", {"date": HOUR})
    if "v" in route.requires:
        client.ok("POST", f"/project/{client.project_id}/volume", VOLUME)
    if "t" in route.requires:
        client.ok("POST", "/volume_type", {"type_id": "t-1", "type_name": "fast"})


@pytest.fixture
def full(client: AlmanachClient) -> AlmanachClient:
    """A client with all resources that the routes require; rejected requests do not change them."""
    prepare(client, Route("", "", None, 0, 0, 0, "ivt"))
    return client


@pytest.mark.parametrize(("prefix", "user"), [("", "key"), ("/v1", "admin")], ids=["key", "v1-operator"])
@each
def test_operator_may_use_every_route(client: AlmanachClient, route: Route, prefix: str, user: str) -> None:
    prepare(client, route)
    response = send(client, route, user, prefix)
    assert response.status_code == route.success, response.text
    if route.empty:
        assert (response.content, response.headers["content-type"]) == (b"", "text/html; charset=utf-8")
    else:
        assert response.headers["content-type"] == "application/json"
        assert response.json()


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_missing_token_is_401_before_the_body_is_read(full: AlmanachClient, prefix: str) -> None:
    for route in ROUTES:
        response = send(full, route, "", prefix, **({"content": b"{"} if route.body is not None else {}))
        assert (response.status_code, response.headers["content-type"]) == (401, "text/html; charset=utf-8"), route
        assert response.text == ("" if route.method == "HEAD" else "Unauthorized")


@pytest.mark.parametrize(
    "token", ["a private ke", "a private key ", "A PRIVATE KEY", "gAAAAA", "\u00e9".encode()], ids=repr
)
def test_invalid_token_is_401(full: AlmanachClient, token: str | bytes) -> None:
    before = full.get_position()
    for route in ROUTES:
        response = send(full, route, "", headers={"X-Auth-Token": token})
        assert response.status_code == 401, route
    assert full.get_position() == before


def test_access_from_other_project(full: AlmanachClient) -> None:
    before = full.get_position()
    for route in ROUTES:
        response = send(full, route, "blue")
        assert response.status_code == route.other_project, (route, response.text)
    assert full.get_position() == before


@pytest.mark.parametrize("user", ["green-reader", "green"])
def test_reader_and_member_only_read(full: AlmanachClient, user: str) -> None:
    before = full.get_position()
    for route in ROUTES:
        assert send(full, route, user).status_code == route.reader, route
    assert full.get_position() == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"null", b"\xff", b'"text"'], ids=repr)
def test_body_must_be_an_object(full: AlmanachClient, content: bytes) -> None:
    for route in ROUTES_WITH_BODY:
        response = send(full, route, "key", content=content)
        assert (response.status_code, response.json()) == (400, {"error": "Invalid parameter or payload"}), route


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "application/json", "x/y", ""]
)
def test_content_type_is_ignored(client: AlmanachClient, content_type: str) -> None:
    """`curl -d` declares a form, for which Almanach itself finds no body."""
    headers = {"Content-Type": content_type} if content_type else {}
    client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE, headers=headers)
    client.ok("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"}, headers=headers)
    client.ok("PUT", "/entity/instance/i-1", {"name": "new"}, headers=headers)
    client.ok("DELETE", "/instance/i-1", {"date": HOUR}, headers=headers)
    assert client.list_entities("i-1")[0]["name"] == "new"


def test_info_requires_no_token(client: AlmanachClient) -> None:
    client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE)
    client.ok("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"})
    for path in ("/info", "/v1/info"):
        response = client.request("GET", path, user="")
        assert response.json() == {
            "info": {"version": "4.1.0"},
            "database": {"all_entities": 2, "active_entities": 1},
        }
    client.ok("DELETE", "/instance/i-1", {"date": "2026-01-01T12:00:00Z"})
    client.harness.clock.advance(10_000_000)
    assert client.ok("GET", "/info")["database"] == {"all_entities": 2, "active_entities": 0}


def test_routes_match_the_contract(client: AlmanachClient) -> None:
    app: Any = client.http.app
    routes = {
        (str(method), route.path_format.removeprefix("/v1") or "/", route.path_format.startswith("/v1"))
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path_format not in ADDITIONAL_PATHS
        for method in route.methods - {"OPTIONS"}
    }
    assert len(routes) == 2 * 20
    assert {(method, path) for method, path, versioned in routes if versioned} == {
        (method, path) for method, path, versioned in routes if not versioned
    }


def test_routes_below_almanach(client: AlmanachClient) -> None:
    client.ok("POST", f"/project/{client.project_id}/instance", INSTANCE)
    for path in ("/almanach/entity/i-1", "/almanach/v1/entity/i-1"):
        assert client.callers.ok("GET", path, "green")[0]["entity_id"] == "i-1"
        assert client.callers.request("GET", path, "blue").json() == {"error": "Entity not found"}
    page = client.callers.request("GET", "/almanach/unknown", "green")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/unknown", 404), ("PATCH", "/info", 405)])
def test_unknown_path_or_method_is_an_html_page(client: AlmanachClient, method: str, path: str, status: int) -> None:
    page = client.request(method, path)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<title>{status} " in page.text
