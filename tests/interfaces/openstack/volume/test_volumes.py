"""`/volumes` as Cinder answers it."""

import re
from typing import Any

import pytest

from support.volume_api import Api

#: What Cinder prints: no zone, six digits.
CINDER_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def test_show_volume_has_cinders_fields(api: Api) -> None:
    response = api(
        "POST", "/volumes", {"volume": {"size": 2, "name": "data", "metadata": {"a": "b"}}}, microversion="3.0"
    )
    assert response.status_code == 202
    created = response.json()["volume"]
    assert (created["status"], created["size"], created["volume_type"]) == ("creating", 2, "standard")
    api.volumes.run_worker(2)
    volume = api.ok("GET", f"/volumes/{created['id']}", microversion="3.0")["volume"]
    assert CINDER_TIME.fullmatch(volume.pop("created_at"))
    assert CINDER_TIME.fullmatch(volume.pop("updated_at"))
    assert len(volume.pop("user_id")) == 32
    here = api.projects["here"]
    assert volume == {
        "id": created["id"],
        "status": "available",
        "size": 2,
        "availability_zone": "zone-a",
        "attachments": [],
        "name": "data",
        "description": None,
        "volume_type": "standard",
        "snapshot_id": None,
        "source_volid": None,
        "metadata": {"a": "b"},
        "links": [
            {"rel": "self", "href": f"http://127.0.0.1:8780/volume/v3/volumes/{created['id']}"},
            {"rel": "bookmark", "href": f"http://127.0.0.1:8780/volume/volumes/{created['id']}"},
        ],
        "bootable": "false",
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": False,
        "os-vol-tenant-attr:tenant_id": here,
    }


def test_fields_depend_on_microversion_and_role(api: Api) -> None:
    volume = api.create()
    assert {"group_id", "shared_targets", "service_uuid"} <= volume.keys()
    detail = api.ok("GET", f"/volumes/{volume['id']}", caller="admin")["volume"]
    assert detail["os-vol-host-attr:host"] == "sim@stratiform#sim"
    assert detail.keys() - volume.keys() == {
        "migration_status",
        "os-vol-host-attr:host",
        "os-vol-mig-status-attr:migstat",
        "os-vol-mig-status-attr:name_id",
        "provider_id",
    }


def test_microversion_negotiation(api: Api) -> None:
    response = api("GET", "/types", microversion="latest")
    assert response.headers["OpenStack-API-Version"] == "volume 3.71"
    assert response.headers["Vary"] == "OpenStack-API-Version"
    assert api("GET", "/types", microversion="3.7").headers["OpenStack-API-Version"] == "volume 3.7"
    assert api("GET", "/types", microversion="").headers["OpenStack-API-Version"] == "volume 3.0"
    assert api("GET", "/types", microversion="3.72").status_code == 406
    assert api("GET", "/types", microversion="three").json() == {
        "badRequest": {
            "code": 400,
            "message": "API Version String three is of invalid format. Must be of format MajorNum.MinorNum.",
        }
    }
    assert api("GET", "/attachments", microversion="3.26").status_code == 404
    assert api("GET", "/volumes/summary", microversion="3.11").status_code == 404


def test_the_path_may_contain_the_project_id(api: Api) -> None:
    volume, here, there = api.create(), api.projects["here"], api.projects["there"]
    volume = api.ok("GET", f"/{here}/volumes/{volume['id']}")["volume"]
    assert volume["links"][0]["href"].endswith(f"/volume/v3/{here}/volumes/{volume['id']}")
    response = api("GET", f"/{there}/volumes")
    assert (response.status_code, response.json()) == (
        400,
        {"badRequest": {"code": 400, "message": "Malformed request url"}},
    )
    assert [item["id"] for item in api.ok("GET", f"/{here}/volumes", caller="admin")["volumes"]] == [volume["id"]]
    assert api.ok("GET", f"/{there}/volumes/detail", caller="admin")["volumes"] == []


@pytest.mark.parametrize(
    ("new", "status", "message"),
    [
        ({"size": 0}, 400, "Invalid input received: Volume size '0' must be an integer and greater than 0"),
        ({"size": -1}, 400, "Invalid input received: Volume size '-1' must be an integer and greater than 0"),
        (
            {"size": "#$%"},
            400,
            "Invalid input for field/attribute size. Value: #$%. '#$%' is not of type 'integer', 'null'",
        ),
        ({}, 400, "Invalid input received: Volume size 'None' must be an integer and greater than 0"),
        ({"size": 1, "volume_type": "gold"}, 404, "Volume type gold could not be found."),
        ({"size": 1, "snapshot_id": "s"}, 404, "Snapshot s could not be found."),
        ({"size": 1, "source_volid": "v"}, 404, "Volume v could not be found."),
        ({"size": 1, "availability_zone": "mars"}, 400, "Invalid input received: Availability zone 'mars' is invalid."),
    ],
)
def test_invalid_volumes_are_refused_with_cinders_messages(
    api: Api, new: dict[str, Any], status: int, message: str
) -> None:
    response = api("POST", "/volumes", {"volume": new})
    fault = "badRequest" if status == 400 else "itemNotFound"
    assert (response.status_code, response.json()) == (status, {fault: {"code": status, "message": message}})


