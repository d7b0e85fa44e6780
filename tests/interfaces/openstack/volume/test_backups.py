"""Backups: create, restore, records, and their usage."""

import base64
from typing import Any

from support.volume_api import Api


def create_backup(api: Api, volume_id: str, **new: Any) -> dict[str, Any]:
    """Create a backup, and return it when it is available."""
    created = api.ok("POST", "/backups", {"backup": {"volume_id": volume_id, **new}})["backup"]
    api.volumes.run_worker(2)
    backup: dict[str, Any] = api.ok("GET", f"/backups/{created['id']}")["backup"]
    return backup


def status_of(api: Api, volume_id: str) -> str:
    return str(api.ok("GET", f"/volumes/{volume_id}")["volume"]["status"])


def test_backup_is_created_updated_and_deleted(api: Api) -> None:
    volume = api.create(size=2)
    created = api.ok("POST", "/backups", {"backup": {"volume_id": volume["id"], "name": "b"}})["backup"]
    assert set(created) == {"id", "name", "links"}
    assert status_of(api, volume["id"]) == "backing-up"
    assert api("POST", "/backups", {"backup": {"volume_id": volume["id"]}}).status_code == 400
    api.volumes.run_worker(2)
    assert status_of(api, volume["id"]) == "available"
    path = f"/backups/{created['id']}"
    backup = api.ok("GET", path)["backup"]
    assert (backup["status"], backup["size"], backup["volume_id"]) == ("available", 2, volume["id"])
    assert (backup["is_incremental"], backup["has_dependent_backups"]) == (False, False)
    changed = api.ok("PUT", path, {"backup": {"name": "c", "metadata": {"k": "v"}}})["backup"]
    assert changed.keys() == {"id", "name", "links"}
    changed = api.ok("GET", path)["backup"]
    assert (changed["name"], changed["metadata"]) == ("c", {"k": "v"})
    assert [item["name"] for item in api.ok("GET", "/backups", name="c")["backups"]] == ["c"]
    assert api("GET", path, caller="outsider").status_code == 404
    assert api("DELETE", path).status_code == 202
    api.volumes.run_worker(2)
    assert api("GET", path).status_code == 404
    events = [event.event_type for event in api.volumes.events("backup.")]
    assert events == ["backup.create.end", "backup.delete.end"]


def test_backup_outlives_its_volume_and_is_restored(api: Api) -> None:
    volume = api.create(size=2, metadata={"a": "b"})
    action = f"/volumes/{volume['id']}/action"
    api.ok("POST", action, {"os-set_bootable": {"bootable": True}})
    api.ok("POST", action, {"os-set_image_metadata": {"metadata": {"min_ram": "64"}}})
    backup = create_backup(api, volume["id"])
    api.ok("DELETE", f"/volumes/{volume['id']}")
    api.volumes.run_worker(2)
    restore = api.ok("POST", f"/backups/{backup['id']}/restore", {"restore": {"name": "r"}})["restore"]
    assert (restore["backup_id"], restore["volume_name"]) == (backup["id"], "r")
    assert api("DELETE", f"/backups/{backup['id']}").status_code == 400
    api.volumes.run_worker(2)
    restored = api.ok("GET", f"/volumes/{restore['volume_id']}")["volume"]
    assert (restored["status"], restored["size"]) == ("available", 2)
    assert (restored["metadata"], restored["bootable"]) == ({"a": "b"}, "true")
    assert restored["volume_image_metadata"] == {"min_ram": "64"}
    assert api.ok("GET", f"/backups/{backup['id']}")["backup"]["status"] == "available"
    api.ok("PUT", f"/volumes/{restored['id']}/metadata", {"metadata": {"own": "c"}})
    restore = api.ok("POST", f"/backups/{backup['id']}/restore", {"restore": {"volume_id": restored["id"]}})["restore"]
    assert status_of(api, restored["id"]) == "restoring-backup"
    api.volumes.run_worker(2)
    assert status_of(api, restored["id"]) == "available"
    assert api.ok("GET", f"/volumes/{restored['id']}")["volume"]["metadata"] == {"a": "b", "own": "c"}
    assert [event.event_type for event in api.volumes.events("backup.")].count("backup.restore.end") == 2
    small = api.create(size=1)["id"]
    assert api("POST", f"/backups/{backup['id']}/restore", {"restore": {"volume_id": small}}).status_code == 400


def test_incremental_backups_depend_on_their_parent(api: Api) -> None:
    volume = api.create()
    body = {"backup": {"volume_id": volume["id"], "incremental": True}}
    assert "No backups available" in api("POST", "/backups", body).text
    parent = create_backup(api, volume["id"])
    child = create_backup(api, volume["id"], incremental=True)
    assert child["is_incremental"]
    assert api.ok("GET", f"/backups/{parent['id']}")["backup"]["has_dependent_backups"]
    assert api("DELETE", f"/backups/{parent['id']}").status_code == 400
    assert api("DELETE", f"/backups/{child['id']}").status_code == 202


def test_backup_of_a_snapshot(api: Api) -> None:
    volume = api.create()
    snapshot = api.ok("POST", "/snapshots", {"snapshot": {"volume_id": volume["id"]}})["snapshot"]
    api.volumes.run_worker(2)
    backup = create_backup(api, volume["id"], snapshot_id=snapshot["id"])
    assert (backup["status"], backup["snapshot_id"]) == ("available", snapshot["id"])


def test_records_are_exported_and_imported(api: Api) -> None:
    backup = create_backup(api, api.create()["id"])
    path = f"/backups/{backup['id']}"
    assert api("GET", f"{path}/export_record").status_code == 403
    record = api.ok("GET", f"{path}/export_record", caller="admin")
    assert "already exists" in api("POST", "/backups/import_record", record, caller="admin").text
    deep = base64.b64encode(b'{"x":' + b"[" * 5000 + b"]" * 5000 + b"}").decode()
    for url in ("x", "\ufffd", deep):
        broken = {"backup-record": {"backup_service": "cinder.backup.drivers.stratiform", "backup_url": url}}
        assert api("POST", "/backups/import_record", broken, caller="admin").status_code == 400


def test_quota_of_backups(api: Api) -> None:
    path = f"/os-quota-sets/{api.projects['here']}"
    api.ok("PUT", path, {"quota_set": {"backups": 1}}, caller="admin")
    volume = api.create()
    create_backup(api, volume["id"])
    refused = api("POST", "/backups", {"backup": {"volume_id": volume["id"]}})
    assert (refused.status_code, refused.json()["overLimit"]["message"]) == (
        413,
        "BackupLimitExceeded: Maximum number of backups allowed (1) exceeded",
    )
