"""Resources of the Identity API: what goes in comes out, in Keystone's form."""

from typing import Any

import pytest

from support.callers import People

V3 = "/identity/v3"


def create(api: People, kind: str, **values: Any) -> dict[str, Any]:
    plural = "categories" if kind == "category" else f"{kind}s"
    return dict(api.ok("POST", f"{V3}/{plural}", "admin", json={kind: values})[kind])


def test_a_project(api: People) -> None:
    made = create(api, "project", name="p", description="d", tags=["t"], color="red")
    assert made == {
        "color": "red",
        "id": made["id"],
        "name": "p",
        "domain_id": "default",
        "description": "d",
        "enabled": True,
        "parent_id": "default",
        "is_domain": False,
        "tags": ["t"],
        "options": {},
        "links": {"self": f"{api.of.services.url}/identity/v3/projects/{made['id']}"},
    }
    path = f"{V3}/projects/{made['id']}"
    assert api.ok("GET", path, "admin") == {"project": made}
    changed = api.ok("PATCH", path, "admin", json={"project": {"color": "blue", "enabled": False}})["project"]
    assert changed == made | {"color": "blue", "enabled": False}
    assert api.ask("DELETE", path, "admin").status_code == 204
    gone = api.ask("GET", path, "admin")
    assert gone.status_code == 404
    assert gone.json()["error"] == {
        "code": 404,
        "message": f"Could not find project: {made['id']}.",
        "title": "Not Found",
    }


def test_a_duplicate(api: People) -> None:
    answer = api.ask("POST", f"{V3}/projects", "admin", json={"project": {"name": "green"}})
    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == (
        "Conflict occurred attempting to store project - Duplicate entry found with name green at domain ID default."
    )


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/projects", {}, "Expecting to find project in request body."),
        ("/projects", {"project": []}, "Invalid input for field 'project'"),
        ("/projects", {"project": {}}, "'name' is a required property"),
        ("/projects", {"project": {"name": ""}}, "Invalid input for field 'name'"),
        ("/projects", {"project": {"name": "x" * 65}}, "Invalid input for field 'name'"),
        ("/projects", {"project": {"name": "p", "enabled": "yes"}}, "Invalid input for field 'enabled'"),
        ("/projects", {"project": {"name": "p", "tags": ["a,b"]}}, "Invalid input for field 'tags"),
        ("/users", {"user": {"name": 1}}, "Invalid input for field 'name'"),
        ("/endpoints", {"endpoint": {"url": "http://x"}}, "'service_id' is a required property"),
    ],
)
def test_bodies_that_are_wrong(api: People, path: str, body: Any, message: str) -> None:
    answer = api.ask("POST", V3 + path, "admin", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)


def test_a_tree_and_tags(api: People) -> None:
    top = create(api, "project", name="top")
    low = create(api, "project", name="low", parent_id=top["id"])
    shown = api.ok("GET", f"{V3}/projects/{low['id']}?parents_as_ids", "admin")["project"]
    assert shown["parents"] == {top["id"]: {"default": None}}
    shown = api.ok("GET", f"{V3}/projects/{top['id']}?subtree_as_ids", "admin")["project"]
    assert shown["subtree"] == {low["id"]: None}
    shown = api.ok("GET", f"{V3}/projects/{top['id']}?subtree_as_list", "admin")["project"]
    assert shown["subtree"][0]["project"]["id"] == low["id"]
    tags = f"{V3}/projects/{top['id']}/tags"
    assert api.ok("PUT", tags, "admin", json={"tags": ["a", "b"]})["tags"] == ["a", "b"]
    assert api.ask("PUT", f"{tags}/c", "admin").status_code == 201
    assert api.ask("HEAD", f"{tags}/c", "admin").status_code == 204
    assert api.ask("DELETE", f"{tags}/a", "admin").status_code == 204
    assert api.ask("GET", f"{tags}/a", "admin").status_code == 404
    assert api.ok("GET", tags, "admin")["tags"] == ["b", "c"]
    found = api.ok("GET", f"{V3}/projects?tags=b,c", "admin")["projects"]
    assert [each["id"] for each in found] == [top["id"]]
    assert api.ok("GET", f"{V3}/projects?parent_id={top['id']}", "admin")["projects"][0]["name"] == "low"
    assert api.ask("DELETE", tags, "admin").status_code == 204


def test_lists_have_links_and_pages(api: People) -> None:
    everything = api.ok("GET", f"{V3}/users", "admin")
    here = f"{api.of.services.url}/identity/v3/users"
    assert everything["links"] == {"next": None, "self": here, "previous": None}
    first = api.ok("GET", f"{V3}/users?limit=2", "admin")
    assert first["truncated"]
    assert first["links"]["next"] == f"{here}?limit=2&marker={first['users'][1]['id']}"
    rest = api.ok("GET", first["links"]["next"].removeprefix(api.of.services.url), "admin")
    assert [*first["users"], *rest["users"]] == everything["users"][:4]
    assert api.ask("GET", f"{V3}/users?limit=two", "admin").status_code == 400
    assert api.ask("GET", f"{V3}/users?limit=1&marker=nope", "admin").status_code == 400


