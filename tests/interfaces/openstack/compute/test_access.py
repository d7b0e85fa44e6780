"""Access rules that the authorization matrix does not cover: filters by other users and projects, error texts."""

import pytest

from support.compute_api import ComputeApi


def test_unauthorized_has_novas_format(api: ComputeApi) -> None:
    response = api("GET", "/servers", caller="")
    assert (response.status_code, list(response.json())) == (401, ["unauthorized"])


@pytest.mark.parametrize("path", ["", "/metadata", "/tags", "/ips", "/os-interface", "/os-volume_attachments"])
def test_server_of_another_project_is_not_found(api: ComputeApi, path: str) -> None:
    server_id = api.create_active()
    response = api("GET", f"/servers/{server_id}{path}", caller="blue", microversion=79)
    assert response.status_code == 404
    assert response.json()["itemNotFound"]["message"] == f"Instance {server_id} could not be found."


def test_filters_by_all_projects_or_other_users_are_forbidden(api: ComputeApi) -> None:
    for path in ("/servers?all_tenants=1", "/servers/detail?all_tenants=1", "/os-keypairs?user_id=other"):
        assert api("GET", path, microversion=79).status_code == 403, path
        assert api("GET", path, microversion=79, caller="admin").status_code == 200, path


def test_usage_of_another_project_is_forbidden(api: ComputeApi) -> None:
    blue = api.callers.projects["blue"]
    assert api("GET", f"/os-quota-sets/{blue}").status_code == 403
    assert api("GET", f"/limits?tenant_id={blue}").status_code == 403


def test_requested_host_is_forbidden_for_members(api: ComputeApi) -> None:
    body = api.server_body(microversion=74, host="sim")
    assert api("POST", "/servers", body, microversion=74).status_code == 403
    assert api("POST", "/servers", body, microversion=74, caller="admin").status_code == 400
