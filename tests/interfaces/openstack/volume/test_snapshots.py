"""Snapshots, clones and images of volumes."""

from typing import Any

import pytest

from support.volume_api import Api

UNKNOWN = "11111111-1111-4111-8111-111111111111"


def create_snapshot(api: Api, volume_id: str, **new: Any) -> dict[str, Any]:
    """Create a snapshot, and return it when it is available."""
    created = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume_id, **new}})["snapshot"]
    assert created["status"] == "creating"
    api.volumes.run_worker(2)
    snapshot: dict[str, Any] = api.ok("GET", f"/snapshots/{created['id']}")["snapshot"]
    return snapshot


def content_of(api: Api, table: str, token: str) -> str:
    """Return what a volume, snapshot or image of the simulated cloud contains."""
    with api.volumes.cloud.client.open_request() as request:
        row = request.find_row(f"SELECT content FROM {table} WHERE token = ? AND deleted_at IS NULL", token)
    assert row is not None
    return str(row["content"])


def events_of(api: Api, prefix: str) -> list[tuple[str, dict[str, Any]]]:
    return [(event.event_type, event.payload) for event in api.volumes.events(prefix)]


def test_snapshot_is_created_shown_updated_and_deleted(api: Api) -> None:
    volume = api.create(size=2, volume_type="fast")
    snapshot = create_snapshot(api, volume["id"], name="s", description="d", metadata={"a": "b"})
    assert snapshot["status"] == "available"
    assert (snapshot["name"], snapshot["size"], snapshot["volume_id"]) == ("s", 2, volume["id"])
    assert snapshot["os-extended-snapshot-attributes:project_id"] == api.projects["here"]
    assert content_of(api, "snapshots", snapshot["id"]) == content_of(api, "volumes", volume["id"])
    path = f"/snapshots/{snapshot['id']}"
    assert api.ok("PUT", path, {"snapshot": {"name": "t", "description": ""}})["snapshot"]["name"] == "t"
    assert api("PUT", path, {"snapshot": {}}).status_code == 400
    assert api("DELETE", f"/volumes/{volume['id']}").status_code == 400
    assert api("DELETE", path).status_code == 202
    api.volumes.run_worker(2)
    assert api("GET", path).status_code == 404
    assert [event_type for event_type, _ in events_of(api, "snapshot.")] == [
        "snapshot.create.end",
        "snapshot.update.end",
        "snapshot.delete.end",
    ]
    _, payload = events_of(api, "snapshot.")[-1]
    assert (payload["status"], payload["volume_size"], payload["tenant_id"]) == ("deleted", 2, api.projects["here"])
    assert api("DELETE", f"/volumes/{volume['id']}").status_code == 202


def test_snapshot_of_a_volume_that_does_not_exist(api: Api) -> None:
    refused = api("POST", "/snapshots", {"snapshot": {"volume_id": UNKNOWN}})
    assert (refused.status_code, refused.json()["itemNotFound"]["message"]) == (
        404,
        f"Volume {UNKNOWN} could not be found.",
    )
    assert api("POST", "/snapshots", {"snapshot": {}}).status_code == 400
    assert api("POST", "/snapshots", {"snapshot": {"volume_id": None}}).status_code == 404
    assert api("GET", f"/snapshots/{UNKNOWN}").json()["itemNotFound"]["message"] == (
        f"Snapshot {UNKNOWN} could not be found."
    )


def test_snapshots_belong_to_a_project(api: Api) -> None:
    snapshot = create_snapshot(api, api.create()["id"])
    assert api("GET", f"/snapshots/{snapshot['id']}", caller="outsider").status_code == 404
    assert api("DELETE", f"/snapshots/{snapshot['id']}", caller="reader").status_code == 403
    assert api.ok("GET", "/snapshots", caller="outsider")["snapshots"] == []
    assert len(api.ok("GET", "/snapshots/detail", caller="admin", all_tenants="1")["snapshots"]) == 1


