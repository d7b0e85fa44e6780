"""Every route of the contract, with and without the version in front: who may use it, and what it answers."""

from dataclasses import dataclass
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from support.almanach import ALWAYS, INSTANCE, VOLUME, Api

HOUR = "2026-01-01T11:00:00Z"
OWN = "{own}"


@dataclass(frozen=True, slots=True)
class Route:
    """A line of the table. `good`: its success; `reader`: what a reader of the project is answered, `stranger`: what a
    member of another; `needs`: what must be there before (i: the machine i-1, v: the volume v-1, t: the type t-1)."""

    method: str
    path: str
    body: Any
    good: int
    reader: int
    stranger: int
    needs: str = ""
    empty: bool = True


TELLS: dict[str, Any] = {"reader": 403, "stranger": 403}
READS: dict[str, Any] = {"reader": 200, "stranger": 404, "empty": False}

ROUTES = (
    Route("POST", f"/project/{OWN}/instance", INSTANCE, 201, **TELLS),
    Route("DELETE", "/instance/i-1", {"date": HOUR}, 202, needs="i", **TELLS),
    Route("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"}, 200, needs="i", **TELLS),
    Route(
        "PUT",
        "/instance/i-1/rebuild",
        {"rebuild_date": HOUR, "distro": "ubuntu", "version": "24.04", "os_type": "linux"},
        200,
        needs="i",
        **TELLS,
    ),
    Route("GET", f"/project/{OWN}/instances?{ALWAYS}", None, 200, needs="i", **READS),
    Route("POST", f"/project/{OWN}/volume", VOLUME, 201, **TELLS),
    Route("DELETE", "/volume/v-1", {"date": HOUR}, 202, needs="v", **TELLS),
    Route("PUT", "/volume/v-1/resize", {"date": HOUR, "size": 20}, 200, needs="v", **TELLS),
    Route("PUT", "/volume/v-1/attach", {"date": HOUR, "attachments": ["i-1"]}, 200, needs="v", **TELLS),
    Route("PUT", "/volume/v-1/detach", {"date": HOUR, "attachments": []}, 200, needs="v", **TELLS),
    Route("GET", f"/project/{OWN}/volumes?{ALWAYS}", None, 200, needs="v", **READS),
    Route("GET", f"/project/{OWN}/entities?{ALWAYS}", None, 200, needs="iv", **READS),
    Route("PUT", "/entity/instance/i-1", {"name": "new"}, 200, 403, 403, "i", empty=False),
    Route("PUT", f"/entity/instance/i-1?{ALWAYS}", {"flavor": "m1.tiny"}, 200, 403, 403, "ie", empty=False),
    Route("HEAD", "/entity/i-1", None, 200, 200, 404, "i"),
    Route("GET", "/entity/i-1", None, 200, needs="i", **READS),
    Route("GET", "/volume_types", None, 200, 200, 200, "t", empty=False),
    Route("GET", "/volume_type/t-1", None, 200, 200, 200, "t", empty=False),
    Route("POST", "/volume_type", {"type_id": "t-1", "type_name": "fast"}, 201, **TELLS),
    Route("DELETE", "/volume_type/t-1", None, 202, needs="t", **TELLS),
)
IDS = [f"{route.method} {route.path.split('?')[0]}" + ("?" if "?" in route.path else "") for route in ROUTES]
TAKES_BODY = [route for route in ROUTES if route.body is not None]

each = pytest.mark.parametrize("route", ROUTES, ids=IDS)


def ask(api: Api, route: Route, who: str, prefix: str = "", **more: Any) -> Any:
    path = prefix + route.path.replace(OWN, api.folk.projects["green"])
    return api(route.method, path, more.pop("body", route.body), who=who, **more)


def prepare(api: Api, route: Route) -> None:
    own = api.folk.projects["green"]
    if "i" in route.needs:
        api.ok("POST", f"/project/{own}/instance", INSTANCE)
    if "e" in route.needs:
        api.ok("DELETE", "/instance/i-1", {"date": HOUR})
    if "v" in route.needs:
        api.ok("POST", f"/project/{own}/volume", VOLUME)
    if "t" in route.needs:
        api.ok("POST", "/volume_type", {"type_id": "t-1", "type_name": "fast"})


@pytest.fixture
def full(api: Api) -> Api:
    """With all that any route needs. What is refused changes nothing, so all routes can be asked."""
    prepare(api, Route("", "", None, 0, 0, 0, "ivt"))
    return api


