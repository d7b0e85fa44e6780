"""`/types` as Cinder answers it."""

from support.volume_api import Api


def test_types_are_listed_and_shown(api: Api) -> None:
    listed = api.ok("GET", "/types")["volume_types"]
    assert [kind["name"] for kind in listed] == ["standard", "fast"]
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


def test_operators_make_change_and_delete_them(api: Api) -> None:
    wish = {"name": "gold", "description": "shiny", "os-volume-type-access:is_public": False, "extra_specs": {"a": "1"}}
    made = api.ok("POST", "/types", {"volume_type": wish}, who="admin")["volume_type"]
    assert (made["is_public"], made["extra_specs"], made["qos_specs_id"]) == (False, {"a": "1"}, None)
    assert api("POST", "/types", {"volume_type": wish}, who="admin").status_code == 409
    path = f"/types/{made['id']}"
    assert api.ok("PUT", path, {"volume_type": {"name": "platinum"}}, who="admin")["volume_type"]["name"] == "platinum"
    specs = f"{path}/extra_specs"
    assert api.ok("POST", specs, {"extra_specs": {"b": "2"}}, who="admin") == {"extra_specs": {"b": "2"}}
    assert api.ok("GET", specs, who="admin") == {"extra_specs": {"a": "1", "b": "2"}}
    assert api.ok("PUT", f"{specs}/b", {"b": "3"}, who="admin") == {"b": "3"}
    assert api("PUT", f"{specs}/b", {"c": "3"}, who="admin").status_code == 400
    assert api.ok("GET", f"{specs}/b", who="admin") == {"b": "3"}
    assert api("DELETE", f"{specs}/b", who="admin").status_code == 202
    assert api("GET", f"{specs}/b", who="admin").status_code == 404
    assert api.ok("GET", f"{path}/encryption", who="admin") == {}
    assert api("DELETE", path, who="admin").status_code == 202
    assert api("GET", path, who="admin").status_code == 404


def test_private_types_are_given_to_projects(api: Api) -> None:
    wish = {"name": "own", "os-volume-type-access:is_public": False}
    kind = api.ok("POST", "/types", {"volume_type": wish}, who="admin")["volume_type"]["id"]
    assert [found["id"] for found in api.ok("GET", "/types", who="admin", is_public="false")["volume_types"]] == [kind]
    assert len(api.ok("GET", "/types", who="admin", is_public="None")["volume_types"]) == 3
    assert api("GET", f"/types/{kind}").status_code == 404
    given = {"project": api.projects["here"]}
    assert api("POST", f"/types/{kind}/action", {"addProjectAccess": given}, who="admin").status_code == 202
    assert api("POST", f"/types/{kind}/action", {"addProjectAccess": given}, who="admin").status_code == 409
    assert api.ok("GET", f"/types/{kind}")["volume_type"]["name"] == "own"
    assert api.ok("GET", f"/types/{kind}/os-volume-type-access", who="admin") == {
        "volume_type_access": [{"volume_type_id": kind, "project_id": api.projects["here"]}]
    }
    assert api("POST", f"/types/{kind}/action", {"removeProjectAccess": given}, who="admin").status_code == 202
    assert api("GET", f"/types/{kind}").status_code == 404
    assert api("POST", f"/types/{kind}/action", {"giveAway": given}, who="admin").status_code == 400


def test_customers_see_no_secrets_of_a_type(api: Api) -> None:
    wish = {"name": "gold", "extra_specs": {"volume_backend_name": "sim", "multiattach": "<is> True"}}
    kind = api.ok("POST", "/types", {"volume_type": wish}, who="admin")["volume_type"]["id"]
    assert api.ok("GET", f"/types/{kind}")["volume_type"]["extra_specs"] == {"multiattach": "<is> True"}
    assert api.ok("GET", f"/types/{kind}/extra_specs") == {"extra_specs": {"multiattach": "<is> True"}}
    assert api("GET", f"/types/{kind}/extra_specs/volume_backend_name").status_code == 404
