"""Attachments that clients record through the Block Storage API."""

from typing import Any

import pytest

from support.volume_api import Api

SERVER_ID = "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"


def status(api: Api, volume_id: str) -> str:
    return str(api.ok("GET", f"/volumes/{volume_id}")["volume"]["status"])


def test_create_update_complete_and_delete(api: Api) -> None:
    volume_id = api.create()["id"]
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": SERVER_ID, "mode": "ro"}}
    attachment = api.ok("POST", "/attachments", body)["attachment"]
    assert (attachment["status"], attachment["attach_mode"], status(api, volume_id)) == ("reserved", "ro", "reserved")
    assert api("POST", "/attachments", body).status_code == 400
    path = f"/attachments/{attachment['id']}"
    assert api("POST", f"{path}/action", {"os-complete": {}}).status_code == 400
    assert api("PUT", path, {"attachment": {"connector": {}}}).status_code == 400
    updated = api.ok("PUT", path, {"attachment": {"connector": {"host": "h1", "ip": "192.0.2.1"}}})["attachment"]
    assert (updated["status"], updated["connection_info"]["driver_volume_type"]) == ("attaching", "none")
    assert api("POST", f"{path}/action", {"os-complete": {}}).status_code == 204
    assert status(api, volume_id) == "in-use"
    [entry] = api.ok("GET", f"/volumes/{volume_id}")["volume"]["attachments"]
    assert (entry["server_id"], entry["host_name"]) == (SERVER_ID, "h1")
    assert api("DELETE", path, caller="outsider").status_code == 404
    assert api.ok("DELETE", path) == {"attachments": []}
    assert status(api, volume_id) == "available"
    events = [event.event_type for event in api.volumes.events("volume.")]
    assert events[-2:] == ["volume.attach.end", "volume.detach.end"]


def test_attachments_of_compute_are_changed_by_compute_only(api: Api) -> None:
    volume_id = api.create()["id"]
    attachment = api.volumes.attach_for_project(api.projects["here"], volume_id)
    refusals = [
        api("DELETE", f"/attachments/{attachment.id}"),
        *(
            api("POST", f"/volumes/{volume_id}/action", {name: {}}, caller="admin")
            for name in ("os-detach", "os-force_detach", "os-begin_detaching", "os-roll_detaching", "os-unreserve")
        ),
    ]
    assert [refused.status_code for refused in refusals] == [409] * 6
    assert {refused.json()["conflictingRequest"]["message"] for refused in refusals} == {
        "Detach volume from instance s1 using the Compute API"
    }
    assert status(api, volume_id) == "in-use"


def test_the_older_actions(api: Api) -> None:
    volume_id = api.create()["id"]

    def act(name: str, value: Any = None, caller: str = "member") -> int:
        return api("POST", f"/volumes/{volume_id}/action", {name: value or {}}, caller=caller).status_code

    assert (act("os-reserve"), status(api, volume_id)) == (202, "attaching")
    assert act("os-reserve") == 400
    assert (act("os-unreserve"), status(api, volume_id)) == (202, "available")
    assert act("os-attach", {"instance_uuid": SERVER_ID, "host_name": "h1"}) == 400
    assert act("os-attach", {"instance_uuid": SERVER_ID, "mode": "x"}) == 400
    assert act("os-attach", {"instance_uuid": SERVER_ID, "mountpoint": "/dev/vdc"}) == 202
    [entry] = api.ok("GET", f"/volumes/{volume_id}")["volume"]["attachments"]
    assert (entry["device"], status(api, volume_id)) == ("/dev/vdc", "in-use")
    assert (act("os-begin_detaching"), status(api, volume_id)) == (202, "detaching")
    assert (act("os-roll_detaching"), status(api, volume_id)) == (202, "in-use")
    assert (act("os-detach", {"attachment_id": "other"}), status(api, volume_id)) == (202, "in-use")
    assert (act("os-detach", {"attachment_id": entry["attachment_id"]}), status(api, volume_id)) == (202, "available")
    assert (act("os-detach"), status(api, volume_id)) == (202, "available")
    assert (act("os-reserve"), act("os-detach"), status(api, volume_id)) == (202, 202, "available")
    assert act("os-attach", {"host_name": "h1", "mountpoint": "/mnt"}) == 202
    assert act("os-reset_status", {"status": "error"}, "admin") == 202
    assert act("os-force_detach", {"attachment_id": None, "connector": None}) == 403
    assert act("os-force_detach", {"attachment_id": None, "connector": None}, "admin") == 202
    assert status(api, volume_id) == "available"


@pytest.mark.parametrize(("host", "problem"), [("other@x", "No available service named other@x"), ("", "(none)")])
def test_migration_is_refused(api: Api, host: str, problem: str) -> None:
    volume = api.create()
    path = f"/volumes/{volume['id']}/action"
    refused = api("POST", path, {"os-migrate_volume": {"host": host}}, caller="admin")
    assert (refused.status_code, problem in refused.text) == (400, True)
    assert api("POST", path, {"os-migrate_volume": {"host": host}}).status_code == 403
    same = {"os-migrate_volume": {"host": "sim@stratiform"}}
    assert "must be different" in api("POST", path, same, caller="admin").text


@pytest.mark.parametrize("server_id", ["1_0", "", "s1", SERVER_ID + "0"])
def test_the_id_of_a_server_is_a_uuid(api: Api, server_id: str) -> None:
    volume_id = api.create()["id"]
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": server_id}}
    assert api("POST", "/attachments", body).status_code == 400
    assert api("POST", f"/volumes/{volume_id}/action", {"os-attach": {"instance_uuid": server_id}}).status_code == 400
    assert status(api, volume_id) == "available"
