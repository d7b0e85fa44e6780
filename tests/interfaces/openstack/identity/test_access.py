"""Access to every endpoint: without a token, as a member of another project, and without the role."""

import httpx
import pytest

from stratiform.interfaces.endpoints import Endpoint
from stratiform.interfaces.openstack.identity.api import api as definition
from stratiform.kit.policy import admin, anyone, system_reader
from stratiform.services.identity import policy
from support.callers import Callers

V3 = "/identity/v3"

definition.import_routes()

#: Endpoints that need no token, because the request contains a secret.
OPEN = [endpoint for endpoint in definition.endpoints if endpoint.rule is None]


def with_check(*checks: object) -> list[Endpoint]:
    return [item for item in definition.endpoints if item.rule is not None and item.rule.check in checks]


def call(api: Callers, endpoint: Endpoint, who: str, **ids: str) -> httpx.Response:
    path = endpoint.path
    for segment in endpoint.path.split("/"):
        name = segment.strip("{}")
        if segment.startswith("{"):
            path = path.replace(segment, ids.get(name, "RegionOne" if name == "region_id" else "missing"))
    body = {"application_credential": {"name": "n"}} if endpoint.method == "POST" else None
    return api.request(endpoint.method, V3 + path, who, **({"json": body} if body else {}))


def user_id(api: Callers, name: str) -> str:
    return str(api.ok("GET", f"{V3}/users?name={name}", "admin")["users"][0]["id"])


def test_every_other_endpoint_needs_a_token(api: Callers) -> None:
    assert len(definition.endpoints) > 100
    assert {endpoint.name for endpoint in OPEN} == {
        "POST /auth/tokens",
        "GET /OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth",
        "POST /OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/auth",
        "GET /auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/callback",
        "GET /auth/OS-FEDERATION/identity_providers/{idp_id}/protocols/{protocol_id}/websso",
        "GET /auth/OS-FEDERATION/websso/{protocol_id}",
        "POST /users/{user_id}/password",
        "POST /OS-OAUTH1/access_token",  # not supported
        "POST /OS-OAUTH1/request_token",
    }
    for endpoint in definition.endpoints:
        if endpoint.rule is not None:
            response = call(api, endpoint, "")
            assert response.status_code == 401, endpoint.name
            assert response.headers["WWW-Authenticate"].startswith("Keystone")


def test_an_invalid_token(api: Callers) -> None:
    response = api.request("GET", f"{V3}/projects", "", headers={"X-Auth-Token": "invalid"})
    assert response.status_code == 401
    assert response.json()["error"] == {
        "code": 401,
        "message": "The request you have made requires authentication.",
        "title": "Unauthorized",
    }


@pytest.mark.parametrize("check", [admin, system_reader])
def test_a_member_without_the_role_is_forbidden(api: Callers, check: object) -> None:
    own = {
        "project_id": api.projects["green"],
        "user_id": user_id(api, "green-member"),
        "domain_id": "default",
    }
    endpoints = with_check(check)
    assert len(endpoints) > 20
    for endpoint in endpoints:
        assert endpoint.rule is not None
        message = f"You are not authorized to perform the requested action: {endpoint.rule.name}."
        for ids in ({}, own):
            response = call(api, endpoint, "green", **ids)
            assert response.status_code == 403, (endpoint.name, response.text)
            if endpoint.method != "HEAD":
                assert response.json()["error"]["message"] == message


def test_resources_of_others_are_not_found(api: Callers) -> None:
    other = {
        "project_id": api.projects["blue"],
        "user_id": user_id(api, "blue-member"),
        "domain_id": "other",
    }
    checks = (policy.system_reader_or_owner, policy.admin_or_owner, policy.owner)
    endpoints = [endpoint for endpoint in with_check(*checks) if "{" in endpoint.path]
    assert len(endpoints) > 10
    for endpoint in endpoints:
        response = call(api, endpoint, "green", **other)
        expected = (404,) if endpoint.body is None else (400, 404)  # the body is not of this resource
        assert response.status_code in expected, (endpoint.name, response.text)


def test_every_user_has_access_to_the_own_scopes_and_to_regions(api: Callers) -> None:
    endpoints = [endpoint for endpoint in with_check(anyone) if endpoint.is_read_only]
    assert len(endpoints) > 5
    statuses = {endpoint.name: call(api, endpoint, "green-reader").status_code for endpoint in endpoints}
    assert {name: status for name, status in statuses.items() if status != 200} == {
        "GET /OS-OAUTH1/consumers": 501,
        "GET /OS-OAUTH1/consumers/{consumer_id}": 501,
        "GET /registered_limits/{registered_limit_id}": 404,
        "HEAD /registered_limits/{registered_limit_id}": 404,
    }
