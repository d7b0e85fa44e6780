"""Resources that are not supported: empty lists, 404 for a single one, and a reason for changes."""

import pytest

from support.volume_api import Api

RESOURCES = {
    "/consistencygroups": "consistencygroups",
    "/cgsnapshots": "cgsnapshots",
}


@pytest.mark.parametrize(("path", "key"), RESOURCES.items())
def test_unsupported_resources(api: Api, path: str, key: str) -> None:
    assert api.ok("GET", path, caller="admin") == {key: []}
    refused = api("POST", path, {}, caller="admin")
    assert refused.status_code == 501
    assert "supported" in refused.json()["notImplemented"]["message"]
    assert api("GET", f"{path}/unknown", caller="admin").status_code == 404


def test_operators_resources(api: Api) -> None:
    def get(path: str) -> object:
        return api.ok("GET", path, caller="admin", microversion="3.71")

    assert get("/clusters/detail") == {"clusters": []}
    filters = api.ok("GET", "/resource_filters", resource="snapshot")["resource_filters"]
    assert filters == [{"resource": "snapshot", "filters": ["name", "status", "volume_id", "metadata"]}]
    body = {"host": "h1", "binary": "cinder-volume"}
    unknown = api("PUT", "/os-services/disable", body, caller="admin")
    assert (unknown.status_code, unknown.json()["itemNotFound"]["message"]) == (404, "Host h1 could not be found.")
    assert api("PUT", "/os-services/disable", {"host": "sim@stratiform"}, caller="admin").status_code == 501
    for action, invalid in (("freeze", body), ("thaw", body), ("disable-log-reason", {"host": "sim@stratiform"})):
        assert api("PUT", f"/os-services/{action}", invalid, caller="admin").status_code == 400
    assert api.ok("PUT", "/os-services/get-log", {}, caller="admin") == {"log_levels": []}
    assert api("GET", "/capabilities/h1@b", caller="admin").status_code == 404
