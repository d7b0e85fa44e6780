"""Zones, limits, quotas, and what there is none of."""

from support.volume_api import Api


def test_availability_zones_limits_and_quota_sets(api: Api) -> None:
    api.create(size=2, volume_type="fast")
    assert api.ok("GET", "/os-availability-zone") == {
        "availabilityZoneInfo": [{"zoneName": "zone-a", "zoneState": {"available": True}}]
    }
    absolute = api.ok("GET", "/limits")["limits"]["absolute"]
    assert (absolute["totalVolumesUsed"], absolute["totalGigabytesUsed"], absolute["maxTotalVolumes"]) == (1, 2, 10)
    here = api.projects["here"]
    quota = api.ok("GET", f"/os-quota-sets/{here}")["quota_set"]
    assert (quota["id"], quota["volumes"], quota["gigabytes_fast"]) == (here, 10, -1)
    use = api.ok("GET", f"/os-quota-sets/{here}", usage="True")["quota_set"]
    assert use["gigabytes_fast"] == {"limit": -1, "in_use": 2, "reserved": 0}
    assert use["gigabytes_standard"]["in_use"] == 0
    assert api.ok("GET", f"/{here}/os-quota-sets/{here}/defaults")["quota_set"]["snapshots"] == 10
    assert api("GET", f"/os-quota-sets/{api.projects['there']}").status_code == 403


def test_infrastructure(api: Api) -> None:
    api.create(size=2)
    services = api.ok("GET", "/os-services", caller="admin")["services"]
    assert [(item["binary"], item["host"], item["state"]) for item in services] == [
        ("cinder-scheduler", "stratiform", "up"),
        ("cinder-volume", "sim@stratiform", "up"),
        ("cinder-backup", "sim@stratiform", "up"),
    ]
    assert len(api.ok("GET", "/os-services", caller="admin", host="sim", binary="cinder-volume")["services"]) == 1
    assert api.ok("GET", "/scheduler-stats/get_pools", caller="admin") == {"pools": [{"name": "sim@stratiform#sim"}]}
    [pool] = api.ok("GET", "/scheduler-stats/get_pools", caller="admin", detail="True")["pools"]
    capabilities = pool["capabilities"]
    assert (capabilities["allocated_capacity_gb"], capabilities["volume_backend_name"]) == (2, "sim")
    assert api.ok("GET", "/capabilities/sim@stratiform", caller="admin")["vendor_name"] == "Stratiform"
    hosts = [item["host_name"] for item in api.ok("GET", "/os-hosts", caller="admin")["hosts"]]
    assert hosts == ["stratiform", "sim@stratiform", "sim@stratiform"]
    [total] = api.ok("GET", "/os-hosts/sim@stratiform", caller="admin")["host"]
    assert (total["resource"]["volume_count"], total["resource"]["total_volume_gb"]) == ("1", "2")
    extensions = {extension["alias"]: extension["name"] for extension in api.ok("GET", "/extensions")["extensions"]}
    assert extensions["os-hosts"] == "Hosts"
    assert "os-volume-actions" in extensions
    assert api("GET", "/no-such-thing").json()["itemNotFound"]["code"] == 404


def test_quotas_are_set_and_held(api: Api) -> None:
    path = f"/os-quota-sets/{api.projects['here']}"
    assert api("PUT", path, {"quota_set": {"volumes": 1}}).status_code == 403
    api.ok("PUT", path, {"quota_set": {"volumes": 2, "gigabytes_fast": 3, "force": True}}, caller="admin")
    assert api.ok("GET", path)["quota_set"]["volumes"] == 2
    refused = api("POST", "/volumes", {"volume": {"size": 4, "volume_type": "fast"}})
    assert (refused.status_code, refused.json()["overLimit"]["message"]) == (
        413,
        (
            "VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes_fast quota. "
            "Requested 4G, quota is 3G and 0G has been consumed."
        ),
    )
    volume = api.create(size=3, volume_type="fast")
    api.create()
    refused = api("POST", "/volumes", {"volume": {"size": 1}})
    assert refused.json()["overLimit"]["message"] == (
        "VolumeLimitExceeded: Maximum number of volumes allowed (2) exceeded for quota 'volumes'."
    )
    assert api("POST", f"/volumes/{volume['id']}/action", {"os-extend": {"new_size": 4}}).status_code == 413
    lower = api("PUT", path, {"quota_set": {"volumes": 1}}, caller="admin")
    assert (lower.status_code, "Current usage is 2" in lower.text) == (400, True)
    assert api("PUT", path, {"quota_set": {"colour": 1}}, caller="admin").status_code == 400
    assert api("PUT", path, {"quota_set": {"volumes": "many"}}, caller="admin").status_code == 400
    assert api("DELETE", path, caller="admin").status_code == 200
    assert api.ok("GET", path)["quota_set"]["volumes"] == 10


def test_sizes_do_not_add_up_beyond_the_quota(api: Api) -> None:
    assert api("POST", "/volumes", {"volume": {"size": 2_000_000_000}}).status_code == 413


def test_the_default_quota_class_applies_to_all_projects(api: Api) -> None:
    body = {"quota_class_set": {"volumes": 3}}
    api.ok("PUT", "/os-quota-class-sets/default", body, caller="admin")
    assert api.ok("GET", "/os-quota-class-sets/default", caller="admin")["quota_class_set"]["volumes"] == 3
    assert api.ok("GET", f"/os-quota-sets/{api.projects['here']}")["quota_set"]["volumes"] == 3
