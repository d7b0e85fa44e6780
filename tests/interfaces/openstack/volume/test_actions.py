"""`/volumes/{id}/action` and `/attachments`."""

from typing import Any

from support.volume_api import Api


def act(api: Api, volume_id: str, name: str, value: Any = None, **options: Any) -> Any:
    return api("POST", f"/volumes/{volume_id}/action", {name: value}, **options)


def status(api: Api, volume_id: str) -> str:
    return str(api.ok("GET", f"/volumes/{volume_id}")["volume"]["status"])


def test_extend(api: Api) -> None:
    volume = api.create()["id"]
    assert act(api, volume, "os-extend", {"new_size": 1}).status_code == 400
    assert act(api, volume, "os-extend", {}).status_code == 400
    assert act(api, volume, "os-extend", {"new_size": 3}).status_code == 202
    assert status(api, volume) == "extending"
    api.volumes.run_worker()
    assert api.ok("GET", f"/volumes/{volume}")["volume"]["size"] == 3
    api.volumes.attach_for_project(api.projects["here"], volume)
    assert act(api, volume, "os-extend", {"new_size": 4}, microversion="3.41").status_code == 400
    assert act(api, volume, "os-extend", {"new_size": 4}, microversion="3.42").status_code == 202


def test_flags(api: Api) -> None:
    volume = api.create()["id"]
    assert act(api, volume, "os-set_bootable", {"bootable": "true"}).status_code == 200
    assert act(api, volume, "os-set_bootable", {"bootable": "maybe"}).status_code == 400
    assert act(api, volume, "os-update_readonly_flag", {"readonly": True}).status_code == 202
    response = api.ok("GET", f"/volumes/{volume}")["volume"]
    assert (response["bootable"], response["metadata"]) == ("true", {"readonly": "True"})


def test_image_metadata(api: Api) -> None:
    volume = api.create()["id"]
    response = act(api, volume, "os-set_image_metadata", {"metadata": {"os": "debian"}})
    assert (response.status_code, response.json()) == (200, {"metadata": {"os": "debian"}})
    assert api.ok("GET", f"/volumes/{volume}")["volume"]["volume_image_metadata"] == {"os": "debian"}
    assert act(api, volume, "os-show_image_metadata").json() == {"metadata": {"os": "debian"}}
    assert act(api, volume, "os-unset_image_metadata", {"key": "os"}).status_code == 200
    assert act(api, volume, "os-unset_image_metadata", {"key": "os"}).status_code == 404


def test_retype(api: Api) -> None:
    volume = api.create()["id"]
    assert act(api, volume, "os-retype", {"new_type": "fast", "migration_policy": "never"}).status_code == 202
    assert api.ok("GET", f"/volumes/{volume}")["volume"]["volume_type"] == "fast"
    assert act(api, volume, "os-retype", {"new_type": "fast"}).status_code == 400
    assert act(api, volume, "os-retype", {"new_type": "no-such"}).status_code == 404


def test_admin_actions(api: Api) -> None:
    volume = api.create()["id"]
    for name, value in (("os-reset_status", {"status": "error"}), ("os-force_delete", None)):
        assert act(api, volume, name, value).status_code == 403
        assert act(api, volume, name, value, caller="outsider").status_code == 403
    assert act(api, volume, "os-reset_status", {}, caller="admin").status_code == 400
    assert act(api, volume, "os-reset_status", {"status": "fine"}, caller="admin").status_code == 400
    assert act(api, volume, "os-reset_status", {"status": "error"}, caller="admin").status_code == 202
    assert status(api, volume) == "error"
    assert act(api, volume, "os-force_delete", {}, caller="admin").status_code == 202
    assert status(api, volume) == "deleting"


def test_unsupported_actions_are_refused_with_a_reason(api: Api) -> None:
    volume, name = api.create()["id"], "os-migrate_volume_completion"
    response = act(api, volume, name, {})
    assert response.status_code == 501
    assert response.json()["notImplemented"]["message"]
    assert status(api, volume) == "available"
    assert act(api, "unknown", name, {}).status_code == 404


def test_volumes_have_no_connections(api: Api) -> None:
    volume, connector = api.create()["id"], {"connector": {"host": "h1", "initiator": "iqn.2010-10.org:h1"}}
    refused = act(api, volume, "os-initialize_connection", connector)
    assert refused.status_code == 400
    assert refused.json()["badRequest"]["message"] == (
        f"Invalid input received: Volume {volume} is in cloud sim, whose volumes have no connections for hosts. "
        "Attach the volume to a server with the Compute API."
    )
    assert act(api, volume, "os-terminate_connection", connector).status_code == 202
    for name in ("os-initialize_connection", "os-terminate_connection"):
        assert act(api, volume, name, {}).status_code == 400
        assert act(api, "unknown", name, connector).status_code == 404
    assert status(api, volume) == "available"


def test_unknown_actions_are_invalid(api: Api) -> None:
    assert act(api, api.create()["id"], "no-such", {}).status_code == 400


def test_attachments(api: Api) -> None:
    volume = api.create()["id"]
    attachment = api.volumes.attach_for_project(api.projects["here"], volume)
    [summary] = api.ok("GET", f"/volumes/{volume}")["volume"]["attachments"]
    assert (summary["server_id"], summary["device"], summary["attachment_id"]) == ("s1", "/dev/vdb", attachment.id)
    summary = {"id": attachment.id, "status": "attached", "instance": "s1", "volume_id": volume}
    assert api.ok("GET", "/attachments") == {"attachments": [summary]}
    assert api.ok("GET", "/attachments/detail", volume_id=volume)["attachments"][0]["attach_mode"] == "rw"
    assert api.ok("GET", "/attachments", instance_id="s2") == {"attachments": []}
    assert api.ok("GET", f"/attachments/{attachment.id}")["attachment"]["instance"] == "s1"
    assert api("GET", f"/attachments/{attachment.id}", caller="outsider").status_code == 404
    assert api.ok("GET", "/attachments", caller="outsider") == {"attachments": []}
    assert len(api.ok("GET", "/attachments", caller="admin", all_tenants=1)["attachments"]) == 1
