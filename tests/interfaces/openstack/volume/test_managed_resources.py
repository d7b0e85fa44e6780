"""Volumes and snapshots that exist in a cloud become managed, and cease to be."""

from typing import Any

import pytest

from stratiform.contract import registry
from stratiform.kit.policy import SYSTEM
from stratiform.services.volume.model import Volume
from support.volume_api import Api

HOST = "sim@stratiform#sim"


@pytest.fixture(autouse=True)
def bound_admin(api: Api) -> None:
    """The project of the operators may use the cloud."""
    with api.volumes.harness.services.database.transaction() as db:
        ctx = api.volumes.harness.ctx(db, SYSTEM)
        bindings = api.volumes.harness.services.clouds.bindings
        bindings.create(ctx, api.callers.projects["admin"], api.volumes.cloud_id, "zone-a")


def manage(api: Api, native_id: str, path: str = "/manageable_volumes", **values: Any) -> dict[str, Any]:
    """Start to manage a volume, and return it as it is afterwards."""
    body = {"volume": {"host": HOST, "ref": {"source-id": native_id}, **values}}
    created = api.ok("POST", path, body, caller="admin")["volume"]
    assert (created["status"], created["size"]) == ("creating", 0)
    api.volumes.run_worker(1)
    volume: dict[str, Any] = api.ok("GET", f"/volumes/{created['id']}", caller="admin")["volume"]
    return volume


def unmanage(api: Api, volume_id: str, resource: str = "volumes") -> None:
    response = api("POST", f"/{resource}/{volume_id}/action", {"os-unmanage": {}}, caller="admin")
    assert response.status_code == 202, response.text
    api.volumes.run_worker(1)
    assert api("GET", f"/{resource}/{volume_id}").status_code == 404


def list_volumes(api: Api, path: str = "/manageable_volumes/detail", **query: Any) -> list[dict[str, Any]]:
    return list(api.ok("GET", path, caller="admin", host=HOST, **query)["manageable-volumes"])


def find_row(api: Api, volume_id: str) -> Volume:
    with api.volumes.ctx(api.volumes.admin()) as ctx:
        return api.volumes.service.volumes.get(ctx, volume_id)


def test_an_unmanaged_volume_keeps_its_data_and_can_be_managed_again(api: Api) -> None:
    volume = api.create(size=2)
    [entry] = list_volumes(api)
    native_id = entry["reference"]["source-id"]
    assert (entry["safe_to_manage"], entry["reason_not_safe"]) == (False, "already managed")
    assert (entry["cinder_id"], entry["size"]) == (volume["id"], 2)
    unmanage(api, volume["id"])
    [entry] = list_volumes(api)
    assert entry == {
        "reference": {"source-id": native_id},
        "size": 2,
        "safe_to_manage": True,
        "reason_not_safe": None,
        "cinder_id": None,
        "extra_info": f"source-name: volume-{volume['id']}",
    }
    [summary] = list_volumes(api, "/os-volume-manage", microversion="3.0")
    assert summary.keys() == {"reference", "size", "safe_to_manage"}
    managed = manage(api, native_id, name="mine", metadata={"a": "b"}, volume_type="fast", bootable=True)
    assert (managed["status"], managed["size"], managed["name"]) == ("available", 2, "mine")
    assert (managed["volume_type"], managed["metadata"], managed["bootable"]) == ("fast", {"a": "b"}, "true")
    assert (managed["os-vol-host-attr:host"], managed["availability_zone"]) == (HOST, "zone-a")
    [native] = api.volumes.native_volumes()
    assert (native.id, native.token) == (native_id, managed["id"])
    events = api.volumes.events("volume.")
    assert [event.event_type for event in events] == [
        "volume.create.end",
        "volume.unmanage.end",
        "volume.manage_existing.end",
    ]
    ended, started = (event.payload for event in events[1:])
    assert (ended["status"], ended["terminated_at"] is not None) == ("deleted", True)
    assert (started["volume_id"], started["launched_at"] is not None, started["size"]) == (managed["id"], True, 2)
    assert api("DELETE", f"/volumes/{managed['id']}", caller="admin").status_code == 202
    api.volumes.run_worker(1)
    assert list_volumes(api) == []


