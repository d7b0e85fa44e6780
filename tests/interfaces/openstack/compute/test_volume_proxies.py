"""`/os-volumes`, `/os-snapshots` and `/os-volumes_boot`."""

from typing import Any

import pytest

from support.compute_api import ComputeApi


def create_volume(api: ComputeApi, **fields: Any) -> dict[str, Any]:
    volume = api.ok("POST", "/os-volumes", {"volume": {"size": 1, **fields}}, microversion=35)["volume"]
    api.servers.run_worker(3)
    return dict(volume)


def test_volumes(api: ComputeApi) -> None:
    new = {"volume": {"size": "2", "display_name": "data", "display_description": "d", "metadata": {"a": "b"}}}
    response = api("POST", "/os-volumes", new)
    created = response.json()["volume"]
    volume_id = created["id"]
    assert (response.status_code, response.headers["location"].endswith(f"/os-volumes/{volume_id}")) == (200, True)
    assert created == {
        "id": volume_id,
        "status": "creating",
        "size": 2,
        "availabilityZone": created["availabilityZone"],
        "createdAt": created["createdAt"],
        "attachments": [{}],
        "displayName": "data",
        "displayDescription": "d",
        "volumeType": "standard",
        "snapshotId": None,
        "metadata": {"a": "b"},
    }
    api.servers.run_worker(3)
    details = api.ok("GET", f"/os-volumes/{volume_id}")["volume"]
    assert details == {**created, "status": "available"}
    assert api.ok("GET", "/os-volumes")["volumes"] == api.ok("GET", "/os-volumes/detail")["volumes"] == [details]
    assert api.callers.ok("GET", f"/volume/v3/volumes/{volume_id}")["volume"]["name"] == "data"
    assert api.ok("GET", "/os-volumes", caller="blue") == {"volumes": []}
    assert api("DELETE", f"/os-volumes/{volume_id}", caller="blue").status_code == 404
    assert api("DELETE", f"/os-volumes/{volume_id}").status_code == 202
    api.servers.run_worker(3)
    response = api("GET", f"/os-volumes/{volume_id}")
    assert response.json()["itemNotFound"]["message"] == f"Volume {volume_id} could not be found."


def test_attached_volumes(api: ComputeApi) -> None:
    volume_id, server_id = create_volume(api)["id"], api.create_active()
    api.ok("POST", f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}})
    api.servers.run_worker(1)
    attached = {"id": volume_id, "volumeId": volume_id, "serverId": server_id, "device": "/dev/vdb"}
    volume = api.ok("GET", f"/os-volumes/{volume_id}")["volume"]
    assert (volume["status"], volume["attachments"]) == ("in-use", [attached])
    assert api("DELETE", f"/os-volumes/{volume_id}").status_code == 400


def test_lists_have_limits_and_offsets(api: ComputeApi) -> None:
    for number in range(3):
        api.callers.harness.clock.advance(1_000_000)
        create_volume(api, display_name=f"v{number}")
    names = [volume["displayName"] for volume in api.ok("GET", "/os-volumes?offset=1&limit=1")["volumes"]]
    assert names == ["v1"]
    for query in ("limit=x", "offset=x", "offset=-1"):
        for path in ("/os-volumes", "/os-volumes/detail", "/os-snapshots"):
            assert api("GET", f"{path}?{query}").status_code == 400


@pytest.mark.parametrize("size", ["#$%", "", "0", 0, -1, None, "1.5"])
def test_invalid_sizes_of_volumes(api: ComputeApi, size: Any) -> None:
    assert api("POST", "/os-volumes", {"volume": {"size": size}}).status_code == 400
    assert api.ok("GET", "/os-volumes") == {"volumes": []}


def test_exceeded_quotas_are_forbidden(api: ComputeApi) -> None:
    response = api("POST", "/os-volumes", {"volume": {"size": 100_000}})
    assert (response.status_code, "exceeds allowed gigabytes quota" in response.text) == (403, True)


def test_snapshots(api: ComputeApi) -> None:
    volume_id = create_volume(api)["id"]
    new = {"volume_id": volume_id, "display_name": "s", "display_description": "d", "force": "False"}
    created = api.ok("POST", "/os-snapshots", {"snapshot": new})["snapshot"]
    snapshot_id = created["id"]
    assert created == {
        "id": snapshot_id,
        "volumeId": volume_id,
        "status": "creating",
        "size": 1,
        "createdAt": created["createdAt"],
        "displayName": "s",
        "displayDescription": "d",
    }
    api.servers.run_worker(3)
    details = api.ok("GET", f"/os-snapshots/{snapshot_id}")["snapshot"]
    assert details == {**created, "status": "available"}
    assert (
        api.ok("GET", "/os-snapshots")["snapshots"] == api.ok("GET", "/os-snapshots/detail")["snapshots"] == [details]
    )
    restored = create_volume(api, snapshot_id=snapshot_id)
    assert restored["snapshotId"] == snapshot_id
    assert api("DELETE", f"/os-snapshots/{snapshot_id}", caller="blue").status_code == 404
    assert api("DELETE", f"/os-snapshots/{snapshot_id}").status_code == 202
    api.servers.run_worker(3)
    assert api("GET", f"/os-snapshots/{snapshot_id}").status_code == 404


@pytest.mark.parametrize(("force", "status"), [(False, 400), (True, 200), ("True", 200), ("perhaps", 400)])
def test_snapshots_of_attached_volumes_need_force(api: ComputeApi, force: bool | str, status: int) -> None:
    volume_id, server_id = create_volume(api)["id"], api.create_active()
    api.ok("POST", f"/servers/{server_id}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume_id}})
    api.servers.run_worker(1)
    body = {"snapshot": {"volume_id": volume_id, "force": force}}
    assert api("POST", "/os-snapshots", body).status_code == status


@pytest.mark.parametrize("path", ["/os-volumes", "/os-volumes/detail", "/os-snapshots"])
def test_proxies_end_with_2_35(api: ComputeApi, path: str) -> None:
    assert api("GET", path, microversion=35).status_code == 200
    assert api("GET", path, microversion=36).status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_empty_ids_are_not_found(api: ComputeApi, method: str) -> None:
    for path in ("/os-volumes/", "/os-security-groups/", "/images/"):
        assert api(method, path).status_code == 404


def test_servers_are_also_os_volumes_boot(api: ComputeApi) -> None:
    device = {
        "source_type": "image",
        "destination_type": "volume",
        "uuid": api.servers.image_id,
        "volume_size": 2,
        "boot_index": 0,
    }
    body = api.server_body(block_device_mapping_v2=[device], imageRef="")
    server_id = api.ok("POST", "/os-volumes_boot", body)["server"]["id"]
    api.servers.run_worker(5)
    path = f"/os-volumes_boot/{server_id}"
    assert api.ok("GET", path) == api.ok("GET", f"/servers/{server_id}")
    assert [server["id"] for server in api.ok("GET", "/os-volumes_boot/detail", microversion=90)["servers"]] == [
        server_id
    ]
    assert api.ok("PUT", path, {"server": {"name": "other"}})["server"]["name"] == "other"
    assert api("POST", f"{path}/action", {"os-stop": None}).status_code == 202
    api.servers.run_worker(3)
    assert api.ok("GET", path)["server"]["status"] == "SHUTOFF"
    assert api("DELETE", path).status_code == 204
    api.servers.run_worker(3)
    assert api.ok("GET", "/os-volumes_boot") == {"servers": []}
