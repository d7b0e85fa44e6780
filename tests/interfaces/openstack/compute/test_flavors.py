"""`/flavors`, extra specs and access."""

from support.compute_api import ComputeApi

NANO = {"name": "nano", "ram": 64, "vcpus": 1, "disk": 0, "id": "n1", "swap": 8, "rxtx_factor": 2.0}


def _ids(api: ComputeApi, query: str, caller: str = "green") -> list[str]:
    return [flavor["id"] for flavor in api.ok("GET", f"/flavors?{query}", caller=caller)["flavors"]]


def test_list_with_filters_sorting_and_paging(api: ComputeApi) -> None:
    names = [flavor["name"] for flavor in api.ok("GET", "/flavors")["flavors"]]
    assert names == ["m1.tiny", "m1.small", "m1.medium", "m1.large", "m1.xlarge"]
    assert _ids(api, "minRam=8192") == ["4", "5"]
    assert _ids(api, "minDisk=80&sort_key=name&sort_dir=desc") == ["5", "4"]
    page = api.ok("GET", "/flavors?limit=2&marker=1")
    assert [flavor["id"] for flavor in page["flavors"]] == ["2", "3"]
    assert "marker=3" in page["flavors_links"][0]["href"]
    assert api("GET", "/flavors?minRam=x").status_code == 400


def test_show_by_microversion(api: ComputeApi) -> None:
    flavor = api.ok("GET", "/flavors/1")["flavor"]
    assert (flavor["ram"], flavor["swap"], flavor["rxtx_factor"]) == (512, "", 1.0)
    assert flavor["OS-FLV-EXT-DATA:ephemeral"] == 0
    assert "description" not in flavor
    latest = api.ok("GET", "/flavors/1", microversion=75)["flavor"]
    assert (latest["description"], latest["extra_specs"], latest["swap"]) == (None, {}, 0)
    assert api("GET", "/flavors/99").json()["itemNotFound"]["message"] == "Flavor 99 could not be found."


def test_create_update_and_delete(api: ComputeApi) -> None:
    flavor = api.ok("POST", "/flavors", {"flavor": NANO}, caller="admin")["flavor"]
    assert (flavor["id"], flavor["swap"], flavor["rxtx_factor"]) == ("n1", 8, 2.0)
    assert api("POST", "/flavors", {"flavor": NANO}, caller="admin").status_code == 409
    update = {"flavor": {"description": "small"}}
    assert api("PUT", "/flavors/n1", update, caller="admin", microversion=54).status_code == 404
    updated = api.ok("PUT", "/flavors/n1", update, caller="admin", microversion=55)
    assert updated["flavor"]["description"] == "small"
    assert api("DELETE", "/flavors/n1", caller="admin").status_code == 202
    assert api("DELETE", "/flavors/n1", caller="admin").status_code == 404


def test_create_rejects_invalid_fields(api: ComputeApi) -> None:
    for invalid in ({"ram": 0}, {"vcpus": "x"}, {"name": ""}, {"disk": -1}, {"colour": 1}, {"rxtx_factor": 0}):
        body = {"flavor": {**NANO, **invalid}}
        assert api("POST", "/flavors", body, caller="admin").status_code == 400, invalid


def test_extra_specs(api: ComputeApi) -> None:
    path = "/flavors/1/os-extra_specs"
    assert api.ok("POST", path, {"extra_specs": {"a": "b"}}, caller="admin") == {"extra_specs": {"a": "b"}}
    assert api.ok("PUT", f"{path}/a", {"a": "c"}, caller="admin") == {"a": "c"}
    assert api("PUT", f"{path}/a", {"b": "c"}, caller="admin").status_code == 400
    assert api.ok("GET", path) == {"extra_specs": {"a": "c"}}
    assert api.ok("GET", f"{path}/a") == {"a": "c"}
    assert api("DELETE", f"{path}/a", caller="admin").status_code == 200
    assert api("GET", f"{path}/a").status_code == 404


def test_access_to_private_flavor(api: ComputeApi) -> None:
    private = {**NANO, "os-flavor-access:is_public": False}
    api.ok("POST", "/flavors", {"flavor": private}, caller="admin")
    assert api.ok("GET", "/flavors/n1/os-flavor-access", caller="admin") == {"flavor_access": []}
    assert api("GET", "/flavors/n1").status_code == 404
    tenant = {"tenant": api.callers.projects["green"]}
    granted = api.ok("POST", "/flavors/n1/action", {"addTenantAccess": tenant}, caller="admin")
    assert len(granted["flavor_access"]) == 1
    assert api("POST", "/flavors/n1/action", {"addTenantAccess": tenant}, caller="admin").status_code == 409
    assert api("GET", "/flavors/n1").status_code == 200
    assert "n1" in _ids(api, "")
    assert api("GET", "/flavors/n1", caller="blue").status_code == 404
    api.ok("POST", "/flavors/n1/action", {"removeTenantAccess": tenant}, caller="admin")
    assert api("GET", "/flavors/n1").status_code == 404
    assert _ids(api, "is_public=false", caller="admin") == ["n1"]
    assert len(_ids(api, "is_public=none", caller="admin")) == 6


def test_server_keeps_deleted_flavor(api: ComputeApi) -> None:
    server_id = api.create_active()
    api("DELETE", "/flavors/1", caller="admin")
    assert api.ok("GET", f"/servers/{server_id}", microversion=47)["server"]["flavor"]["original_name"] == "m1.tiny"
