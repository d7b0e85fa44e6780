"""Roles, implied roles, grants and role assignments."""

import pytest

from support.callers import Callers
from support.identity_api import V3, create


def test_roles_and_implied_roles(api: Callers) -> None:
    role = create(api, "role", name="auditor")
    assert role["domain_id"] is None
    reader = api.ok("GET", f"{V3}/roles?name=reader", "admin")["roles"][0]
    rule = f"{V3}/roles/{role['id']}/implies/{reader['id']}"
    assert api.request("HEAD", rule, "admin").status_code == 404
    response = api.request("PUT", rule, "admin")
    assert response.status_code == 201
    inference = response.json()["role_inference"]
    assert (inference["prior_role"]["name"], inference["implies"]["name"]) == ("auditor", "reader")
    assert api.ok("GET", rule, "admin")["role_inference"] == inference
    assert api.request("HEAD", rule, "admin").status_code == 204
    implied = api.ok("GET", f"{V3}/roles/{role['id']}/implies", "admin")["role_inference"]["implies"]
    assert [item["name"] for item in implied] == ["reader"]
    inferences = api.ok("GET", f"{V3}/role_inferences", "admin")["role_inferences"]
    assert {item["prior_role"]["name"] for item in inferences} == {"admin", "manager", "member", "auditor"}
    assert api.request("DELETE", rule, "admin").status_code == 204
    path = f"{V3}/roles/{role['id']}"
    assert api.ok("PATCH", path, "admin", json={"role": {"description": "d"}})["role"]["description"] == "d"
    assert api.request("DELETE", path, "admin").status_code == 204
    assert api.request("GET", path, "admin").status_code == 404


def test_roles_of_a_domain_only_imply_others(api: Callers) -> None:
    domain_id = create(api, "domain", name="reseller")["id"]
    inner = create(api, "role", name="auditor", domain_id=domain_id)["id"]
    reader = api.ok("GET", f"{V3}/roles?name=reader", "admin")["roles"][0]["id"]
    assert api.request("PUT", f"{V3}/roles/{reader}/implies/{inner}", "admin").status_code == 403
    assert api.request("PUT", f"{V3}/roles/{inner}/implies/{reader}", "admin").status_code == 201
    user_id = create(api, "user", name="nadia", domain_id=domain_id)["id"]
    project_id = create(api, "project", name="vault", domain_id=domain_id)["id"]
    grant = f"{V3}/projects/{project_id}/users/{user_id}/roles/{inner}"
    assert api.request("PUT", grant, "admin").status_code == 204
    path = f"{V3}/role_assignments?user.id={user_id}"
    granted = api.ok("GET", path, "admin")["role_assignments"]
    effective = api.ok("GET", f"{path}&effective", "admin")["role_assignments"]
    assert [[item["role"]["id"] for item in items] for items in (granted, effective)] == [[inner], [reader]]


@pytest.mark.parametrize("target", ["projects/{green}", "domains/default", "system", "OS-INHERIT/projects/{green}"])
@pytest.mark.parametrize("actor", ["users", "groups"])
def test_grants(api: Callers, target: str, actor: str) -> None:
    suffix = "/inherited_to_projects" if "INHERIT" in target else ""
    group_id = create(api, "group", name="g")["id"]
    user_id = api.ok("GET", f"{V3}/users?name=blue-member", "admin")["users"][0]["id"]
    role = api.ok("GET", f"{V3}/roles?name=service", "admin")["roles"][0]
    roles = f"{V3}/{target.format(**api.projects)}/{actor}/{user_id if actor == 'users' else group_id}/roles"
    grant = f"{roles}/{role['id']}{suffix}"
    assert api.request("HEAD", grant, "admin").status_code == 404
    assert api.request("PUT", grant, "admin").status_code == 204
    assert api.request("HEAD", grant, "admin").status_code == 204
    assert api.request("GET", grant, "admin").status_code == 204
    assert api.ok("GET", roles + suffix, "admin")["roles"] == [role]
    assignments = api.ok("GET", f"{V3}/role_assignments?role.id={role['id']}", "admin")["role_assignments"]
    assert [item["links"]["assignment"] for item in assignments] == [f"{api.harness.services.url}{grant}"]
    assert ("OS-INHERIT:inherited_to" in assignments[0]["scope"]) == bool(suffix)
    assert api.request("DELETE", grant, "admin").status_code == 204
    assert api.request("DELETE", grant, "admin").status_code == 404


def test_role_assignments(api: Callers) -> None:
    green = api.projects["green"]
    query = f"scope.project.id={green}&effective&include_names=True"
    assignments = api.ok("GET", f"{V3}/role_assignments?{query}", "admin")["role_assignments"]
    assert {(item["user"]["name"], item["role"]["name"]) for item in assignments} == {
        ("green-member", "member"),
        ("green-member", "reader"),
        ("green-reader", "reader"),
    }
    domain = {"id": "default", "name": "Default"}
    assert all(item["user"]["domain"] == domain for item in assignments)
    assert all(item["scope"]["project"] == {"id": green, "name": "green", "domain": domain} for item in assignments)
    implied = next(item for item in assignments if "prior_role" in item["links"])
    assert implied["links"]["assignment"].startswith(f"{api.harness.services.url}/identity/v3/projects/{green}/users/")
    system = api.ok("GET", f"{V3}/role_assignments?scope.system=all", "admin")["role_assignments"]
    assert system[0]["scope"] == {"system": {"all": True}}
    assert set(system[0]["user"]) == {"id"}


@pytest.mark.parametrize(
    "query", ["scope.project.id=a&scope.domain.id=b", "user.id=a&group.id=b", "effective&group.id=a"]
)
def test_contradictory_filters_of_role_assignments(api: Callers, query: str) -> None:
    assert api.request("GET", f"{V3}/role_assignments?{query}", "admin").status_code == 400
