"""Zones, limits, quotas, and what there is none of."""

from support.volume_api import Api


def test_availability_zones_limits_and_quota_sets(api: Api) -> None:
    api.create(size=2, volume_type="fast")
    assert api.ok("GET", "/os-availability-zone") == {
        "availabilityZoneInfo": [{"zoneName": "zone-a", "zoneState": {"available": True}}]
    }
    absolute = api.ok("GET", "/limits")["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"], absolute["maxTotalVolumes"]) == (1, 2, -1)
    here = api.projects["here"]
    quota = api.ok("GET", f"/os-quota-sets/{here}")["quota_set"]
    assert (quota["id"], quota["volumes"], quota["gigabytes_fast"]) == (here, -1, -1)
    use = api.ok("GET", f"/os-quota-sets/{here}", usage="True")["quota_set"]
    assert use["gigabytes_fast"] == {"limit": -1, "in_use": 2, "reserved": 0}
    assert use["gigabytes_standard"]["in_use"] == 0
    assert api.ok("GET", f"/{here}/os-quota-sets/{here}/defaults")["quota_set"]["snapshots"] == -1
    assert api("GET", f"/os-quota-sets/{api.projects['there']}").status_code == 403


def test_unsupported_resources_have_empty_lists(api: Api) -> None:
    for name in ("snapshots", "backups"):
        assert api.ok("GET", f"/{name}") == {name: []}
        assert api.ok("GET", f"/{name}/detail") == {name: []}
        assert api("GET", f"/{name}/x").status_code == 404
        body = {name.removesuffix("s"): {"volume_id": api.create()["id"]}}
        refused = api("POST", f"/{name}", body)
        assert refused.status_code == 501
        assert "not supported" in refused.json()["notImplemented"]["message"]
        unknown = api("POST", f"/{name}", {name.removesuffix("s"): {"volume_id": "unknown"}})
        assert (unknown.status_code, unknown.json()["itemNotFound"]["message"]) == (
            404,
            "Volume unknown could not be found.",
        )
        assert api("POST", f"/{name}", {}).status_code == 400
    assert {api(method, "/snapshots/x").status_code for method in ("PUT", "DELETE")} == {404}
    assert api.ok("GET", "/os-services", caller="admin") == {"services": []}
    assert api.ok("GET", "/scheduler-stats/get_pools", caller="admin") == {"pools": []}
    assert "os-volume-actions" in [extension["alias"] for extension in api.ok("GET", "/extensions")["extensions"]]
    assert api("GET", "/no-such-thing").json()["itemNotFound"]["code"] == 404
