"""`block_device_mapping_v2`, the older `block_device_mapping`, and the views of servers on volumes."""

from typing import Any

import pytest

from support.compute_api import ComputeApi


def root(api: ComputeApi, **fields: Any) -> dict[str, Any]:
    """Return a root volume of 1 GiB that is created from the image of the tests."""
    image = {"source_type": "image", "uuid": api.servers.image_id, "destination_type": "volume"}
    return {**image, "boot_index": 0, "volume_size": 1, **fields}


def test_boot_from_a_new_volume(api: ComputeApi) -> None:
    devices = [root(api, delete_on_termination=True, volume_type="fast")]
    server_id = api.create_active(imageRef="", block_device_mapping_v2=devices, microversion=67)
    server = api.ok("GET", f"/servers/{server_id}", microversion=67)["server"]
    assert (server["status"], server["image"]) == ("ACTIVE", "")
    [attached] = server["os-extended-volumes:volumes_attached"]
    assert attached["delete_on_termination"] is True
    [listed] = api.ok("GET", "/servers/detail")["servers"]
    assert (listed["image"], listed["os-extended-volumes:volumes_attached"]) == ("", [{"id": attached["id"]}])
    volume = api.callers.ok("GET", f"/volume/v3/volumes/{attached['id']}")["volume"]
    assert (volume["status"], volume["volume_type"], volume["bootable"]) == ("in-use", "fast", "true")
    [entry] = volume["attachments"]
    assert (entry["server_id"], entry["device"]) == (server_id, "/dev/vda")
    path = f"/servers/{server_id}/os-volume_attachments/{attached['id']}"
    assert api("DELETE", path).status_code == 403
    assert api.action(server_id, {"createBackup": {"name": "b", "backup_type": "daily", "rotation": 1}})[0] == 400


def test_delete_on_termination_can_be_changed_since_2_85(api: ComputeApi) -> None:
    devices = [root(api, delete_on_termination=True, tag="disk1")]
    server_id = api.create_active(imageRef="", block_device_mapping_v2=devices, microversion=90)
    [attachment] = api.ok("GET", f"/servers/{server_id}/os-volume_attachments", microversion=89)["volumeAttachments"]
    assert (attachment["delete_on_termination"], attachment["tag"]) == (True, "disk1")
    path = f"/servers/{server_id}/os-volume_attachments/{attachment['volumeId']}"
    body = {"volumeAttachment": {"volumeId": attachment["volumeId"], "delete_on_termination": False}}
    assert api("PUT", path, body, microversion=84).status_code == 400
    swap = {"volumeAttachment": {"volumeId": attachment["volumeId"]}}
    assert api("PUT", path, swap, microversion=84).status_code == 403
    assert api("PUT", path, body, microversion=85).status_code == 202
    changed = api.ok("GET", path, microversion=89)["volumeAttachment"]
    assert changed["delete_on_termination"] is False
    body["volumeAttachment"]["device"] = "/dev/vdz"
    assert api("PUT", path, body, microversion=85).status_code == 400


def test_the_older_mapping_boots_from_its_first_volume(api: ComputeApi) -> None:
    new = {"volume": {"size": 1, "imageRef": api.servers.image_id}}
    volume_id = api.callers.ok("POST", "/volume/v3/volumes", json=new)["volume"]["id"]
    api.servers.run_worker(3)
    devices = [{"device_name": "vda", "volume_id": volume_id, "delete_on_termination": "1"}]
    server_id = api.create_active(imageRef="", block_device_mapping=devices)
    api.servers.run_worker(2)
    server = api.ok("GET", f"/servers/{server_id}", microversion=3)["server"]
    attached = {"id": volume_id, "delete_on_termination": True}
    assert (server["status"], server["image"], server["os-extended-volumes:volumes_attached"]) == (
        "ACTIVE",
        "",
        [attached],
    )


def test_a_local_root_disk_is_the_image(api: ComputeApi) -> None:
    devices = [
        {"source_type": "image", "uuid": api.servers.image_id, "destination_type": "local", "boot_index": 0},
        {"source_type": "blank", "destination_type": "volume", "volume_size": "2", "boot_index": -1},
    ]
    server_id = api.create_active(block_device_mapping_v2=devices)
    api.servers.run_worker(4)
    server = api.ok("GET", f"/servers/{server_id}")["server"]
    assert (server["status"], server["image"]["id"]) == ("ACTIVE", api.servers.image_id)
    assert len(server["os-extended-volumes:volumes_attached"]) == 1


@pytest.mark.parametrize(
    ("fields", "microversion", "message"),
    [
        ({}, 1, "Missing imageRef attribute"),
        ({"block_device_mapping_v2": [{"source_type": "blank", "boot_index": "x"}]}, 1, "boot_index"),
        ({"block_device_mapping_v2": [{"source_type": "blank", "volume_size": 0}]}, 1, "volume_size"),
        ({"block_device_mapping_v2": [{"source_type": "blank", "volume_type": "fast"}]}, 66, "volume_type"),
        (
            {"block_device_mapping_v2": [{"source_type": "blank"}], "block_device_mapping": [{"volume_id": "v"}]},
            1,
            "Using different block_device_mapping syntaxes is not allowed in the same request.",
        ),
    ],
)
def test_invalid_devices(api: ComputeApi, fields: dict[str, Any], microversion: int, message: str) -> None:
    body = api.server_body(imageRef="", microversion=microversion, **fields)
    response = api("POST", "/servers", body, microversion=microversion)
    assert (response.status_code, message in response.text) == (400, True), response.text
