"""`/volumes` as Cinder answers it."""

import re
from typing import Any

import pytest

from support.volume_api import Api

#: What Cinder prints: no zone, six digits.
CINDER_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}")


def test_a_volume_is_shown_with_cinders_fields(api: Api) -> None:
    answer = api("POST", "/volumes", {"volume": {"size": 2, "name": "data", "metadata": {"a": "b"}}}, at="3.0")
    assert answer.status_code == 202
    made = answer.json()["volume"]
    assert (made["status"], made["size"], made["volume_type"]) == ("creating", 2, "standard")
    api.volumes.work(2)
    shown = api.ok("GET", f"/volumes/{made['id']}", at="3.0")["volume"]
    assert CINDER_TIME.fullmatch(shown.pop("created_at"))
    assert CINDER_TIME.fullmatch(shown.pop("updated_at"))
    assert len(shown.pop("user_id")) == 32
    here = api.projects["here"]
    assert shown == {
        "id": made["id"],
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
            {"rel": "self", "href": f"http://127.0.0.1:8780/volume/v3/volumes/{made['id']}"},
            {"rel": "bookmark", "href": f"http://127.0.0.1:8780/volume/volumes/{made['id']}"},
        ],
        "bootable": "false",
        "encrypted": False,
        "replication_status": None,
        "consistencygroup_id": None,
        "multiattach": False,
        "os-vol-tenant-attr:tenant_id": here,
    }


def test_later_microversions_and_operators_see_more(api: Api) -> None:
    volume = api.create()
    assert {"group_id", "shared_targets", "service_uuid"} <= volume.keys()
    seen = api.ok("GET", f"/volumes/{volume['id']}", who="admin")["volume"]
    assert seen["os-vol-host-attr:host"] == "sim@stratiform"
    assert seen.keys() - volume.keys() == {
        "migration_status",
        "os-vol-host-attr:host",
        "os-vol-mig-status-attr:migstat",
        "os-vol-mig-status-attr:name_id",
        "provider_id",
    }


def test_microversions_are_negotiated_as_cinder_does(api: Api) -> None:
    answer = api("GET", "/types", at="latest")
    assert answer.headers["OpenStack-API-Version"] == "volume 3.60"
    assert answer.headers["Vary"] == "OpenStack-API-Version"
    assert api("GET", "/types", at="3.7").headers["OpenStack-API-Version"] == "volume 3.7"
    assert api("GET", "/types", at="").headers["OpenStack-API-Version"] == "volume 3.0"
    assert api("GET", "/types", at="3.61").status_code == 406
    assert api("GET", "/types", at="three").json() == {
        "badRequest": {
            "code": 400,
            "message": "API Version String three is of invalid format. Must be of format MajorNum.MinorNum.",
        }
    }
    assert api("GET", "/attachments", at="3.26").status_code == 404
    assert api("GET", "/volumes/summary", at="3.11").status_code == 404


def test_the_project_may_stand_in_the_path(api: Api) -> None:
    volume, here, there = api.create(), api.projects["here"], api.projects["there"]
    shown = api.ok("GET", f"/{here}/volumes/{volume['id']}")["volume"]
    assert shown["links"][0]["href"].endswith(f"/volume/v3/{here}/volumes/{volume['id']}")
    refused = api("GET", f"/{there}/volumes")
    assert (refused.status_code, refused.json()) == (
        400,
        {"badRequest": {"code": 400, "message": "Malformed request url"}},
    )
    assert [found["id"] for found in api.ok("GET", f"/{here}/volumes", who="admin")["volumes"]] == [volume["id"]]
    assert api.ok("GET", f"/{there}/volumes/detail", who="admin")["volumes"] == []


@pytest.mark.parametrize(
    ("wish", "status", "told"),
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
def test_a_wrong_wish_is_refused_in_cinders_words(api: Api, wish: dict[str, Any], status: int, told: str) -> None:
    answer = api("POST", "/volumes", {"volume": wish})
    kind = "badRequest" if status == 400 else "itemNotFound"
    assert (answer.status_code, answer.json()) == (status, {kind: {"code": status, "message": told}})


def test_what_is_not_supported_says_so(api: Api) -> None:
    for wish in ({"multiattach": True}, {"group_id": "g"}):
        answer = api("POST", "/volumes", {"volume": {"size": 1, **wish}})
        assert answer.status_code == 400
        assert "not supported" in answer.json()["badRequest"]["message"]
    assert api("POST", "/volumes", {"volume": {"size": 1, "backup_id": "b"}}).status_code == 404
    assert api("POST", "/volumes", {"no": "volume"}).status_code == 400
    assert api.people.ask("POST", "/volume/v3/volumes", content=b"{").status_code == 400


def test_update_and_delete(api: Api) -> None:
    volume = api.create(name="old")
    path = f"/volumes/{volume['id']}"
    changed = api.ok("PUT", path, {"volume": {"name": "new", "description": "more"}})["volume"]
    assert (changed["name"], changed["description"]) == ("new", "more")
    assert api.ok("PUT", path, {"volume": {"name": None}})["volume"]["name"] == ""
    assert api("DELETE", path).status_code == 202
    assert api.ok("GET", path)["volume"]["status"] == "deleting"
    api.volumes.work()
    gone = api("GET", path)
    assert gone.json() == {"itemNotFound": {"code": 404, "message": f"Volume {volume['id']} could not be found."}}


def test_a_volume_on_its_way_is_not_deleted(api: Api) -> None:
    made = api.ok("POST", "/volumes", {"volume": {"size": 1}})["volume"]
    refused = api("DELETE", f"/volumes/{made['id']}", cascade=True)
    assert refused.status_code == 400
    assert refused.json()["badRequest"]["message"].startswith(
        "Invalid volume: Volume status must be available or error"
    )
    assert api("DELETE", f"/volumes/{made['id']}", force=True).status_code == 403
    assert api("DELETE", f"/volumes/{made['id']}", force=True, who="admin").status_code == 202


def test_lists_filter_sort_and_page(api: Api) -> None:
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


def test_the_summary(api: Api) -> None:
    api.create(size=2, metadata={"tag": "a"})
    assert api.ok("GET", "/volumes/summary") == {
        "volume-summary": {"total_size": 2, "total_count": 1, "metadata": {"tag": ["a"]}}
    }
    assert "metadata" not in api.ok("GET", "/volumes/summary", at="3.12")["volume-summary"]


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
