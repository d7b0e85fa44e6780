"""Groups of volumes, their types and their snapshots."""

from typing import Any

import pytest

from support.volume_api import Api


def create_group(api: Api, **fields: Any) -> str:
    """Create a group of volumes of the type `standard`, and return its id."""
    types = api.ok("GET", "/group_types")["group_types"]
    if not types:
        specs = {"consistent_group_snapshot_enabled": "<is> True"}
        new = {"group_type": {"name": "consistent", "group_specs": specs}}
        types = [api.ok("POST", "/group_types", new, caller="admin")["group_type"]]
    group = {"name": "web", "group_type": types[0]["id"], "volume_types": ["standard"], **fields}
    return str(api.ok("POST", "/groups", {"group": group})["group"]["id"])


def test_group_types_and_their_specs(api: Api) -> None:
    new = {"group_type": {"name": "gold", "description": "d", "is_public": False, "group_specs": {"k": "v"}}}
    assert api("POST", "/group_types", new).status_code == 403
    group_type = api.ok("POST", "/group_types", new, caller="admin")["group_type"]
    path = f"/group_types/{group_type['id']}"
    assert (group_type["name"], group_type["group_specs"]) == ("gold", {"k": "v"})
    assert api("POST", "/group_types", new, caller="admin").status_code == 409
    assert api("GET", path).status_code == 404
    assert api.ok("GET", "/group_types") == {"group_types": []}
    assert len(api.ok("GET", "/group_types", caller="admin", is_public="None")["group_types"]) == 1
    assert api("GET", "/group_types/default", caller="admin").status_code == 404
    renamed = api.ok("PUT", path, {"group_type": {"name": "silver", "is_public": True}}, caller="admin")["group_type"]
    assert (renamed["name"], renamed["is_public"]) == ("silver", True)
    assert "group_specs" not in api.ok("GET", path)["group_type"]
    assert api.ok("POST", f"{path}/group_specs", {"group_specs": {"a": "b"}}, caller="admin") == {
        "group_specs": {"a": "b"}
    }
    assert api.ok("GET", f"{path}/group_specs", caller="admin") == {"group_specs": {"k": "v", "a": "b"}}
    assert api.ok("PUT", f"{path}/group_specs/a", {"a": "c"}, caller="admin") == {"a": "c"}
    assert api.ok("GET", f"{path}/group_specs/a", caller="admin") == {"a": "c"}
    assert api("PUT", f"{path}/group_specs/a", {"b": "c"}, caller="admin").status_code == 400
    assert api("DELETE", f"{path}/group_specs/a", caller="admin").status_code == 202
    assert api("GET", f"{path}/group_specs/a", caller="admin").status_code == 404
    assert api("DELETE", path, caller="admin").status_code == 202
    assert api("GET", path, caller="admin").status_code == 404


def test_a_group_has_volumes_of_its_types(api: Api) -> None:
    group_id = create_group(api)
    detail = api.ok("GET", f"/groups/{group_id}")["group"]
    assert (detail["status"], detail["name"], detail["project_id"]) == ("available", "web", api.projects["here"])
    volume = api.create(volume_type="standard", group_id=group_id)
    other = api.create(volume_type="standard")
    assert volume["group_id"] == group_id
    wrong = api("POST", "/volumes", {"volume": {"size": 1, "volume_type": "fast", "group_id": group_id}})
    assert wrong.status_code == 400
    assert api("POST", "/volumes", {"volume": {"size": 1, "group_id": group_id}}).status_code == 400
    assert api("DELETE", f"/volumes/{volume['id']}").status_code == 400
    changes = {"name": "db", "add_volumes": other["id"], "remove_volumes": volume["id"]}
    assert api("PUT", f"/groups/{group_id}", {"group": changes}).status_code == 202
    detail = api.ok("GET", f"/groups/{group_id}", list_volume="True")["group"]
    assert (detail["name"], detail["volumes"]) == ("db", [other["id"]])
    assert api("PUT", f"/groups/{group_id}", {"group": {}}).status_code == 400
    assert api("PUT", f"/groups/{group_id}", {"group": {"remove_volumes": volume["id"]}}).status_code == 400
    assert api("GET", f"/groups/{group_id}", caller="outsider").status_code == 404
    assert api.ok("GET", "/groups", caller="outsider") == {"groups": []}
    assert [item["id"] for item in api.ok("GET", "/groups/detail", name="db")["groups"]] == [group_id]
    keep = api("POST", f"/groups/{group_id}/action", {"delete": {"delete-volumes": False}})
    assert (keep.status_code, "still contains volumes" in keep.text) == (400, True)
    assert api("POST", f"/groups/{group_id}/action", {"delete": {"delete-volumes": True}}).status_code == 202
    api.volumes.run_worker(2)
    assert api("GET", f"/groups/{group_id}").status_code == 404
    assert api("GET", f"/volumes/{other['id']}").status_code == 404
    assert api("GET", f"/volumes/{volume['id']}").status_code == 200
    types = [event.event_type for event in api.volumes.events("group.")]
    assert types == ["group.create.end", "group.update.end", "group.delete.end"]


