"""Multiattach volume types, and attachments of such volumes that clients record."""

from typing import Any
from uuid import uuid4

import pytest

from stratiform.contract import registry
from stratiform.kit.policy import Rule, admin
from stratiform.services.volume import policy
from support.volume_api import Api


@pytest.fixture(autouse=True)
def shared_type(api: Api) -> str:
    body = {"volume_type": {"name": "shared", "extra_specs": {"multiattach": "<is> True"}}}
    return str(api.ok("POST", "/types", body, caller="admin")["volume_type"]["id"])


def create_attachment(api: Api, volume_id: str) -> Any:
    body = {"attachment": {"volume_uuid": volume_id, "instance_uuid": str(uuid4()), "connector": {"host": "h"}}}
    return api("POST", "/attachments", body)


def status(api: Api, volume_id: str) -> str:
    return str(api.ok("GET", f"/volumes/{volume_id}")["volume"]["status"])


def test_the_pool_supports_multiattach(api: Api) -> None:
    [pool] = api.ok("GET", "/scheduler-stats/get_pools", caller="admin", detail="true")["pools"]
    assert pool["capabilities"]["multiattach"] is True


def test_several_recorded_attachments(api: Api) -> None:
    volume_id = api.create(volume_type="shared")["id"]
    ids = []
    for _ in range(2):
        ids.append(create_attachment(api, volume_id).json()["attachment"]["id"])
        assert create_attachment(api, volume_id).status_code == 400
        assert api("POST", f"/attachments/{ids[-1]}/action", {"os-complete": {}}).status_code == 204
    path = f"/volumes/{volume_id}/action"
    ambiguous = api("POST", path, {"os-detach": {}})
    assert (ambiguous.status_code, "More than one attachment" in ambiguous.text) == (400, True)
    assert api("POST", path, {"os-reserve": {}}).status_code == 202
    assert api("POST", path, {"os-unreserve": {}}).status_code == 202
    assert status(api, volume_id) == "in-use"
    assert api("POST", path, {"os-detach": {"attachment_id": ids[0]}}).status_code == 202
    assert status(api, volume_id) == "in-use"
    assert api.ok("DELETE", f"/attachments/{ids[1]}") == {"attachments": []}
    assert status(api, volume_id) == "available"


def test_other_volumes_have_one_attachment(api: Api) -> None:
    volume_id = api.create()["id"]
    assert create_attachment(api, volume_id).status_code == 200
    assert create_attachment(api, volume_id).status_code == 400
    body = {"os-attach": {"host_name": "h", "mountpoint": "/mnt"}}
    assert api("POST", f"/volumes/{volume_id}/action", body).status_code == 400
    assert len(api.ok("GET", "/attachments", volume_id=volume_id)["attachments"]) == 1


def test_the_rules_of_policy(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id = api.create(volume_type="shared")["id"]
    api.ok("POST", f"/volumes/{volume_id}/action", {"os-set_bootable": {"bootable": True}})
    attachment_id = create_attachment(api, volume_id).json()["attachment"]["id"]
    api.ok("POST", f"/attachments/{attachment_id}/action", {"os-complete": {}})
    monkeypatch.setattr(policy, "VOLUME_MULTIATTACH", Rule("volume:multiattach", admin, ""))
    monkeypatch.setattr(policy, "MULTIATTACH_BOOTABLE", Rule("volume:multiattach_bootable_volume", admin, ""))
    assert create_attachment(api, volume_id).status_code == 403
    assert api("POST", "/volumes", {"volume": {"size": 1, "volume_type": "shared"}}).status_code == 403


def test_encryption_excludes_multiattach(api: Api, shared_type: str) -> None:
    encryption = {"encryption": {"provider": "luks", "control_location": "front-end"}}
    api.ok("POST", f"/types/{shared_type}/encryption", encryption, caller="admin")
    refused = api("POST", "/volumes", {"volume": {"size": 1, "volume_type": "shared"}})
    assert (refused.status_code, "cannot be used with encrypted volumes" in refused.text) == (400, True)


def test_a_retype_changes_multiattach(api: Api) -> None:
    volume_id = api.create()["id"]
    path = f"/volumes/{volume_id}/action"
    for new_type, multiattach in (("shared", True), ("standard", False), ("shared", True)):
        assert api("POST", path, {"os-retype": {"new_type": new_type}}).status_code == 202
        assert status(api, volume_id) == "retyping"
        api.volumes.run_worker(1)
        volume = api.ok("GET", f"/volumes/{volume_id}")["volume"]
        assert (volume["status"], volume["volume_type"], volume["multiattach"]) == ("available", new_type, multiattach)
    assert [event.event_type for event in api.volumes.events("volume.")][1:] == ["volume.retype"] * 3
    create_attachment(api, volume_id)
    refused = api("POST", path, {"os-retype": {"new_type": "standard"}})
    assert refused.status_code == 400


def test_a_retype_to_multiattach_is_refused(api: Api, shared_type: str, monkeypatch: pytest.MonkeyPatch) -> None:
    volume_id = api.create()["id"]
    path, body = f"/volumes/{volume_id}/action", {"os-retype": {"new_type": "shared"}}
    monkeypatch.setattr(registry, "has_multiattach", lambda _kind: False)
    assert api("POST", path, body).status_code == 400
    monkeypatch.undo()
    encryption = {"encryption": {"provider": "luks", "control_location": "front-end"}}
    api.ok("POST", f"/types/{shared_type}/encryption", encryption, caller="admin")
    refused = api("POST", path, body)
    assert (refused.status_code, "both encryption and multi-attach" in refused.text) == (400, True)


def test_an_attachment_of_a_read_only_volume_is_read_only(api: Api) -> None:
    volume_id = api.create()["id"]
    api.ok("POST", f"/volumes/{volume_id}/action", {"os-update_readonly_flag": {"readonly": True}})
    attachment = api.volumes.attach_for_project(api.projects["here"], volume_id)
    assert attachment.mode == "ro"
    with api.volumes.ctx() as ctx:
        api.volumes.service.attachments.complete_detach(ctx.db, attachment.id, ctx.now)
    assert create_attachment(api, volume_id).json()["attachment"]["attach_mode"] == "ro"
