"""`/types` as Cinder answers it."""

from support.volume_api import Api


def test_list_and_show_types(api: Api) -> None:
    listed = api.ok("GET", "/types")["volume_types"]
    assert [volume_type["name"] for volume_type in listed] == ["standard", "fast"]
    assert listed[0] == {
        "id": listed[0]["id"],
        "name": "standard",
        "description": "General purpose.",
        "is_public": True,
        "os-volume-type-access:is_public": True,
        "extra_specs": {},
    }
    assert api.ok("GET", f"/types/{listed[1]['id']}")["volume_type"] == listed[1]
    assert api.ok("GET", "/types/default")["volume_type"] == listed[0]
    page = api.ok("GET", "/types", limit=1)
    assert len(page["volume_types"]) == 1
    assert page["volume_type_links"][0]["rel"] == "next"
    assert api("GET", "/types/none").status_code == 404


def test_create_update_and_delete_types(api: Api) -> None:
    new = {"name": "gold", "description": "shiny", "os-volume-type-access:is_public": False, "extra_specs": {"a": "1"}}
    created = api.ok("POST", "/types", {"volume_type": new}, caller="admin")["volume_type"]
    assert (created["is_public"], created["extra_specs"]) == (False, {"a": "1"})
    assert "qos_specs_id" not in created
    assert api("POST", "/types", {"volume_type": new}, caller="admin").status_code == 409
    path = f"/types/{created['id']}"
    assert (
        api.ok("PUT", path, {"volume_type": {"name": "platinum"}}, caller="admin")["volume_type"]["name"] == "platinum"
    )
    specs = f"{path}/extra_specs"
    assert api.ok("POST", specs, {"extra_specs": {"b": "2"}}, caller="admin") == {"extra_specs": {"b": "2"}}
    assert api.ok("GET", specs, caller="admin") == {"extra_specs": {"a": "1", "b": "2"}}
    assert api.ok("PUT", f"{specs}/b", {"b": "3"}, caller="admin") == {"b": "3"}
    assert api("PUT", f"{specs}/b", {"c": "3"}, caller="admin").status_code == 400
    assert api.ok("GET", f"{specs}/b", caller="admin") == {"b": "3"}
    assert api("DELETE", f"{specs}/b", caller="admin").status_code == 202
    assert api("GET", f"{specs}/b", caller="admin").status_code == 404
    assert api.ok("GET", f"{path}/encryption", caller="admin") == {}
    assert api("DELETE", path, caller="admin").status_code == 202
    assert api("GET", path, caller="admin").status_code == 404


def test_type_access(api: Api) -> None:
    new = {"name": "own", "os-volume-type-access:is_public": False}
    volume_type = api.ok("POST", "/types", {"volume_type": new}, caller="admin")["volume_type"]["id"]
    assert [item["id"] for item in api.ok("GET", "/types", caller="admin", is_public="false")["volume_types"]] == [
        volume_type
    ]
    assert len(api.ok("GET", "/types", caller="admin", is_public="None")["volume_types"]) == 3
    assert api("GET", f"/types/{volume_type}").status_code == 404
    access = {"project": api.projects["here"]}
    assert api("POST", f"/types/{volume_type}/action", {"addProjectAccess": access}, caller="admin").status_code == 202
    assert api("POST", f"/types/{volume_type}/action", {"addProjectAccess": access}, caller="admin").status_code == 409
    assert api.ok("GET", f"/types/{volume_type}")["volume_type"]["name"] == "own"
    assert api.ok("GET", f"/types/{volume_type}/os-volume-type-access", caller="admin") == {
        "volume_type_access": [{"volume_type_id": volume_type, "project_id": api.projects["here"]}]
    }
    assert (
        api("POST", f"/types/{volume_type}/action", {"removeProjectAccess": access}, caller="admin").status_code == 202
    )
    assert api("GET", f"/types/{volume_type}").status_code == 404
    assert api("POST", f"/types/{volume_type}/action", {"giveAway": access}, caller="admin").status_code == 400


def test_customers_see_only_visible_extra_specs(api: Api) -> None:
    new = {"name": "gold", "extra_specs": {"volume_backend_name": "sim", "multiattach": "<is> True"}}
    volume_type = api.ok("POST", "/types", {"volume_type": new}, caller="admin")["volume_type"]["id"]
    assert api.ok("GET", f"/types/{volume_type}")["volume_type"]["extra_specs"] == {"multiattach": "<is> True"}
    assert api.ok("GET", f"/types/{volume_type}/extra_specs") == {"extra_specs": {"multiattach": "<is> True"}}
    assert api("GET", f"/types/{volume_type}/extra_specs/volume_backend_name").status_code == 404
