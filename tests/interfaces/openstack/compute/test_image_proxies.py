"""`/images/{image_id}/metadata`, and the filters of `/images`."""

from typing import Any

import pytest

from support.compute_api import ComputeApi

UNKNOWN = "00000000-0000-4000-8000-00000000dead"


def create_image(api: ComputeApi, name: str, **fields: Any) -> str:
    body = {"name": name, "disk_format": "raw", "container_format": "bare", "visibility": "private", **fields}
    return str(api.callers.ok("POST", "/image/v2/images", json=body)["id"])


def test_metadata(api: ComputeApi) -> None:
    image_id = create_image(api, "a", os_distro="debian")
    path = f"/images/{image_id}/metadata"
    assert api.ok("GET", path, microversion=38) == {"metadata": {"os_distro": "debian"}}
    merged = {"os_distro": "alma", "os_version": "9"}
    assert api.ok("POST", path, {"metadata": merged}) == {"metadata": merged}
    assert api.ok("POST", path, {"metadata": {"os_version": "10"}})["metadata"] == {**merged, "os_version": "10"}
    assert api.ok("PUT", path, {"metadata": {"a": "b"}}) == {"metadata": {"a": "b"}}
    assert api.callers.ok("GET", f"/image/v2/images/{image_id}")["a"] == "b"
    assert api.ok("GET", f"{path}/a") == {"meta": {"a": "b"}}
    assert api.ok("PUT", f"{path}/a", {"meta": {"a": "c"}}) == {"meta": {"a": "c"}}
    assert api("PUT", f"{path}/a", {"meta": {"b": "c"}}).status_code == 400
    assert api("DELETE", f"{path}/a").status_code == 204
    assert api.ok("GET", path) == {"metadata": {}}
    for method in ("GET", "DELETE"):
        response = api(method, f"{path}/a")
        assert response.json()["itemNotFound"]["message"] == "Metadata item was not found"
    assert api("GET", path, microversion=39).status_code == 404


@pytest.mark.parametrize(("caller", "image_id"), [("green", UNKNOWN), ("blue", ""), ("green-reader", "")])
def test_images_that_the_caller_cannot_change(api: ComputeApi, caller: str, image_id: str) -> None:
    own_id = create_image(api, "a", x="y")
    path = f"/images/{image_id or own_id}/metadata"
    status = 403 if caller == "green-reader" else 404
    for method, item, body in (
        ("POST", "", {"metadata": {"x": "z"}}),
        ("PUT", "", {"metadata": {"x": "z"}}),
        ("PUT", "/x", {"meta": {"x": "z"}}),
        ("DELETE", "/x", None),
    ):
        assert api(method, path + item, body, caller=caller).status_code == status
    assert api.ok("GET", f"/images/{own_id}/metadata") == {"metadata": {"x": "y"}}


def test_filters(api: ComputeApi) -> None:
    server_id, other_id = api.create_active(), api.create_active()
    api.callers.harness.clock.advance(10_000_000)
    plain = create_image(api, "plain", min_ram=64)
    for owner_id in (server_id, other_id):
        assert api.action(owner_id, {"createImage": {"name": f"of {owner_id}"}})[0] == 202
    api.servers.run_worker(10)

    def names(query: str) -> set[str]:
        images = api.ok("GET", f"/images?{query}")["images"]
        assert [item["id"] for item in images] == [
            item["id"] for item in api.ok("GET", f"/images/detail?{query}")["images"]
        ]
        return {item["name"] for item in images}

    server = api.ok("GET", f"/servers/{server_id}")["server"]
    for value in (server_id, *(link["href"] for link in server["links"])):
        assert names(f"server={value}") == {f"of {server_id}"}
    snapshots = {f"of {server_id}", f"of {other_id}"}
    assert names("type=snapshot") == snapshots
    assert names("name=plain") == {"plain"}
    assert names("minRam=64") == {"plain"}
    assert snapshots <= names("status=ACTIVE")
    assert names("status=SAVING") == {"plain"}
    created = api.ok("GET", f"/images/{plain}")["image"]["created"]
    assert names(f"changes-since={created}") == {"plain", *snapshots}
    assert api("GET", "/images?changes-since=soon").status_code == 400
