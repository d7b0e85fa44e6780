"""Volumes that several servers use at once."""

from typing import Any

import pytest

from support.compute_api import ComputeApi

LATEST = 60


def request_volume(api: ComputeApi, method: str, path: str, body: Any = None, caller: str = "green") -> Any:
    headers = {"OpenStack-API-Version": "volume 3.60"}
    response = api.callers.request(method, f"/volume/v3{path}", caller, json=body, headers=headers)
    assert response.is_success, response.text
    return response.json() if response.content else None


def create_volume(api: ComputeApi, **new: Any) -> str:
    """Create a multiattach volume, and the type if it does not exist."""
    types = request_volume(api, "GET", "/types")["volume_types"]
    if all(volume_type["name"] != "shared" for volume_type in types):
        new_type = {"volume_type": {"name": "shared", "extra_specs": {"multiattach": "<is> True"}}}
        request_volume(api, "POST", "/types", new_type, "admin")
    body = {"volume": {"size": 1, "volume_type": "shared", **new}}
    volume_id = str(request_volume(api, "POST", "/volumes", body)["volume"]["id"])
    api.servers.run_worker(3)
    return volume_id


def get_volume(api: ComputeApi, volume_id: str) -> dict[str, Any]:
    return dict(request_volume(api, "GET", f"/volumes/{volume_id}")["volume"])


def attach(api: ComputeApi, server_id: str, volume_id: str, microversion: int = LATEST) -> tuple[int, str]:
    path, body = f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}}
    response = api("POST", path, body, microversion=microversion)
    api.servers.run_worker(1)
    return response.status_code, response.text


def test_a_volume_is_attached_to_two_servers(api: ComputeApi) -> None:
    volume_id, servers = create_volume(api), [api.create_active(), api.create_active()]
    assert get_volume(api, volume_id)["multiattach"] is True
    status, text = attach(api, servers[0], volume_id, 59)
    assert (status, "only supported starting with compute API version 2.60" in text) == (400, True)
    for server_id in servers:
        assert attach(api, server_id, volume_id)[0] == 200
    volume = get_volume(api, volume_id)
    assert (volume["status"], [item["server_id"] for item in volume["attachments"]]) == ("in-use", servers)
    assert [native.volume_ids != () for native in api.servers.native_servers()] == [True, True]
    status, text = attach(api, servers[0], volume_id)
    assert (status, f"volume {volume_id} already attached" in text) == (400, True)
    path = f"/servers/{servers[0]}/os-volume_attachments/{volume_id}"
    assert api("DELETE", path).status_code == 202
    assert get_volume(api, volume_id)["status"] == "detaching"
    api.servers.run_worker(1)
    volume = get_volume(api, volume_id)
    assert (volume["status"], [item["server_id"] for item in volume["attachments"]]) == ("in-use", servers[1:])
    assert api("DELETE", f"/servers/{servers[1]}").status_code == 204
    api.servers.run_worker(3)
    assert get_volume(api, volume_id)["status"] == "available"


def test_multiattach_volumes_are_not_swapped(api: ComputeApi) -> None:
    volume_id, servers = create_volume(api), [api.create_active(), api.create_active()]
    new_id = str(request_volume(api, "POST", "/volumes", {"volume": {"size": 1}})["volume"]["id"])
    for server_id in servers:
        attach(api, server_id, volume_id)
    path, body = f"/servers/{servers[0]}/os-volume_attachments/{volume_id}", {"volumeAttachment": {"volumeId": new_id}}
    response = api("PUT", path, body, caller="admin", microversion=LATEST)
    text = f"volume {volume_id} is not migrating this api should only be called by Cinder"
    assert (response.status_code, response.json()["conflictingRequest"]["message"]) == (409, text)
    statuses = [get_volume(api, name)["status"] for name in (volume_id, new_id)]
    assert statuses == ["in-use", "available"]


def test_multiattach_volumes_are_not_attached_to_offloaded_servers(api: ComputeApi) -> None:
    volume_id, server_id = create_volume(api), api.create_active()
    api.action(server_id, {"shelve": None})
    api.servers.run_worker(10)
    status, text = attach(api, server_id, volume_id)
    expected = "Attaching multiattach volumes is not supported for shelved-offloaded instances."
    assert (status, expected in text) == (400, True)


@pytest.mark.parametrize(("microversion", "status"), [(59, 400), (60, 202)])
def test_servers_are_created_with_a_volume_that_is_in_use(api: ComputeApi, microversion: int, status: int) -> None:
    volume_id, first = create_volume(api, imageRef=api.servers.image_id), api.create_active()
    attach(api, first, volume_id)
    device = {"source_type": "volume", "destination_type": "volume", "uuid": volume_id, "boot_index": 0}
    body = api.server_body(microversion=microversion, block_device_mapping_v2=[device], imageRef="")
    response = api("POST", "/servers", body, microversion=microversion)
    assert response.status_code == status, response.text
    api.servers.run_worker(3)
    expected = [first] if status != 202 else [first, response.json()["server"]["id"]]
    volume = get_volume(api, volume_id)
    assert (volume["status"], [item["server_id"] for item in volume["attachments"]]) == ("in-use", expected)
