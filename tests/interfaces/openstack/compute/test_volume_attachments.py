"""`/servers/{server_id}/os-volume_attachments`."""

import pytest

from stratiform.contract.errors import RequestRejected
from support.compute_api import ComputeApi


def test_volume_attachments(api: ComputeApi) -> None:
    volume_id = api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]["id"]
    server_id = api.create_active()
    api.servers.run_worker(5)
    path = f"/servers/{server_id}/os-volume_attachments"
    attachment = api.ok("POST", path, {"volumeAttachment": {"volumeId": volume_id}})["volumeAttachment"]
    assert attachment == {"id": volume_id, "volumeId": volume_id, "serverId": server_id, "device": "/dev/vdb"}
    assert api("DELETE", f"{path}/{volume_id}").status_code == 409
    api.servers.run_worker(1)
    latest = api.ok("GET", f"{path}/{volume_id}", microversion=89)["volumeAttachment"]
    assert latest.keys() == {
        "attachment_id",
        "bdm_uuid",
        "volumeId",
        "serverId",
        "device",
        "tag",
        "delete_on_termination",
    }
    (attached,) = api.ok("GET", f"/servers/{server_id}")["server"]["os-extended-volumes:volumes_attached"]
    assert attached == {"id": volume_id}
    assert api("POST", path, {"volumeAttachment": {"volumeId": "none"}}).status_code == 404
    assert api("DELETE", f"{path}/{volume_id}").status_code == 202
    api.servers.run_worker(1)
    assert api.ok("GET", path) == {"volumeAttachments": []}


def test_operators_swap_volumes(api: ComputeApi) -> None:
    old, new, small = (
        api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": size}})["volume"]["id"]
        for size in (2, 3, 1)
    )
    server_id = api.create_active()
    api.servers.run_worker(5)
    api.ok("POST", f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": old}})
    api.servers.run_worker(1)
    path = f"/servers/{server_id}/os-volume_attachments/{old}"
    body = {"volumeAttachment": {"volumeId": new}}
    assert api("PUT", path, body).status_code == 403
    assert api("PUT", path, {"volumeAttachment": {"volumeId": small}}, caller="admin").status_code == 400
    assert api("PUT", path, body, caller="admin").status_code == 202
    api.servers.run_worker(2)
    [attachment] = api.ok("GET", f"/servers/{server_id}/os-volume_attachments")["volumeAttachments"]
    assert (attachment["volumeId"], attachment["device"]) == (new, "/dev/vdb")
    statuses = [
        api.callers.ok("GET", f"/volume/v3/volumes/{volume_id}")["volume"]["status"] for volume_id in (old, new)
    ]
    assert statuses == ["available", "in-use"]


def test_a_failed_attachment_is_reported_to_the_user_of_the_volume(
    api: ComputeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    volume_id = api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]["id"]
    server_id = api.create_active()
    api.servers.run_worker(5)

    def reject(*_values: object) -> None:
        raise RequestRejected("no free slot")

    monkeypatch.setattr(api.servers.cloud.compute, "attach_volume", reject)
    api.ok("POST", f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}})
    api.servers.run_worker(1)
    headers = {"OpenStack-API-Version": "volume 3.60"}
    [message] = api.callers.request("GET", "/volume/v3/messages", "green", headers=headers).json()["messages"]
    assert (message["resource_uuid"], message["event_id"]) == (volume_id, "VOLUME_VOLUME_002_021")
    assert message["user_message"] == "attach volume:Failed to attach volume."
    assert api.callers.ok("GET", f"/volume/v3/volumes/{volume_id}")["volume"]["status"] == "available"


def test_volumes_of_shelved_servers(api: ComputeApi) -> None:
    volume_id = api.callers.ok("POST", "/volume/v3/volumes", json={"volume": {"size": 1}})["volume"]["id"]
    server_id = api.create_active()
    api.action(server_id, {"shelve": None})
    api.servers.run_worker(10)
    path, body = f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}}
    item_path = f"{path}/{volume_id}"
    response = api("POST", path, body, microversion=19)
    text = f"Cannot 'attach_volume' instance {server_id} while it is in vm_state shelved_offloaded"
    assert (response.status_code, response.json()["conflictingRequest"]["message"]) == (409, text)
    tagged = {"volumeAttachment": {"volumeId": volume_id, "tag": "data"}}
    assert api("POST", path, tagged, microversion=60).status_code == 400
    for _ in range(2):  # attached, detached and attached again
        attachment = api.ok("POST", path, body, microversion=20)["volumeAttachment"]
        api.servers.run_worker(1)
        assert attachment["device"] == "/dev/vdb"
        assert api.callers.ok("GET", f"/volume/v3/volumes/{volume_id}")["volume"]["status"] == "in-use"
        assert api("DELETE", item_path, microversion=19).status_code == 409
        assert api("DELETE", item_path, microversion=20).status_code == 202
        api.servers.run_worker(1)
        assert api.callers.ok("GET", f"/volume/v3/volumes/{volume_id}")["volume"]["status"] == "available"
    api.ok("POST", path, body, microversion=20)
    api.servers.run_worker(1)
    api.action(server_id, {"unshelve": None})
    api.servers.run_worker(10)
    assert api.ok("GET", f"/servers/{server_id}")["server"]["status"] == "ACTIVE"
    [native] = api.servers.native_servers()
    assert len(native.volume_ids) == 1
    assert api("DELETE", item_path).status_code == 202
    api.servers.run_worker(1)
    [native] = api.servers.native_servers()
    assert native.volume_ids == ()
