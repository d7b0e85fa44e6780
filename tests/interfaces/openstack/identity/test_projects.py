"""Projects, their hierarchy and tags, and domains."""

from typing import Any

import pytest

from support.callers import Callers
from support.identity_api import V3, create


def test_project(api: Callers) -> None:
    project = create(api, "project", name="p", description="d", tags=["t"], color="red")
    assert project == {
        "color": "red",
        "id": project["id"],
        "name": "p",
        "domain_id": "default",
        "description": "d",
        "enabled": True,
        "parent_id": "default",
        "is_domain": False,
        "tags": ["t"],
        "options": {},
        "links": {"self": f"{api.harness.services.url}/identity/v3/projects/{project['id']}"},
    }
    path = f"{V3}/projects/{project['id']}"
    assert api.ok("GET", path, "admin") == {"project": project}
    updated = api.ok("PATCH", path, "admin", json={"project": {"color": "blue", "enabled": False}})["project"]
    assert updated == project | {"color": "blue", "enabled": False}
    deleted = api.request("DELETE", path, "admin")
    assert (deleted.status_code, deleted.content) == (204, b"")
    missing = api.request("GET", path, "admin")
    assert missing.status_code == 404
    assert missing.json()["error"] == {
        "code": 404,
        "message": f"Could not find project: {project['id']}.",
        "title": "Not Found",
    }


def test_extra_attributes_keep_any_json_value_and_computed_ones_are_ignored(api: Callers) -> None:
    extra: dict[str, Any] = {"a": [1, {"b": None}], "extra": 5, "*": "star", "größe": 2**60}
    project = create(api, "project", name="p", id="mine", links={}, **extra)
    assert project["id"] != "mine"
    assert {name: project[name] for name in extra} == extra
    assert api.ok("GET", f"{V3}/projects/{project['id']}", "admin")["project"] == project


def test_name_conflict(api: Callers) -> None:
    response = api.request("POST", f"{V3}/projects", "admin", json={"project": {"name": "green"}})
    assert response.status_code == 409
    assert response.json()["error"]["message"] == (
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
        ("/projects", {"project": {"name": "p", "tags": ["a,b"]}}, "Invalid input for field 'tags/0'"),
        ("/users", {"user": {"name": 1}}, "Invalid input for field 'name'"),
        ("/endpoints", {"endpoint": {"url": "http://x"}}, "'service_id' is a required property"),
    ],
)
def test_invalid_bodies(api: Callers, path: str, body: Any, message: str) -> None:
    response = api.request("POST", V3 + path, "admin", json=body)
    assert response.status_code == 400
    assert response.json()["error"]["message"].startswith(message)


def test_hierarchy(api: Callers) -> None:
    parent = create(api, "project", name="parent")
    child = create(api, "project", name="child", parent_id=parent["id"])
    project = api.ok("GET", f"{V3}/projects/{child['id']}?parents_as_ids", "admin")["project"]
    assert project["parents"] == {parent["id"]: {"default": None}}
    project = api.ok("GET", f"{V3}/projects/{parent['id']}?subtree_as_ids", "admin")["project"]
    assert project["subtree"] == {child["id"]: None}
    project = api.ok("GET", f"{V3}/projects/{parent['id']}?subtree_as_list", "admin")["project"]
    assert project["subtree"] == [{"project": child}]
    assert api.ok("GET", f"{V3}/projects?parent_id={parent['id']}", "admin")["projects"] == [child]


def test_tags(api: Callers) -> None:
    project_id = create(api, "project", name="p")["id"]
    tags = f"{V3}/projects/{project_id}/tags"
    assert api.ok("PUT", tags, "admin", json={"tags": ["a", "b"]})["tags"] == ["a", "b"]
    added = api.request("PUT", f"{tags}/c", "admin")
    assert (added.status_code, added.content) == (201, b"")
    assert api.request("PUT", f"{tags}/c,d", "admin").status_code == 400
    assert api.request("HEAD", f"{tags}/c", "admin").status_code == 204
    assert api.request("DELETE", f"{tags}/a", "admin").status_code == 204
    assert api.request("GET", f"{tags}/a", "admin").status_code == 404
    links = {"next": None, "self": f"{api.harness.services.url}{tags}", "previous": None}
    assert api.ok("GET", tags, "admin") == {"tags": ["b", "c"], "links": links}
    assert [project["id"] for project in api.ok("GET", f"{V3}/projects?tags=b,c", "admin")["projects"]] == [project_id]
    excluded = api.ok("GET", f"{V3}/projects?not-tags-any=c", "admin")["projects"]
    assert project_id not in [project["id"] for project in excluded]
    assert api.request("DELETE", tags, "admin").status_code == 204
    assert api.ok("GET", tags, "admin")["tags"] == []


def test_domain(api: Callers) -> None:
    domain = create(api, "domain", name="d", description="x")
    created_as_project = create(api, "project", name="e", is_domain=True)
    assert api.ok("GET", f"{V3}/domains/{created_as_project['id']}", "admin")["domain"]["name"] == "e"
    project = api.ok("GET", f"{V3}/projects/{domain['id']}", "admin")["project"]
    assert (project["is_domain"], project["domain_id"], project["parent_id"]) == (True, None, None)
    assert {item["name"] for item in api.ok("GET", f"{V3}/domains", "admin")["domains"]} == {"Default", "d", "e"}
    path = f"{V3}/projects/{created_as_project['id']}"
    assert api.request("DELETE", path, "admin").status_code == 403
    api.ok("PATCH", path, "admin", json={"project": {"enabled": False}})
    assert api.request("DELETE", path, "admin").status_code == 204
    assert api.request("GET", path.replace("projects", "domains"), "admin").status_code == 404
    path = f"{V3}/domains/{domain['id']}"
    assert api.request("DELETE", path, "admin").status_code == 403
    assert api.ok("PATCH", path, "admin", json={"domain": {"enabled": False}})["domain"]["enabled"] is False
    assert api.request("DELETE", path, "admin").status_code == 204