def test_lists_have_filters_pages_and_a_link_after_every_full_page(api: Api) -> None:
    volume = api.create()
    ids = [create_snapshot(api, volume["id"], name=name, metadata={"n": name})["id"] for name in "abc"]
    first = api.ok("GET", "/snapshots", limit=2, sort="name:asc", with_count="true")
    assert [item["id"] for item in first["snapshots"]] == ids[:2]
    assert first["count"] == 3
    assert f"marker={ids[1]}" in first["snapshots_links"][0]["href"]
    full = api.ok("GET", "/snapshots/detail", limit=3)
    assert "snapshots_links" in full
    assert "snapshots_links" not in api.ok("GET", "/snapshots", limit=4)
    assert [item["name"] for item in api.ok("GET", "/snapshots", sort="id:asc", offset=1)["snapshots"]] == ["b", "c"]
    matching = api.ok("GET", "/snapshots", metadata="{'n': 'b'}", status="available", volume_id=volume["id"])
    assert [item["name"] for item in matching["snapshots"]] == ["b"]
    assert api("GET", "/snapshots", marker=UNKNOWN).status_code == 404
    assert api.ok("GET", "/snapshots", limit=0)["snapshots"] == []


def test_metadata_of_snapshots(api: Api) -> None:
    path = f"/snapshots/{create_snapshot(api, api.create()['id'], metadata={'a': '1'})['id']}/metadata"
    assert api.ok("POST", path, {"metadata": {"b": "2"}})["metadata"] == {"a": "1", "b": "2"}
    assert api.ok("PUT", f"{path}/b", {"meta": {"b": "3"}})["meta"] == {"b": "3"}
    assert api.ok("GET", f"{path}/b")["meta"] == {"b": "3"}
    assert api("DELETE", f"{path}/a").status_code == 200
    assert api("DELETE", f"{path}/a").status_code == 404
    assert api.ok("PUT", path, {"metadata": {"c": "4"}})["metadata"] == {"c": "4"}


@pytest.mark.parametrize("source", ["snapshot_id", "source_volid"])
def test_volume_is_created_from_a_snapshot_or_a_volume(api: Api, source: str) -> None:
    volume = api.create(size=2, volume_type="fast")
    source_id = create_snapshot(api, volume["id"])["id"] if source == "snapshot_id" else volume["id"]
    too_small = api("POST", "/volumes", {"volume": {"size": 1, source: source_id}})
    assert (too_small.status_code, "cannot be smaller than" in too_small.text) == (400, True)
    copy = api.create(size=3, **{source: source_id})
    assert (copy["status"], copy["size"], copy["volume_type"], copy[source]) == ("available", 3, "fast", source_id)
    assert content_of(api, "volumes", copy["id"]) == content_of(api, "volumes", volume["id"])
    assert api.ok("POST", "/volumes", {"volume": {source: source_id}})["volume"]["size"] == 2
    api.volumes.run_worker(2)
    assert len([*api.volumes.native_snapshots()]) == (1 if source == "snapshot_id" else 0)


def test_sources_that_do_not_exist(api: Api) -> None:
    for source in ("snapshot_id", "source_volid", "backup_id"):
        assert api("POST", "/volumes", {"volume": {"size": 1, source: UNKNOWN}}).status_code == 404


def test_volume_reverts_to_its_latest_snapshot_only(api: Api) -> None:
    volume = api.create()
    first, second = (create_snapshot(api, volume["id"])["id"] for _ in range(2))
    path = f"/volumes/{volume['id']}/action"
    assert api("POST", path, {"revert": {"snapshot_id": first}}).status_code == 400
    api.ok("POST", path, {"revert": {"snapshot_id": second}})
    assert api.ok("GET", f"/volumes/{volume['id']}")["volume"]["status"] == "reverting"
    assert api.ok("GET", f"/snapshots/{second}")["snapshot"]["status"] == "restoring"
    api.volumes.run_worker(2)
    assert api.ok("GET", f"/volumes/{volume['id']}")["volume"]["status"] == "available"
    assert api.ok("GET", f"/snapshots/{second}")["snapshot"]["status"] == "available"
    assert events_of(api, "volume.revert.end") != []