def test_group_snapshots_and_groups_from_them(api: Api) -> None:
    group_id = create_group(api)
    empty = api("POST", "/group_snapshots", {"group_snapshot": {"group_id": group_id}})
    assert (empty.status_code, "Group is empty" in empty.text) == (400, True)
    volumes = [api.create(name=name, volume_type="standard", group_id=group_id) for name in ("a", "b")]
    body = {"group_snapshot": {"group_id": group_id, "name": "nightly"}}
    snapshot_id = api.ok("POST", "/group_snapshots", body)["group_snapshot"]["id"]
    path = f"/group_snapshots/{snapshot_id}"
    assert api.ok("GET", path)["group_snapshot"]["status"] == "creating"
    api.volumes.run_worker(3)
    assert api.ok("GET", path)["group_snapshot"]["status"] == "available"
    snapshots = api.ok("GET", "/snapshots/detail")["snapshots"]
    assert {item["volume_id"] for item in snapshots} == {volume["id"] for volume in volumes}
    assert len({native.created_at for native in api.volumes.native_snapshots()}) == 1
    assert {item["group_snapshot_id"] for item in snapshots} == {snapshot_id}
    assert api("DELETE", f"/snapshots/{snapshots[0]['id']}").status_code == 400
    refused = api("POST", f"/groups/{group_id}/action", {"delete": {"delete-volumes": True}})
    assert (refused.status_code, "dependent group snapshots" in refused.text) == (400, True)
    for source in ({"group_snapshot_id": snapshot_id}, {"source_group_id": group_id}):
        copied = api.ok("POST", "/groups/action", {"create-from-src": {"name": "copy", **source}})["group"]["id"]
        api.volumes.run_worker(4)
        members = api.ok("GET", f"/groups/{copied}", list_volume="True")["group"]["volumes"]
        details = [api.ok("GET", f"/volumes/{volume_id}")["volume"] for volume_id in members]
        assert sorted((item["name"], item["status"]) for item in details) == [("a", "available"), ("b", "available")]
    assert api("POST", "/groups/action", {"create-from-src": {"name": "copy"}}).status_code == 400
    reset = {"reset_status": {"status": "error"}}
    assert api("POST", f"{path}/action", reset).status_code == 403
    assert api("POST", f"{path}/action", reset, caller="admin").status_code == 202
    assert api("DELETE", path).status_code == 202
    api.volumes.run_worker(3)
    assert api("GET", path).status_code == 404
    assert api.ok("GET", "/snapshots")["snapshots"] == []
    [created, deleted] = api.volumes.events("group_snapshot.")
    assert (created.event_type, deleted.event_type) == ("group_snapshot.create.end", "group_snapshot.delete.end")
    assert created.payload["group_snapshot_id"] == snapshot_id


@pytest.mark.parametrize("action", ["enable_replication", "failover_replication"])
def test_replication_is_refused(api: Api, action: str) -> None:
    group_id = create_group(api)
    assert api("POST", f"/groups/{group_id}/action", {action: {}}).status_code == 501


def test_the_quota_of_groups_holds(api: Api) -> None:
    path = f"/os-quota-sets/{api.projects['here']}"
    api.ok("PUT", path, {"quota_set": {"groups": 1}}, caller="admin")
    group_id = create_group(api)
    types = api.ok("GET", "/group_types")["group_types"]
    body = {"group": {"group_type": types[0]["name"], "volume_types": ["standard"]}}
    assert api("POST", "/groups", body).status_code == 413
    assert api("POST", f"/groups/{group_id}/action", {"delete": {}}).status_code == 202
    assert api("POST", "/groups", body).status_code == 202