def test_unsupported_parameters_are_refused(api: Api) -> None:
    for new, problem in (
        ({"multiattach": True}, "multiattach parameter has been removed"),
        ({"group_id": "g"}, "volume_type must be provided"),
        ({"consistencygroup_id": "g"}, "not supported"),
    ):
        response = api("POST", "/volumes", {"volume": {"size": 1, **new}})
        assert (response.status_code, problem in response.json()["badRequest"]["message"]) == (400, True)
    assert api("POST", "/volumes", {"volume": {"size": 1, "backup_id": "b"}}).status_code == 404
    assert api("POST", "/volumes", {"no": "volume"}).status_code == 400
    assert api.callers.request("POST", "/volume/v3/volumes", content=b"{").status_code == 400


def test_update_and_delete(api: Api) -> None:
    volume = api.create(name="old")
    path = f"/volumes/{volume['id']}"
    changed = api.ok("PUT", path, {"volume": {"name": "new", "description": "more"}})["volume"]
    assert (changed["name"], changed["description"]) == ("new", "more")
    assert api.ok("PUT", path, {"volume": {"name": None}})["volume"]["name"] == ""
    assert api("DELETE", path).status_code == 202
    assert api.ok("GET", path)["volume"]["status"] == "deleting"
    api.volumes.run_worker()
    response = api("GET", path)
    assert response.json() == {"itemNotFound": {"code": 404, "message": f"Volume {volume['id']} could not be found."}}


def test_a_volume_that_is_being_created_cannot_be_deleted(api: Api) -> None:
    created = api.ok("POST", "/volumes", {"volume": {"size": 1}})["volume"]
    response = api("DELETE", f"/volumes/{created['id']}", cascade=True)
    assert response.status_code == 400
    assert response.json()["badRequest"]["message"].startswith(
        "Invalid volume: Volume status must be available or error"
    )
    assert api("DELETE", f"/volumes/{created['id']}", force=True).status_code == 403
    assert api("DELETE", f"/volumes/{created['id']}", force=True, caller="admin").status_code == 202


def test_list_filters_sorting_and_paging(api: Api) -> None:
    for number, name in enumerate(("a", "b", "c")):
        api.create(name=name, size=3 - number, metadata={"tag": name})
    listed = api.ok("GET", "/volumes")["volumes"]
    assert [volume["name"] for volume in listed] == ["c", "b", "a"]
    assert listed[0].keys() == {"id", "name", "links"}

    def names(**query: Any) -> list[str]:
        return [volume["name"] for volume in api.ok("GET", "/volumes/detail", **query)["volumes"]]

    assert names(name="b") == ["b"]
    assert names(status="available", sort="size:asc") == ["c", "b", "a"]
    assert names(sort_key="name", sort_dir="asc") == ["a", "b", "c"]
    assert names(metadata="{'tag': 'a'}") == ["a"]
    assert names(bootable="true") == []
    assert names(status="no-such") == []
    assert names(offset=2) == ["a"]
    assert names(limit=0) == []
    assert names(all_tenants=1) == ["c", "b", "a"]
    page = api.ok("GET", "/volumes/detail", limit=2, with_count="true")
    assert page["count"] == 3
    [following] = page["volumes_links"]
    assert following["rel"] == "next"
    path = following["href"].removeprefix("http://127.0.0.1:8780/volume/v3")
    last = api.ok("GET", path)
    assert [volume["name"] for volume in last["volumes"]] == ["a"]
    assert "volumes_links" not in last
    for wrong in ({"limit": "x"}, {"marker": "x"}, {"sort": "x:asc"}, {"sort": "name:up"}, {"metadata": "[1"}):
        assert api("GET", "/volumes", **wrong).status_code == 400, wrong


def test_volume_summary(api: Api) -> None:
    api.create(size=2, metadata={"tag": "a"})
    assert api.ok("GET", "/volumes/summary") == {
        "volume-summary": {"total_size": 2, "total_count": 1, "metadata": {"tag": ["a"]}}
    }
    assert "metadata" not in api.ok("GET", "/volumes/summary", microversion="3.12")["volume-summary"]


def test_metadata(api: Api) -> None:
    path = f"/volumes/{api.create(metadata={'a': '1'})['id']}/metadata"
    assert api.ok("POST", path, {"metadata": {"b": "2"}}) == {"metadata": {"a": "1", "b": "2"}}
    assert api.ok("PUT", path, {"metadata": {"c": "3"}}) == {"metadata": {"c": "3"}}
    assert api.ok("PUT", f"{path}/c", {"meta": {"c": "4"}}) == {"meta": {"c": "4"}}
    assert api("PUT", f"{path}/c", {"meta": {"d": "4"}}).status_code == 400
    assert api.ok("GET", f"{path}/c") == {"meta": {"c": "4"}}
    assert api("DELETE", f"{path}/c").status_code == 200
    assert api("GET", f"{path}/c").status_code == 404
    assert api("DELETE", f"{path}/c").status_code == 404
    assert api.ok("GET", path) == {"metadata": {}}
    assert api("POST", path, {"metadata": {"x" * 256: "1"}}).status_code == 400