def test_image_is_created_from_a_volume(api: Api) -> None:
    volume = api.create(size=2)
    body = {"os-volume_upload_image": {"image_name": "golden", "disk_format": "raw", "visibility": "private"}}
    uploading = api.ok("POST", f"/volumes/{volume['id']}/action", body)["os-volume_upload_image"]
    assert (uploading["status"], uploading["image_name"], uploading["size"]) == ("uploading", "golden", 2)
    api.volumes.run_worker(2)
    assert api.ok("GET", f"/volumes/{volume['id']}")["volume"]["status"] == "available"
    image_id = uploading["image_id"]
    image = api.callers.ok("GET", f"/image/v2/images/{image_id}")
    assert (image["status"], image["min_disk"], image["size"]) == ("active", 2, 2 * 1024**3)
    copy = api.create(size=2, imageRef=image_id)
    assert copy["status"] == "available"
    assert content_of(api, "images", image_id) == content_of(api, "volumes", volume["id"])


def test_images_of_new_volumes_are_selected_by_name_or_url(api: Api) -> None:
    """As `cinder create --image NAME`, which leaves the search to Cinder."""
    volume = api.create(size=2)
    body = {"os-volume_upload_image": {"image_name": "golden", "disk_format": "raw"}}
    path = f"/volumes/{volume['id']}/action"
    image_id = api.ok("POST", path, body)["os-volume_upload_image"]["image_id"]
    api.volumes.run_worker(2)
    for image_ref in ("golden", f"http://glance.example/images/{image_id}"):
        copy = api.create(size=2, imageRef=image_ref)
        assert copy["volume_image_metadata"]["image_id"] == image_id
    unknown = api("POST", "/volumes", {"volume": {"size": 2, "imageRef": "silver"}})
    message = "Invalid image identifier or unable to access requested image."
    assert (unknown.status_code, unknown.json()["badRequest"]["message"]) == (400, message)
    api.ok("POST", path, body)
    api.volumes.run_worker(2)
    assert api("POST", "/volumes", {"volume": {"size": 2, "imageRef": "golden"}}).status_code == 409


def test_delete_with_cascade_deletes_the_snapshots(api: Api) -> None:
    volume = api.create()
    snapshot = create_snapshot(api, volume["id"])
    assert api("DELETE", f"/volumes/{volume['id']}", cascade="true").status_code == 202
    api.volumes.run_worker(2)
    assert api("GET", f"/snapshots/{snapshot['id']}").status_code == 404
    assert api("GET", f"/volumes/{volume['id']}").status_code == 404


def test_operators_reset_the_status_and_delete_by_force(api: Api) -> None:
    path = f"/snapshots/{create_snapshot(api, api.create()['id'])['id']}"
    assert api("POST", f"{path}/action", {"os-reset_status": {"status": "error"}}).status_code == 403
    api.ok("POST", f"{path}/action", {"os-reset_status": {"status": "creating"}}, caller="admin")
    assert api("DELETE", path).status_code == 400
    api.ok("POST", f"{path}/action", {"os-force_delete": {}}, caller="admin")
    api.volumes.run_worker(2)
    assert api("GET", path).status_code == 404


def test_create_and_update_answer_without_the_fields_of_extensions(api: Api) -> None:
    path = f"/{api.projects['here']}/volumes"
    created = api.ok("POST", path, {"volume": {"size": 1}}, caller="admin")["volume"]
    updated = api.ok("PUT", f"/volumes/{created['id']}", {"volume": {"name": "x"}}, caller="admin")["volume"]
    for volume in (created, updated):
        assert not [name for name in volume if name.startswith("os-vol-")]


def test_a_client_reports_status_and_progress(api: Api) -> None:
    volume_id = api.create()["id"]
    snapshot_id = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume_id}})["snapshot"]["id"]

    def report(**values: str) -> int:
        body = {"os-update_snapshot_status": values}
        return api("POST", f"/snapshots/{snapshot_id}/action", body).status_code

    assert report(status="creating", progress="80 percent") == 400
    assert report(status="deleting") == 400
    assert report(status="error", progress="80%") == 202
    snapshot = api.ok("GET", f"/snapshots/{snapshot_id}")["snapshot"]
    assert (snapshot["status"], snapshot["os-extended-snapshot-attributes:progress"]) == ("error", "80%")
    assert report(status="available") == 400