def test_a_volume_is_found_by_name(api: Api) -> None:
    volume_id = api.create()["id"]
    unmanage(api, volume_id)
    body = {"volume": {"host": HOST, "ref": {"source-name": f"volume-{volume_id}"}}}
    managed = api.ok("POST", "/os-volume-manage", body, caller="admin", microversion="3.0")["volume"]
    api.volumes.run_worker(1)
    assert api.ok("GET", f"/volumes/{managed['id']}", caller="admin")["volume"]["status"] == "available"


def test_a_wrong_reference_ends_in_error_and_deletes_nothing(api: Api) -> None:
    owned = api.create()
    [entry] = list_volumes(api)
    for native_id in ("d-99999999", entry["reference"]["source-id"]):
        failed = manage(api, native_id)
        assert (failed["status"], failed["size"]) == ("error", 0)
        assert api("DELETE", f"/volumes/{failed['id']}", caller="admin").status_code == 202
        api.volumes.run_worker(1)
        assert api("GET", f"/volumes/{failed['id']}", caller="admin").status_code == 404
    assert [native.token for native in api.volumes.native_volumes()] == [owned["id"]]
    messages = api.ok("GET", "/messages", caller="admin")["messages"]
    assert {message["event_id"] for message in messages} == {"VOLUME_VOLUME_008_012"}


def test_a_managed_volume_counts_against_the_quota(api: Api) -> None:
    volume_id = api.create(size=3)["id"]
    unmanage(api, volume_id)
    [entry] = list_volumes(api)
    project_id = api.callers.projects["admin"]
    api.ok("PUT", f"/os-quota-sets/{project_id}", {"quota_set": {"gigabytes": 2}}, caller="admin")
    assert manage(api, entry["reference"]["source-id"])["status"] == "error"
    [message] = api.ok("GET", "/messages", caller="admin")["messages"]
    assert message["user_message"].endswith("Not enough quota resource for operation.")
    assert list_volumes(api)[0]["safe_to_manage"] is True
    api.ok("PUT", f"/os-quota-sets/{project_id}", {"quota_set": {"volumes": 1}}, caller="admin")
    body = {"volume": {"host": HOST, "ref": entry["reference"]}}
    assert api("POST", "/manageable_volumes", body, caller="admin").status_code == 413


@pytest.mark.parametrize(
    ("values", "status", "problem"),
    [
        ({"host": "other@stratiform"}, 404, "Host other@stratiform could not be found."),
        ({"ref": {}}, 400, "invalid backend reference"),
        ({"ref": {"color": "red"}}, 400, "Reference must contain source-id or source-name"),
        ({"volume_type": "none"}, 404, "Volume type none could not be found."),
        ({"availability_zone": "mars"}, 400, "not bound to cloud sim in availability zone mars"),
    ],
)
def test_invalid_requests_are_rejected(api: Api, values: dict[str, Any], status: int, problem: str) -> None:
    body = {"volume": {"host": HOST, "ref": {"source-id": "d-00000001"}, **values}}
    response = api("POST", "/manageable_volumes", body, caller="admin")
    assert (response.status_code, problem in response.text) == (status, True)


def test_the_list_has_pages_and_an_order(api: Api) -> None:
    for size in (2, 1, 3):
        api.create(size=size)

    def sizes(**query: Any) -> list[int]:
        return [entry["size"] for entry in list_volumes(api, **query)]

    assert (sizes(), sizes(sort="size:asc"), sizes(limit=1, offset=1)) == ([3, 1, 2], [1, 2, 3], [1])
    marker = list_volumes(api)[0]["reference"]["source-id"]
    assert sizes(marker=marker) == [1, 2]
    for query in ({"sort": "color"}, {"host": ""}, {"cluster": "c"}):
        assert api("GET", "/manageable_volumes", caller="admin", **{"host": HOST, **query}).status_code == 400
    assert api("GET", "/manageable_volumes", host=HOST).status_code == 403


