"""Every route is asked by nobody, by a stranger, and by somebody whose role is too small."""

import pytest
from litestar import HttpMethod

from stratiform.interfaces.openstack.volume.routes import router
from support.volume_api import Api

VOLUME = "/volumes/{volume_id:str}"
TYPE = "/types/{type_id:str}"

#: Routes of a reader's role that are no reading of the project's own things.
OPEN = {"GET /extensions", "GET /os-availability-zone", "GET /types", "GET /types/default"}

BODIES = {
    "POST /volumes": {"volume": {"size": 1}},
    f"PUT {VOLUME}": {"volume": {"name": "x"}},
    f"POST {VOLUME}/action": {"os-extend": {"new_size": 9}},
    f"POST {VOLUME}/metadata": {"metadata": {}},
    f"PUT {VOLUME}/metadata": {"metadata": {}},
    f"PUT {VOLUME}/metadata/{{key:str}}": {"meta": {"key": "x"}},
    "POST /types": {"volume_type": {"name": "x"}},
    f"PUT {TYPE}": {"volume_type": {"name": "x"}},
    f"POST {TYPE}/action": {"addProjectAccess": {"project": "x"}},
    f"POST {TYPE}/extra_specs": {"extra_specs": {}},
    f"PUT {TYPE}/extra_specs/{{key:str}}": {"key": "x"},
}

ROUTES = sorted(
    f"{method} {route.path.removeprefix('/volume/v3')}"
    for route in router.routes
    if "{project_id:str}" not in route.path
    for method in getattr(route, "methods", ())
    if method != HttpMethod.OPTIONS and method != "OPTIONS"
)


def ask(api: Api, route: str, who: str, volume: str = "none", kind: str = "none") -> int:
    method, path = route.split(" ")
    for name, value in (("volume_id", volume), ("type_id", kind), ("target_id", api.projects["here"]), ("key", "key")):
        path = path.replace(f"{{{name}:str}}", value)
    return api(method, path.replace("{attachment_id:str}", "none"), BODIES.get(route, {}), who=who).status_code


def test_every_route_needs_a_token(api: Api) -> None:
    assert len(ROUTES) > 40
    assert {route: ask(api, route, "") for route in ROUTES} == dict.fromkeys(ROUTES, 401)


def test_a_stranger_finds_nothing(api: Api) -> None:
    volume = api.create()["id"]
    own = [route for route in ROUTES if VOLUME in route]
    assert {route: ask(api, route, "stranger", volume) for route in own} == dict.fromkeys(own, 404)


def test_a_reader_changes_nothing(api: Api) -> None:
    volume = api.create()["id"]
    changes = [route for route in ROUTES if not route.startswith("GET") and "/attachments" not in route]
    nowhere = {
        f"DELETE {TYPE}/encryption/{{encryption_id:str}}",
        *(route for route in changes if "/snapshots/" in route),
    }
    changes = [route for route in changes if route not in nowhere]
    assert {route: ask(api, route, "reader", volume) for route in changes} == dict.fromkeys(changes, 403)


@pytest.mark.parametrize("route", ["GET /os-services", "GET /scheduler-stats/get_pools"])
def test_members_are_no_operators(api: Api, route: str) -> None:
    assert ask(api, route, "member") == 403


def test_private_and_public_types_alike_are_not_a_members_to_change(api: Api) -> None:
    kind = api.ok("GET", "/types/default")["volume_type"]["id"]
    routes = [route for route in ROUTES if TYPE in route and not route.startswith("GET") and "encryption" not in route]
    assert {route: ask(api, route, "member", kind=kind) for route in routes} == dict.fromkeys(routes, 403)
