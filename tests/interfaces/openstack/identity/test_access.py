"""Every route of the Identity API, asked by nobody, by a stranger and by one without the role."""

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.handlers import HTTPRouteHandler

from stratiform.interfaces.openstack.identity.routes import router
from support.callers import People

V3 = "/identity/v3"

#: Asked without a token: the secret is inside.
OPEN = {("POST", "/auth/tokens"), ("POST", "/users/{user_id:str}/password")}

#: Answered for every valid token.
ANYONES = {
    ("GET", "/auth/catalog"),
    ("GET", "/auth/projects"),
    ("GET", "/auth/domains"),
    ("GET", "/auth/system"),
    ("GET", "/regions"),
    ("GET", "/regions/{region_id:str}"),
}

#: What belongs to a project or a user; a stranger is told that there is no such thing.
OWNED = {
    ("GET", "/projects/{project_id:str}"),
    ("PATCH", "/projects/{project_id:str}"),
    ("DELETE", "/projects/{project_id:str}"),
    ("GET", "/projects/{project_id:str}/tags"),
    ("PUT", "/projects/{project_id:str}/tags"),
    ("DELETE", "/projects/{project_id:str}/tags"),
    ("GET", "/projects/{project_id:str}/tags/{tag:str}"),
    ("HEAD", "/projects/{project_id:str}/tags/{tag:str}"),
    ("PUT", "/projects/{project_id:str}/tags/{tag:str}"),
    ("DELETE", "/projects/{project_id:str}/tags/{tag:str}"),
    ("GET", "/domains/{domain_id:str}"),
    ("PATCH", "/domains/{domain_id:str}"),
    ("DELETE", "/domains/{domain_id:str}"),
    ("GET", "/users/{user_id:str}"),
    ("DELETE", "/users/{user_id:str}"),
    ("PATCH", "/users/{user_id:str}"),
    ("GET", "/users/{user_id:str}/projects"),
    ("GET", "/users/{user_id:str}/groups"),
    ("POST", "/users/{user_id:str}/application_credentials"),
    ("GET", "/users/{user_id:str}/application_credentials"),
    ("GET", "/users/{user_id:str}/application_credentials/{key:str}"),
    ("DELETE", "/users/{user_id:str}/application_credentials/{key:str}"),
    ("GET", "/users/{user_id:str}/access_rules"),
}

#: What the caller may look at, and not change: their own project and themselves.
CHANGES = {key for key in OWNED if key[0] != "GET" and key[0] != "HEAD" and "application_cred" not in key[1]}

BODIES: dict[str, dict[str, Any]] = {
    "/projects": {"project": {"name": "n"}},
    "/projects/{project_id:str}": {"project": {"description": "d"}},
    "/projects/{project_id:str}/tags": {"tags": ["t"]},
    "/domains": {"domain": {"name": "n"}},
    "/domains/{domain_id:str}": {"domain": {"description": "d"}},
    "/users": {"user": {"name": "n"}},
    "/users/{user_id:str}": {"user": {"name": "n"}},
    "/users/{user_id:str}/application_credentials": {"application_credential": {"name": "n"}},
    "/groups": {"group": {"name": "n"}},
    "/groups/{group_id:str}": {"group": {"name": "n"}},
    "/roles": {"role": {"name": "n"}},
    "/roles/{role_id:str}": {"role": {"name": "n"}},
    "/services": {"service": {"type": "t"}},
    "/services/{service_id:str}": {"service": {"type": "t"}},
    "/endpoints": {"endpoint": {"service_id": "s", "interface": "public", "url": "http://x"}},
    "/endpoints/{endpoint_id:str}": {"endpoint": {"url": "http://x"}},
    "/regions": {"region": {"id": "r"}},
    "/regions/{region_id:str}": {"region": {"description": "d"}},
}


def routes() -> Iterator[tuple[str, str]]:
    for route in router.routes:
        for handler in route.route_handlers:  # type: ignore[union-attr]  # every route here is HTTP
            assert isinstance(handler, HTTPRouteHandler)
            for method in sorted(handler.http_methods):
                if method != "OPTIONS":
                    yield str(method), route.path_format.removeprefix(V3)


def _typed(path: str) -> str:
    return path.replace("}", ":str}")


EVERY = sorted({(method, _typed(path)) for method, path in routes()})


def ask(api: People, method: str, path: str, who: str, **ids: str) -> Any:
    filled = path
    for part in path.split("/"):
        if part.startswith("{"):
            name = part[1:].split(":")[0]
            filled = filled.replace(part, ids.get(name, "RegionOne" if name == "region_id" else "some"))
    body = BODIES.get(path) if method in ("POST", "PATCH", "PUT") else None
    return api.ask(method, V3 + filled, who, **({"json": body} if body else {}))


def test_the_routes_are_all_here() -> None:
    assert len(EVERY) > 100
    assert set(EVERY) >= OWNED | ANYONES | OPEN


def test_nobody(api: People) -> None:
    for method, path in EVERY:
        if (method, path) not in OPEN:
            answer = ask(api, method, path, "")
            assert answer.status_code == 401, (method, path)
            assert answer.headers["WWW-Authenticate"].startswith("Keystone")


def test_a_token_that_is_none(api: People) -> None:
    answer = api.ask("GET", f"{V3}/projects", "", headers={"X-Auth-Token": "nonsense"})
    assert answer.status_code == 401
    assert answer.json()["error"] == {
        "code": 401,
        "message": "The request you have made requires authentication.",
        "title": "Unauthorized",
    }


def test_one_without_the_role(api: People) -> None:
    """What isn't anybody's own is the operator's."""
    for method, path in EVERY:
        if (method, path) in OPEN | ANYONES | OWNED or path == "/auth/tokens":
            continue
        answer = ask(api, method, path, "green")
        assert answer.status_code == 403, (method, path, answer.text)


def test_a_stranger(api: People) -> None:
    blue = api.ok("GET", f"{V3}/users?name=blue-member", "admin")["users"][0]["id"]
    for method, path in sorted(OWNED):
        ids = {"project_id": api.projects["blue"], "user_id": blue, "domain_id": "other"}
        answer = ask(api, method, path, "green", **ids)
        assert answer.status_code == 404, (method, path, answer.text)


def test_ones_own_without_the_role(api: People) -> None:
    green = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]["id"]
    ids = {"project_id": api.projects["green"], "user_id": green, "domain_id": "default"}
    for method, path in sorted(CHANGES):
        answer = ask(api, method, path, "green", **ids)
        assert answer.status_code == 403, (method, path, answer.text)


@pytest.mark.parametrize(("method", "path"), sorted(ANYONES))
def test_anyones(api: People, method: str, path: str) -> None:
    assert ask(api, method, path, "green-reader").status_code == 200