@pytest.mark.parametrize(("prefix", "who"), [("", "key"), ("/v1", "admin")], ids=["key", "v1-operator"])
@each
def test_the_private_key_and_an_operator_s_token_open_all(api: Api, route: Route, prefix: str, who: str) -> None:
    prepare(api, route)
    answer = ask(api, route, who, prefix)
    assert answer.status_code == route.good, answer.text
    if route.empty:
        assert (answer.content, answer.headers["content-type"]) == (b"", "text/html; charset=utf-8")
    else:
        assert answer.headers["content-type"] == "application/json"
        assert answer.json()


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_without_a_token_nothing_is_read(full: Api, prefix: str) -> None:
    for route in ROUTES:
        answer = ask(full, route, "", prefix, **({"content": b"{"} if route.body is not None else {}))
        assert (answer.status_code, answer.headers["content-type"]) == (401, "text/html; charset=utf-8"), route
        assert answer.text == ("" if route.method == "HEAD" else "Unauthorized")


@pytest.mark.parametrize(
    "wrong", ["a private ke", "a private key ", "A PRIVATE KEY", "gAAAAA", "\u00e9".encode()], ids=repr
)
def test_a_wrong_token_opens_nothing(full: Api, wrong: str | bytes) -> None:
    before = full.position()
    for route in ROUTES:
        answer = ask(full, route, "", headers={"X-Auth-Token": wrong})
        assert answer.status_code == 401, route
    assert full.position() == before


def test_another_project_sees_nothing_and_tells_nothing(full: Api) -> None:
    before = full.position()
    for route in ROUTES:
        answer = ask(full, route, "blue")
        assert answer.status_code == route.stranger, (route, answer.text)
    assert full.position() == before


@pytest.mark.parametrize("who", ["green-reader", "green"])
def test_a_reader_and_a_member_of_the_project_only_read(full: Api, who: str) -> None:
    before = full.position()
    for route in ROUTES:
        assert ask(full, route, who).status_code == route.reader, route
    assert full.position() == before


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"5", b"null", b"\xff", b'"text"'], ids=repr)
def test_what_is_no_object_is_refused(full: Api, content: bytes) -> None:
    for route in TAKES_BODY:
        answer = ask(full, route, "key", content=content)
        assert (answer.status_code, answer.json()) == (400, {"error": "Invalid parameter or payload"}), route


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", "application/json", "x/y", ""])
def test_the_body_is_read_whatever_it_is_called(api: Api, kind: str) -> None:
    """curl's `-d` calls it a form; Almanach sees no body then."""
    own = api.folk.projects["green"]
    headers = {"Content-Type": kind} if kind else {}
    api.ok("POST", f"/project/{own}/instance", INSTANCE, headers=headers)
    api.ok("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"}, headers=headers)
    api.ok("PUT", "/entity/instance/i-1", {"name": "new"}, headers=headers)
    api.ok("DELETE", "/instance/i-1", {"date": HOUR}, headers=headers)
    assert api.entity("i-1")[0]["name"] == "new"


def test_anyone_may_ask_what_this_is(api: Api) -> None:
    own = api.folk.projects["green"]
    api.ok("POST", f"/project/{own}/instance", INSTANCE)
    api.ok("PUT", "/instance/i-1/resize", {"date": HOUR, "flavor": "m1.big"})
    for path in ("/info", "/v1/info"):
        answer = api("GET", path, who="")
        assert answer.json() == {
            "info": {"version": "4.1.0"},
            "database": {"all_entities": 2, "active_entities": 1},
        }
    api.ok("DELETE", "/instance/i-1", {"date": "2026-01-01T12:00:00Z"})
    api.of.clock.advance(10_000_000)
    assert api.ok("GET", "/info")["database"] == {"all_entities": 2, "active_entities": 0}


def test_the_contract_has_no_other_routes(api: Api) -> None:
    app: Any = api.http.app
    there = {
        (str(method), route.path_format.removeprefix("/v1") or "/", route.path_format.startswith("/v1"))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS"}
    }
    assert len(there) == 2 * 20
    assert {(method, path) for method, path, versioned in there if versioned} == {
        (method, path) for method, path, versioned in there if not versioned
    }


def test_it_is_below_almanach_of_the_api_too(api: Api) -> None:
    own = api.folk.projects["green"]
    api.ok("POST", f"/project/{own}/instance", INSTANCE)
    for path in ("/almanach/entity/i-1", "/almanach/v1/entity/i-1"):
        assert api.folk.ok("GET", path, "green")[0]["entity_id"] == "i-1"
        assert api.folk.ask("GET", path, "blue").json() == {"error": "Entity not found"}
    page = api.folk.ask("GET", "/almanach/nothing", "green")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PATCH", "/info", 405)])
def test_what_there_is_not_is_a_page(api: Api, method: str, path: str, status: int) -> None:
    page = api(method, path)
    assert (page.status_code, page.headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert f"<title>{status} " in page.text
