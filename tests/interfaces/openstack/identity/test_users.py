"""Users and groups, and the filters and pages of lists."""

from support.callers import Callers
from support.identity_api import V3, create


def test_list_with_links_and_pages(api: Callers) -> None:
    users = api.ok("GET", f"{V3}/users", "admin")
    url = f"{api.harness.services.url}/identity/v3/users"
    assert users["links"] == {"next": None, "self": url, "previous": None}
    assert "truncated" not in users
    first = api.ok("GET", f"{V3}/users?limit=2", "admin")
    assert first["truncated"]
    assert first["links"]["next"] == f"{url}?limit=2&marker={first['users'][1]['id']}"
    second = api.ok("GET", first["links"]["next"].removeprefix(api.harness.services.url), "admin")
    assert [*first["users"], *second["users"]] == users["users"][:4]
    assert api.request("GET", f"{V3}/users?limit=two", "admin").status_code == 400
    assert api.request("GET", f"{V3}/users?limit=1&marker=missing", "admin").status_code == 400


def test_list_with_filters(api: Callers) -> None:
    def names(query: str) -> list[str]:
        return sorted(user["name"] for user in api.ok("GET", f"{V3}/users?{query}", "admin")["users"])

    assert names("name=green-member") == ["green-member"]
    assert names("name__contains=reader") == ["blue-reader", "green-reader"]
    assert names("enabled=false") == []
    assert len(names("enabled")) == 5
    assert len(names("enabled=1&unknown=x")) == 5
    assert names("domain_id=missing") == []


def test_user(api: Callers) -> None:
    project_id = api.projects["green"]
    user = create(api, "user", name="u", password="p", email="u@example.org", default_project_id=project_id)
    assert "password" not in user
    assert user["email"] == "u@example.org"
    assert user["default_project_id"] == project_id
    path = f"{V3}/users/{user['id']}"
    updated = api.ok("PATCH", path, "admin", json={"user": {"password": None, "enabled": False}})["user"]
    assert updated == user | {"enabled": False}
    assert api.ok("GET", f"{path}/groups", "admin")["groups"] == []
    assert api.ok("GET", f"{path}/projects", "admin")["projects"] == []
    assert api.ok("GET", f"{path}/access_rules", "admin")["access_rules"] == []
    assert api.request("DELETE", path, "admin").status_code == 204


def test_pages_of_the_projects_of_a_user(api: Callers) -> None:
    user = api.ok("GET", f"{V3}/users?name=admin", "admin")["users"][0]
    role = api.ok("GET", f"{V3}/roles?name=reader", "admin")["roles"][0]
    api.request("PUT", f"{V3}/projects/{api.projects['green']}/users/{user['id']}/roles/{role['id']}", "admin")
    first = api.ok("GET", f"{V3}/users/{user['id']}/projects?limit=1", "admin")
    second = api.ok("GET", first["links"]["next"].removeprefix(api.harness.services.url), "admin")
    assert {project["name"] for project in [*first["projects"], *second["projects"]]} == {"admin", "green"}
    assert second["links"]["next"] is None


def test_group(api: Callers) -> None:
    group = create(api, "group", name="g", description=None)
    assert group["description"] == ""
    user = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]
    path = f"{V3}/groups/{group['id']}"
    assert api.request("HEAD", f"{path}/users/{user['id']}", "admin").status_code == 404
    assert api.request("PUT", f"{path}/users/{user['id']}", "admin").status_code == 204
    assert api.request("HEAD", f"{path}/users/{user['id']}", "admin").status_code == 204
    assert api.ok("GET", f"{path}/users", "admin")["users"] == [user]
    assert api.ok("GET", f"{V3}/users/{user['id']}/groups", "admin")["groups"] == [group]
    assert api.request("DELETE", f"{path}/users/{user['id']}", "admin").status_code == 204
    assert api.ok("PATCH", path, "admin", json={"group": {"name": "h"}})["group"]["name"] == "h"
    assert api.ok("GET", path, "admin")["group"]["name"] == "h"
    assert api.ok("GET", f"{V3}/groups?name=h", "admin")["groups"][0]["id"] == group["id"]
    assert api.request("DELETE", path, "admin").status_code == 204