def test_filters(api: People) -> None:
    def names(query: str) -> list[str]:
        return sorted(each["name"] for each in api.ok("GET", f"{V3}/users?{query}", "admin")["users"])

    assert names("name=green-member") == ["green-member"]
    assert names("name__contains=reader") == ["blue-reader", "green-reader"]
    assert names("enabled=false") == []
    assert len(names("enabled")) == 5
    assert names("domain_id=nope") == []


def test_a_user(api: People) -> None:
    made = create(api, "user", name="u", password="p", email="u@example.org", default_project_id=api.projects["green"])
    assert "password" not in made
    assert made["email"] == "u@example.org"
    assert made["default_project_id"] == api.projects["green"]
    path = f"{V3}/users/{made['id']}"
    changed = api.ok("PATCH", path, "admin", json={"user": {"password": None, "enabled": False}})["user"]
    assert changed == made | {"enabled": False}
    assert api.ok("GET", f"{path}/groups", "admin")["groups"] == []
    assert api.ok("GET", f"{path}/projects", "admin")["projects"] == []
    assert api.ok("GET", f"{path}/access_rules", "admin")["access_rules"] == []
    assert api.ask("DELETE", path, "admin").status_code == 204


def test_a_domain(api: People) -> None:
    made = create(api, "domain", name="d", description="x")
    also = create(api, "project", name="e", is_domain=True)
    assert api.ok("GET", f"{V3}/domains/{also['id']}", "admin")["domain"]["name"] == "e"
    as_project = api.ok("GET", f"{V3}/projects/{made['id']}", "admin")["project"]
    assert (as_project["is_domain"], as_project["domain_id"], as_project["parent_id"]) == (True, None, None)
    assert {each["name"] for each in api.ok("GET", f"{V3}/domains", "admin")["domains"]} == {"Default", "d", "e"}
    path = f"{V3}/domains/{made['id']}"
    assert api.ask("DELETE", path, "admin").status_code == 403
    assert api.ok("PATCH", path, "admin", json={"domain": {"enabled": False}})["domain"]["enabled"] is False
    assert api.ask("DELETE", path, "admin").status_code == 204


def test_groups(api: People) -> None:
    made = create(api, "group", name="g", description=None)
    user = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]
    path = f"{V3}/groups/{made['id']}"
    assert api.ask("HEAD", f"{path}/users/{user['id']}", "admin").status_code == 404
    assert api.ask("PUT", f"{path}/users/{user['id']}", "admin").status_code == 204
    assert api.ask("HEAD", f"{path}/users/{user['id']}", "admin").status_code == 204
    assert api.ok("GET", f"{path}/users", "admin")["users"] == [user]
    assert api.ok("GET", f"{V3}/users/{user['id']}/groups", "admin")["groups"] == [made]
    assert api.ask("DELETE", f"{path}/users/{user['id']}", "admin").status_code == 204
    assert api.ok("PATCH", path, "admin", json={"group": {"name": "h"}})["group"]["name"] == "h"
    assert api.ok("GET", path, "admin")["group"]["name"] == "h"
    assert api.ok("GET", f"{V3}/groups?name=h", "admin")["groups"][0]["id"] == made["id"]
    assert api.ask("DELETE", path, "admin").status_code == 204


def test_roles_and_inferences(api: People) -> None:
    made = create(api, "role", name="auditor")
    assert made["domain_id"] is None
    reader = api.ok("GET", f"{V3}/roles?name=reader", "admin")["roles"][0]
    rule = f"{V3}/roles/{made['id']}/implies/{reader['id']}"
    assert api.ask("HEAD", rule, "admin").status_code == 404
    answer = api.ask("PUT", rule, "admin")
    assert answer.status_code == 201
    inference = answer.json()["role_inference"]
    assert (inference["prior_role"]["name"], inference["implies"]["name"]) == ("auditor", "reader")
    assert api.ok("GET", rule, "admin")["role_inference"] == inference
    assert api.ask("HEAD", rule, "admin").status_code == 204
    implied = api.ok("GET", f"{V3}/roles/{made['id']}/implies", "admin")["role_inference"]["implies"]
    assert [each["name"] for each in implied] == ["reader"]
    rules = api.ok("GET", f"{V3}/role_inferences", "admin")["role_inferences"]
    assert {each["prior_role"]["name"] for each in rules} == {"admin", "manager", "member", "auditor"}
    assert api.ask("DELETE", rule, "admin").status_code == 204
    path = f"{V3}/roles/{made['id']}"
    assert api.ok("PATCH", path, "admin", json={"role": {"description": "d"}})["role"]["description"] == "d"
    assert api.ask("DELETE", path, "admin").status_code == 204
    assert api.ask("GET", path, "admin").status_code == 404


