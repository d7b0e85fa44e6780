"""`/os-quota-sets`, `/os-quota-class-sets` and `/limits`."""

import pytest

from support.compute_api import ComputeApi


def test_usage_in_limits_and_quota_sets(api: ComputeApi) -> None:
    api.create_active(flavorRef="2")
    absolute = api.ok("GET", "/limits")["limits"]["absolute"]
    assert (absolute["maxTotalInstances"], absolute["totalInstancesUsed"]) == (10, 1)
    assert (absolute["totalCoresUsed"], absolute["totalRAMUsed"]) == (1, 2048)
    project_id = api.callers.projects["green"]
    assert api.ok("GET", f"/os-quota-sets/{project_id}")["quota_set"]["cores"] == 20
    detail = api.ok("GET", f"/os-quota-sets/{project_id}/detail")["quota_set"]
    assert detail["ram"] == {"limit": 51200, "in_use": 2048, "reserved": 0}


def test_fields_that_microversions_remove(api: ComputeApi) -> None:
    path = f"/os-quota-sets/{api.callers.projects['green']}"
    assert {"floating_ips", "injected_files"} <= api.ok("GET", path, microversion=35)["quota_set"].keys()
    assert not {"floating_ips", "injected_files"} & api.ok("GET", path, microversion=57)["quota_set"].keys()
    assert "maxImageMeta" in api.ok("GET", "/limits", microversion=38)["limits"]["absolute"]
    assert "maxImageMeta" not in api.ok("GET", "/limits", microversion=39)["limits"]["absolute"]


def test_limits_are_set_and_reset(api: ComputeApi) -> None:
    path = f"/os-quota-sets/{api.callers.projects['green']}"
    assert api("PUT", path, {"quota_set": {"cores": 5}}).status_code == 403
    updated = api.ok("PUT", path, {"quota_set": {"cores": "33", "ram": -1}}, caller="admin")["quota_set"]
    assert (updated["cores"], updated["ram"], updated["instances"], "id" in updated) == (33, -1, 10, False)
    for invalid in ({"cores": -2}, {"cores": "many"}, {"colour": 1}):
        assert api("PUT", path, {"quota_set": invalid}, caller="admin").status_code == 400
    assert api.ok("GET", f"{path}/defaults")["quota_set"]["cores"] == 20
    assert api("DELETE", path, caller="admin").status_code == 202
    assert api.ok("GET", path)["quota_set"]["cores"] == 20


def test_a_limit_below_the_usage_needs_force(api: ComputeApi) -> None:
    path = f"/os-quota-sets/{api.callers.projects['green']}"
    api.create_active()
    response = api("PUT", path, {"quota_set": {"instances": 0}}, caller="admin")
    assert response.status_code == 400
    assert response.json()["badRequest"]["message"] == (
        "Quota limit 0 for instances must be greater than or equal to already used and reserved 1."
    )
    assert api.ok("PUT", path, {"quota_set": {"instances": 0, "force": True}}, caller="admin")


def test_the_default_class_applies_to_projects_without_limits(api: ComputeApi) -> None:
    path = "/os-quota-class-sets/default"
    assert api.ok("GET", path, caller="admin")["quota_class_set"]["instances"] == 10
    body = {"quota_class_set": {"instances": 1}}
    assert api.ok("PUT", path, body, caller="admin")["quota_class_set"]["instances"] == 1
    api.ok("POST", "/servers", api.server_body())
    response = api("POST", "/servers", api.server_body())
    assert (response.status_code, response.json()["forbidden"]["message"]) == (
        403,
        "Quota exceeded for instances: Requested 1, but already used 1 of 1 instances",
    )
    api.ok("POST", "/servers", {**api.server_body()}, caller="blue")


def test_as_many_servers_as_the_quota_allows(api: ComputeApi) -> None:
    path = f"/os-quota-sets/{api.callers.projects['green']}"
    api.ok("PUT", path, {"quota_set": {"instances": 3}}, caller="admin")
    api.ok("POST", "/servers", api.server_body(min_count=2, max_count=5))
    assert len(api.ok("GET", "/servers")["servers"]) == 3


@pytest.mark.parametrize(
    ("limit", "method", "path", "body"),
    [
        ("key_pairs", "POST", "/os-keypairs", {"keypair": {"name": "k"}}),
        ("server_groups", "POST", "/os-server-groups", {"server_group": {"name": "g", "policies": ["affinity"]}}),
    ],
)
def test_other_limits_hold(api: ComputeApi, limit: str, method: str, path: str, body: object) -> None:
    quota = f"/os-quota-sets/{api.callers.projects['green']}"
    api.ok("PUT", quota, {"quota_set": {limit: 0}}, caller="admin")
    response = api(method, path, body)
    assert response.status_code == 403
    assert response.json()["forbidden"]["message"].startswith("Quota exceeded, too many")


def test_growth_of_a_server_counts(api: ComputeApi) -> None:
    server_id = api.create_active()
    api.ok("PUT", f"/os-quota-sets/{api.callers.projects['green']}", {"quota_set": {"ram": 1024}}, caller="admin")
    assert api.action(server_id, {"resize": {"flavorRef": "3"}})[0] == 403
