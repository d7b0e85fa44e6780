"""`/os-quota-sets` and `/limits`."""

from support.compute_api import ComputeApi


def test_usage_in_limits_and_quota_sets(api: ComputeApi) -> None:
    api.create_active(flavorRef="2")
    absolute = api.ok("GET", "/limits")["limits"]["absolute"]
    assert (absolute["maxTotalInstances"], absolute["totalInstancesUsed"]) == (-1, 1)
    assert (absolute["totalCoresUsed"], absolute["totalRAMUsed"]) == (1, 2048)
    project_id = api.callers.projects["green"]
    assert api.ok("GET", f"/os-quota-sets/{project_id}")["quota_set"]["cores"] == -1
    detail = api.ok("GET", f"/os-quota-sets/{project_id}/detail")["quota_set"]
    assert detail["ram"] == {"limit": -1, "in_use": 2048, "reserved": 0}


def test_fields_that_microversions_remove(api: ComputeApi) -> None:
    path = f"/os-quota-sets/{api.callers.projects['green']}"
    assert {"floating_ips", "injected_files"} <= api.ok("GET", path, microversion=35)["quota_set"].keys()
    assert not {"floating_ips", "injected_files"} & api.ok("GET", path, microversion=57)["quota_set"].keys()
    assert "maxImageMeta" in api.ok("GET", "/limits", microversion=38)["limits"]["absolute"]
    assert "maxImageMeta" not in api.ok("GET", "/limits", microversion=39)["limits"]["absolute"]
