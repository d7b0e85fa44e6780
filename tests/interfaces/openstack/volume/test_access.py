"""Every endpoint is called without a token, by another project, and with an insufficient role."""

import pytest

from stratiform.interfaces.endpoints import Endpoint
from stratiform.interfaces.openstack.volume.api import api as definition
from support.volume_api import Api

definition.import_routes()
ENDPOINTS = definition.endpoints


def call(api: Api, endpoint: Endpoint, caller: str, volume_id: str = "none") -> int:
    path = endpoint.path
    for name in ("volume_id", "type_id", "attachment_id", "snapshot_id", "backup_id", "encryption_id", "key"):
        path = path.replace(f"{{{name}}}", volume_id if name == "volume_id" else "none")
    path = path.replace("{target_project_id}", api.projects["here"])
    body: dict[str, object] = {endpoint.action: {}} if endpoint.action else {}
    minor = max(60, endpoint.since)
    return api(endpoint.method, path, body, caller=caller, microversion=f"3.{minor}").status_code


def test_every_endpoint_needs_a_token(api: Api) -> None:
    assert len(ENDPOINTS) > 60
    assert {endpoint.name: call(api, endpoint, "") for endpoint in ENDPOINTS} == {
        endpoint.name: 401 for endpoint in ENDPOINTS
    }


def test_another_project_finds_no_volume(api: Api) -> None:
    volume_id = api.create()["id"]
    endpoints = [endpoint for endpoint in ENDPOINTS if "{volume_id}" in endpoint.path]
    statuses = {endpoint.name: call(api, endpoint, "outsider", volume_id) for endpoint in endpoints}
    assert set(statuses.values()) <= {400, 403, 404}


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_reader_changes_nothing(api: Api, method: str) -> None:
    """The role is checked before the body and before the resource."""
    endpoints = [endpoint for endpoint in ENDPOINTS if endpoint.method == method and endpoint.rule is not None]
    changes = [endpoint for endpoint in endpoints if not endpoint.rule.name.endswith((":get", "get_all"))]  # type: ignore[union-attr]
    statuses = {endpoint.name: call(api, endpoint, "reader") for endpoint in changes}
    assert statuses == {endpoint.name: 403 for endpoint in changes}
