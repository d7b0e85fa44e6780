"""The action `os-reimage`: write an image to an existing volume."""

from typing import Any
from uuid import uuid4

import pytest

from stratiform.contract import registry
from stratiform.contract.errors import RequestRejected
from support.volume_api import Api

UNKNOWN = "00000000-0000-4000-8000-00000000dead"


def create_image(api: Api, name: str = "debian", size: int = 8, **fields: Any) -> str:
    body = {"name": name, "disk_format": "raw", "container_format": "bare", "visibility": "private", **fields}
    image_id = str(api.callers.ok("POST", "/image/v2/images", json=body)["id"])
    path, headers = f"/image/v2/images/{image_id}/file", {"Content-Type": "application/octet-stream"}
    api.callers.ok("PUT", path, content=bytes(size), headers=headers)
    return image_id


def reimage(api: Api, volume_id: str, image_id: str, *, microversion: str = "3.68", **fields: Any) -> Any:
    body = {"os-reimage": {"image_id": image_id, **fields}}
    return api("POST", f"/volumes/{volume_id}/action", body, microversion=microversion)


def get(api: Api, volume_id: str) -> dict[str, Any]:
    return dict(api.ok("GET", f"/volumes/{volume_id}")["volume"])


def read_native(api: Api, volume_id: str) -> tuple[str, str]:
    """Return the image of a native volume, and what it contains."""
    native_id = api.volumes.native_volumes()[0].id
    assert api.volumes.native_volumes()[0].token == volume_id
    with api.volumes.cloud.client.open_request() as request:
        row = request.find_row("SELECT image, content FROM volumes WHERE id = ?", native_id)
    assert row is not None
    return str(row["image"]), str(row["content"])


def test_the_image_replaces_the_content(api: Api) -> None:
    volume_id, image_id = api.create(size=2)["id"], create_image(api)
    events = len(api.volumes.event_types())
    response = reimage(api, volume_id, image_id)
    assert (response.status_code, response.content) == (202, b"")
    assert get(api, volume_id)["status"] == "downloading"
    assert "volume_image_metadata" not in get(api, volume_id)
    assert api("DELETE", f"/volumes/{volume_id}").status_code == 400
    api.volumes.run_due_work()
    assert get(api, volume_id)["status"] == "downloading"
    api.volumes.run_worker(2)
    volume = get(api, volume_id)
    assert (volume["status"], volume["bootable"]) == ("available", "true")
    metadata = volume["volume_image_metadata"]
    assert (metadata["image_id"], metadata["image_name"], metadata["size"]) == (image_id, "debian", "8")
    native_image, content = read_native(api, volume_id)
    assert native_image == content != ""
    assert api.volumes.event_types()[events:] == ["volume.update.end"]
    # again, with another image
    other_id = create_image(api, "alma", 16)
    assert reimage(api, volume_id, other_id).status_code == 202
    api.volumes.run_worker(2)
    assert get(api, volume_id)["volume_image_metadata"]["image_name"] == "alma"
    assert read_native(api, volume_id)[1] not in ("", content)


def test_requests_that_are_refused(api: Api) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    large_id = create_image(api, "large", min_disk=2)
    assert reimage(api, volume_id, image_id, microversion="3.67").status_code in (400, 404)
    for wrong_id, status, text in (
        (UNKNOWN, 404, UNKNOWN),
        ("none", 400, "image_id"),
        (large_id, 400, "Image minDisk size 2 is larger than the volume size 1."),
    ):
        response = reimage(api, volume_id, wrong_id)
        assert (response.status_code, text in response.text) == (status, True), response.text
    body: dict[str, Any] = {"os-reimage": {}}
    assert api("POST", f"/volumes/{volume_id}/action", body, microversion="3.68").status_code == 400
    body = {"os-reimage": {"image_id": image_id}}
    for caller, status in (("reader", 403), ("outsider", 404)):
        path = f"/volumes/{volume_id}/action"
        assert api("POST", path, body, caller=caller, microversion="3.68").status_code == status
    api.volumes.attach_for_project(api.projects["here"], volume_id)
    response = reimage(api, volume_id, image_id)
    text = f"Invalid volume: Volume {volume_id} status must be available or error, but current status is in-use."
    assert (response.status_code, response.json()["badRequest"]["message"]) == (400, text)


def test_images_that_are_larger_than_the_volume_are_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    monkeypatch.setattr("stratiform.services.volume.service.image_metadata._GIB", 4)
    response = reimage(api, volume_id, image_id)
    text = "Invalid input received: Size of specified image 2GB is larger than volume size 1GB."
    assert (response.status_code, response.json()["badRequest"]["message"]) == (400, text)
    assert get(api, volume_id)["status"] == "available"


def test_reserved_volumes_need_the_flag(api: Api) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": str(uuid4())}}
    attachment_id = api.ok("POST", "/attachments", body)["attachment"]["id"]
    assert get(api, volume_id)["status"] == "reserved"
    assert reimage(api, volume_id, image_id).status_code == 400
    assert reimage(api, volume_id, image_id, reimage_reserved=True).status_code == 202
    api.volumes.run_worker(2)
    assert get(api, volume_id)["status"] == "reserved"
    # the reservation ends while the image is written
    assert reimage(api, volume_id, image_id, reimage_reserved=True).status_code == 202
    api.ok("DELETE", f"/attachments/{attachment_id}")
    api.volumes.run_worker(2)
    assert get(api, volume_id)["status"] == "available"


def test_clouds_that_cannot_do_it_refuse_with_the_reason(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    monkeypatch.setattr(registry.get_connector("memory"), "reimage", False, raising=False)
    response = reimage(api, volume_id, image_id)
    text = "Cloud sim cannot write an image to an existing volume; create a new volume from the image."
    assert (response.status_code, response.json()["notImplemented"]["message"]) == (501, text)
    assert get(api, volume_id)["status"] == "available"


def _reject(*_values: object) -> None:
    raise RequestRejected("read error")


def test_a_failure_of_the_cloud(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    monkeypatch.setattr(api.volumes.cloud.volume, "reimage", _reject)
    assert reimage(api, volume_id, image_id).status_code == 202
    api.volumes.run_worker(2)
    volume = get(api, volume_id)
    assert (volume["status"], "volume_image_metadata" in volume) == ("error", False)
    [message] = api.ok("GET", "/messages")["messages"]
    assert message["user_message"] == "copy image to volume:An unknown error occurred."
    monkeypatch.undo()
    assert reimage(api, volume_id, image_id).status_code == 202
    api.volumes.run_worker(2)
    assert get(api, volume_id)["volume_image_metadata"]["image_id"] == image_id


def test_an_image_that_is_deleted_before_it_is_written(api: Api) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    assert reimage(api, volume_id, image_id).status_code == 202
    api.callers.ok("DELETE", f"/image/v2/images/{image_id}")
    api.volumes.run_worker(2)
    assert get(api, volume_id)["status"] == "error"


def test_lost_responses_of_the_cloud(api: Api) -> None:
    volume_id, image_id = api.create()["id"], create_image(api)
    api.volumes.cloud.client.set_faults(fail_percent=40, lose_percent=40)
    assert reimage(api, volume_id, image_id).status_code == 202
    api.volumes.run_worker(120)
    api.volumes.cloud.client.clear_faults()
    api.volumes.run_worker(120)
    volume = get(api, volume_id)
    assert (volume["status"], volume["volume_image_metadata"]["image_id"]) == ("available", image_id)