@pytest.mark.parametrize("place", ["projects/{green}", "domains/default", "system", "OS-INHERIT/projects/{green}"])
@pytest.mark.parametrize("actor", ["users", "groups"])
def test_grants(api: People, place: str, actor: str) -> None:
    inherited = "/inherited_to_projects" if "INHERIT" in place else ""
    group = create(api, "group", name="g")["id"]
    user = api.ok("GET", f"{V3}/users?name=blue-member", "admin")["users"][0]["id"]
    service = api.ok("GET", f"{V3}/roles?name=service", "admin")["roles"][0]
    listed = f"{V3}/{place.format(**api.projects)}/{actor}/{user if actor == 'users' else group}/roles"
    single = f"{listed}/{service['id']}{inherited}"
    assert api.ask("HEAD", single, "admin").status_code == 404
    assert api.ask("PUT", single, "admin").status_code == 204
    assert api.ask("HEAD", single, "admin").status_code == 204
    assert api.ask("GET", single, "admin").status_code == 204
    assert api.ok("GET", listed + inherited, "admin")["roles"] == [service]
    found = api.ok("GET", f"{V3}/role_assignments?role.id={service['id']}", "admin")["role_assignments"]
    assert [each["links"]["assignment"] for each in found] == [f"{api.of.services.url}{single}"]
    assert ("OS-INHERIT:inherited_to" in found[0]["scope"]) == bool(inherited)
    assert api.ask("DELETE", single, "admin").status_code == 204
    assert api.ask("DELETE", single, "admin").status_code == 404


def test_lists_of_assignments(api: People) -> None:
    green = api.projects["green"]
    query = f"scope.project.id={green}&effective&include_names=True"
    found = api.ok("GET", f"{V3}/role_assignments?{query}", "admin")["role_assignments"]
    shown = {(each["user"]["name"], each["role"]["name"]) for each in found}
    assert shown == {("green-member", "member"), ("green-member", "reader"), ("green-reader", "reader")}
    domain = {"id": "default", "name": "Default"}
    assert all(each["user"]["domain"] == domain for each in found)
    assert all(each["scope"]["project"] == {"id": green, "name": "green", "domain": domain} for each in found)
    implied = next(each for each in found if "prior_role" in each["links"])
    assert implied["links"]["assignment"].startswith(f"{api.of.services.url}/identity/v3/projects/{green}/users/")
    assert api.ok("GET", f"{V3}/role_assignments?scope.system=all", "admin")["role_assignments"][0]["scope"] == {
        "system": {"all": True}
    }
    for wrong in ("scope.project.id=a&scope.domain.id=b", "user.id=a&group.id=b", "effective&group.id=a"):
        assert api.ask("GET", f"{V3}/role_assignments?{wrong}", "admin").status_code == 400


def test_the_catalogs_parts(api: People) -> None:
    service = create(api, "service", type="object-store", name="swift")
    region = create(api, "region", id="Two", description="second")
    endpoint = create(api, "endpoint", service_id=service["id"], interface="public", url="http://x", region_id="Two")
    assert endpoint["region"] == "Two"
    path = f"{V3}/endpoints/{endpoint['id']}"
    assert api.ok("PATCH", path, "admin", json={"endpoint": {"url": "http://y"}})["endpoint"]["url"] == "http://y"
    assert api.ok("GET", f"{V3}/endpoints?service_id={service['id']}", "admin")["endpoints"][0]["url"] == "http://y"
    types = {entry["type"] for entry in api.ok("GET", f"{V3}/auth/catalog")["catalog"]}
    assert "object-store" in types
    assert api.ask("DELETE", f"{V3}/regions/Two", "admin").status_code == 403
    assert api.ask("DELETE", path, "admin").status_code == 204
    changed = api.ok("PATCH", f"{V3}/regions/Two", "admin", json={"region": {"description": "2"}})["region"]
    assert changed == region | {"description": "2"}
    assert api.ask("DELETE", f"{V3}/regions/Two", "admin").status_code == 204
    path = f"{V3}/services/{service['id']}"
    assert api.ok("PATCH", path, "admin", json={"service": {"enabled": False}})["service"]["enabled"] is False
    assert api.ok("GET", path, "admin")["service"]["enabled"] is False
    assert api.ok("GET", f"{V3}/services?type=object-store", "admin")["services"][0]["name"] == "swift"
    assert api.ask("DELETE", path, "admin").status_code == 204
    assert api.ask("GET", path, "admin").status_code == 404
    assert api.ask("GET", f"{V3}/nothing", "admin").json()["error"]["code"] == 404


def test_the_document_at_the_root(api: People) -> None:
    found = {entry["service"]: entry for entry in api.ok("GET", "/", "")["versions"]}
    assert set(found) == {"identity", "compute", "network", "volume", "image"}
    assert found["identity"]["links"][0]["href"] == f"{api.of.services.url}/identity/v3/"
    browser = api.ask("GET", "/", "", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (browser.status_code, browser.headers["location"]) == (302, "/dashboard")
