"""Resources that are not supported: empty lists, 404 for a single one, and a reason for changes."""

import pytest

from support.volume_api import Api

RESOURCES = {
    "/group_types": "group_types",
    "/groups": "groups",
    "/group_snapshots": "group_snapshots",
    "/consistencygroups": "consistencygroups",
    "/cgsnapshots": "cgsnapshots",
    "/qos-specs": "qos_specs",
    "/manageable_volumes": "manageable-volumes",
    "/manageable_snapshots": "manageable-snapshots",
}


@pytest.mark.parametrize(("path", "key"), RESOURCES.items())
def test_unsupported_resources(api: Api, path: str, key: str) -> None:
    assert api.ok("GET", path, caller="admin") == {key: []}
    refused = api("POST", path, {}, caller="admin")
    assert refused.status_code == 501
    assert "supported" in refused.json()["notImplemented"]["message"] or "managed" in refused.text
    if not path.startswith("/manageable"):
        assert api("GET", f"{path}/unknown", caller="admin").status_code == 404


def test_operators_resources(api: Api) -> None:
    def get(path: str) -> object:
        return api.ok("GET", path, caller="admin", microversion="3.71")

    assert get("/messages") == {"messages": []}
    assert get("/clusters/detail") == {"clusters": []}
    assert get("/os-hosts") == {"hosts": []}
    assert get("/default-types") == {"default_types": []}
    filters = api.ok("GET", "/resource_filters", resource="snapshot")["resource_filters"]
    assert filters == [{"resource": "snapshot", "filters": ["name", "status", "volume_id", "metadata"]}]
    disable = api("PUT", "/os-services/disable", {"host": "h1", "binary": "cinder-volume"}, caller="admin")
    assert (disable.status_code, disable.json()["itemNotFound"]["message"]) == (404, "Host h1 could not be found.")
    assert api.ok("PUT", "/os-services/get-log", {}, caller="admin") == {"log_levels": []}
    assert api("GET", "/capabilities/h1@b", caller="admin").status_code == 404
    assert api("GET", "/group_types/default").status_code == 404


def test_encryption_of_types_is_refused(api: Api) -> None:
    type_id = api.ok("GET", "/types/default")["volume_type"]["id"]
    body = {"encryption": {"provider": "luks", "control_location": "front-end"}}
    assert api("POST", f"/types/{type_id}/encryption", body, caller="admin").status_code == 501
    assert api("PUT", f"/types/{type_id}/encryption/x", body, caller="admin").status_code == 404
    assert api("DELETE", f"/types/{type_id}/encryption/x", caller="admin").status_code == 404