def test_only_a_free_volume_can_be_unmanaged(api: Api) -> None:
    volume_id = api.create()["id"]

    def attempt(caller: str = "admin") -> int:
        return api("POST", f"/volumes/{volume_id}/action", {"os-unmanage": {}}, caller=caller).status_code

    assert attempt("member") == 403
    snapshot_id = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume_id}})["snapshot"]["id"]
    assert attempt() == 400
    api.volumes.run_worker(1)
    api("DELETE", f"/snapshots/{snapshot_id}")
    api.volumes.run_worker(1)
    attachment = api.volumes.attach_for_project(api.projects["here"], volume_id)
    assert attempt() == 400
    with api.volumes.ctx() as ctx:
        api.volumes.service.attachments.complete_detach(ctx.db, attachment.id, ctx.now)
    assert attempt() == 202


def test_a_snapshot_is_unmanaged_and_managed_again(api: Api) -> None:
    volume_id, other_id = api.create(size=2)["id"], api.create()["id"]
    snapshot_id = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume_id}})["snapshot"]["id"]
    api.volumes.run_worker(1)
    unmanage(api, snapshot_id, "snapshots")
    [entry] = api.ok("GET", "/manageable_snapshots/detail", caller="admin", host=HOST)["manageable-snapshots"]
    assert (entry["safe_to_manage"], entry["cinder_id"], entry["size"]) == (True, None, 2)
    assert entry["extra_info"] == f"source-name: _snapshot-{snapshot_id}"
    assert entry["source_reference"]["source-id"].startswith("d-")
    [summary] = api.ok("GET", "/os-snapshot-manage", caller="admin", host=HOST)["manageable-snapshots"]
    assert summary.keys() == {"reference", "size", "safe_to_manage", "source_reference"}

    def manage_snapshot(of: str) -> dict[str, Any]:
        body = {"snapshot": {"volume_id": of, "ref": entry["reference"], "name": "s", "metadata": {"a": "b"}}}
        created = api.ok("POST", "/manageable_snapshots", body, caller="admin")["snapshot"]
        assert created["status"] == "creating"
        api.volumes.run_worker(1)
        return dict(api.ok("GET", f"/snapshots/{created['id']}", caller="admin")["snapshot"])

    assert manage_snapshot(other_id)["status"] == "error"
    managed = manage_snapshot(volume_id)
    assert (managed["status"], managed["size"], managed["name"]) == ("available", 2, "s")
    assert [native.token for native in api.volumes.native_snapshots()] == [managed["id"]]
    events = [event.event_type for event in api.volumes.events("snapshot.")]
    assert events == [
        "snapshot.create.end",
        "snapshot.delete.end",
        "snapshot.update.end",
        "snapshot.manage_existing_snapshot.end",
    ]
    body = {"snapshot": {"volume_id": volume_id, "ref": {}}}
    assert api("POST", "/manageable_snapshots", body, caller="admin").status_code == 400
    assert api("POST", "/manageable_snapshots", body).status_code == 403


def test_other_clouds_refuse_with_the_reason_of_cinder(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id = api.create()["id"]
    has_capability = registry.has_capability
    monkeypatch.setattr(
        registry, "has_capability", lambda kind, name: name != "adoption" and has_capability(kind, name)
    )
    requests = {
        "Manage existing volume not implemented.": ("POST", "/manageable_volumes", {"host": HOST, "ref": {"a": "b"}}),
        "Unmanage volume not implemented.": ("POST", f"/volumes/{volume_id}/action", None),
    }
    for reason, (method, path, new) in requests.items():
        body = {"os-unmanage": {}} if new is None else {"volume": new}
        refused = api(method, path, body, caller="admin")
        assert (refused.status_code, refused.json()["notImplemented"]["message"]) == (501, reason)
    assert api("GET", "/manageable_volumes", caller="admin", host=HOST).status_code == 501
    assert find_row(api, volume_id).status == "available"
