"""QoS specs, encryption of types, and default types of projects."""

from typing import Any

import pytest

from stratiform.contract import registry
from support.volume_api import Api


def test_qos_specs_and_their_associations(api: Api) -> None:
    new = {"qos_specs": {"name": "fast", "consumer": "front-end", "read_iops_sec": 2000}}
    assert api("POST", "/qos-specs", new).status_code == 403
    created = api.ok("POST", "/qos-specs", new, caller="admin")
    qos = created["qos_specs"]
    path = f"/qos-specs/{qos['id']}"
    assert (qos["consumer"], qos["specs"], len(created["links"])) == ("front-end", {"read_iops_sec": "2000"}, 2)
    assert api("POST", "/qos-specs", new, caller="admin").status_code == 409
    wrong = api("POST", "/qos-specs", {"qos_specs": {"name": "x", "consumer": "moon"}}, caller="admin")
    assert (wrong.status_code, "Valid consumer of QoS specs are" in wrong.text) == (400, True)
    assert api.ok("GET", "/qos-specs", caller="admin")["qos_specs"] == [qos]
    changes = {"qos_specs": {"write_iops_sec": "1"}}
    assert api.ok("PUT", path, changes, caller="admin") == changes
    assert api("PUT", f"{path}/delete_keys", {"keys": ["moon"]}, caller="admin").status_code == 404
    assert api("PUT", f"{path}/delete_keys", {"keys": ["write_iops_sec"]}, caller="admin").status_code == 202
    type_id = api.ok("GET", "/types/default")["volume_type"]["id"]
    assert api("GET", f"{path}/associate", caller="admin", vol_type_id=type_id).status_code == 202
    association = {"association_type": "volume_type", "name": "standard", "id": type_id}
    assert api.ok("GET", f"{path}/associations", caller="admin") == {"qos_associations": [association]}
    assert api.ok("GET", f"/types/{type_id}", caller="admin")["volume_type"]["qos_specs_id"] == qos["id"]
    assert "qos_specs_id" not in api.ok("GET", f"/types/{type_id}")["volume_type"]
    other = api.ok("POST", "/qos-specs", {"qos_specs": {"name": "slow"}}, caller="admin")["qos_specs"]["id"]
    assert api("GET", f"/qos-specs/{other}/associate", caller="admin", vol_type_id=type_id).status_code == 400
    assert api("DELETE", path, caller="admin").status_code == 400
    assert api("GET", f"{path}/disassociate", caller="admin", vol_type_id=type_id).status_code == 202
    assert api("GET", f"{path}/associate", caller="admin", vol_type_id=type_id).status_code == 202
    assert api("DELETE", path, caller="admin", force="True").status_code == 202
    assert api.ok("GET", f"/types/{type_id}", caller="admin")["volume_type"]["qos_specs_id"] is None
    assert api("GET", path, caller="admin").status_code == 404


def test_the_encryption_of_a_type_applies_to_new_volumes(api: Api) -> None:
    type_id = api.ok("POST", "/types", {"volume_type": {"name": "secret"}}, caller="admin")["volume_type"]["id"]
    path = f"/types/{type_id}/encryption"
    assert api.ok("GET", path, caller="admin") == {}
    new: dict[str, Any] = {"provider": "luks", "control_location": "back-end", "cipher": "aes", "key_size": 256}
    assert api("POST", path, {"encryption": {**new, "control_location": "moon"}}, caller="admin").status_code == 400
    created = api.ok("POST", path, {"encryption": new}, caller="admin")["encryption"]
    assert {key: created[key] for key in new} == new
    assert api("POST", path, {"encryption": new}, caller="admin").status_code == 400
    item = f"{path}/{created['encryption_id']}"
    assert api.ok("PUT", item, {"encryption": {"key_size": 512}}, caller="admin") == {"encryption": {"key_size": 512}}
    assert api.ok("GET", f"{path}/key_size", caller="admin") == {"key_size": 512}
    assert api("GET", f"{path}/moon", caller="admin").status_code == 404
    assert api("DELETE", f"{path}/moon", caller="admin").status_code == 404
    assert api.create()["encrypted"] is False
    assert api.create(volume_type="secret")["encrypted"] is True
    used = api("DELETE", item, caller="admin")
    assert (used.status_code, "Volume type in use" in used.text) == (400, True)


def test_default_types_of_projects(api: Api) -> None:
    def call(method: str, path: str = "", body: Any = None, caller: str = "admin") -> Any:
        return api(method, f"/default-types{path}", body, caller=caller, microversion="3.62")

    project = f"/{api.projects['here']}"
    assert call("GET", project).status_code == 404
    body = {"default_type": {"volume_type": "fast"}}
    assert call("PUT", project, body, caller="member").status_code == 403
    default = call("PUT", project, body).json()["default_type"]
    assert default["project_id"] == api.projects["here"]
    assert call("GET").json() == {"default_types": [default]}
    assert call("GET", project).json() == {"default_type": default}
    assert api.create()["volume_type"] == "fast"
    assert api.ok("GET", "/types/default")["volume_type"]["name"] == "fast"
    assert call("DELETE", project).status_code == 204
    assert api.create()["volume_type"] == "standard"


def test_a_multiattach_type_is_refused_with_the_reason(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "has_multiattach", lambda _kind: False)
    new = {"volume_type": {"name": "shared", "extra_specs": {"multiattach": "<is> True"}}}
    api.ok("POST", "/types", new, caller="admin")
    refused = api("POST", "/volumes", {"volume": {"size": 1, "volume_type": "shared"}})
    assert (refused.status_code, "several servers (multiattach)" in refused.text) == (400, True)
