"""Tokens of trusts and application credentials get no more than what was delegated to them."""

from typing import Any

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.services.identity.service.totp import compute_passcode
from support.callers import PASSWORD, Callers
from support.identity_api import V3


def user_id(api: Callers, name: str) -> str:
    return str(api.ok("GET", f"{V3}/users?name={name}", "admin")["users"][0]["id"])


def sign_in(api: Callers, caller: str, identity: dict[str, Any], scope: Any = None) -> None:
    auth: dict[str, Any] = {"identity": identity} | ({"scope": scope} if scope else {})
    response = api.client.post(f"{V3}/auth/tokens", json={"auth": auth})
    assert response.status_code == 201
    api.tokens[caller] = response.headers["X-Subject-Token"]


def build_trust(api: Callers, project: str = "green", **attributes: Any) -> dict[str, Any]:
    trust = {
        "trustor_user_id": user_id(api, "green-member"),
        "trustee_user_id": user_id(api, "blue-member"),
        "project_id": api.projects[project],
        "impersonation": True,
        "roles": [{"name": "reader"}],
    }
    return {"trust": trust | attributes}


def sign_in_with_trust(api: Callers) -> str:
    trust = api.ok("POST", f"{V3}/OS-TRUST/trusts", json=build_trust(api))["trust"]
    password = {"user": {"id": user_id(api, "blue-member"), "password": PASSWORD}}
    sign_in(api, "limited", {"methods": ["password"], "password": password}, {"OS-TRUST:trust": {"id": trust["id"]}})
    return str(trust["id"])


def sign_in_with_credential(api: Callers, **attributes: Any) -> str:
    path = f"{V3}/users/{user_id(api, 'green-member')}/application_credentials"
    body = {"application_credential": {"name": "limited", "secret": "s", **attributes}}
    created = api.ok("POST", path, json=body)["application_credential"]
    method = {"methods": ["application_credential"], "application_credential": {"id": created["id"], "secret": "s"}}
    sign_in(api, "limited", method)
    return str(created["id"])


def sign_in_limited(api: Callers, kind: str) -> None:
    if kind == "trust":
        sign_in_with_trust(api)
    elif kind == "restricted":
        sign_in_with_credential(api)
    else:
        rules = [{"service": "identity", "method": method, "path": "/v3/**"} for method in ("GET", "POST", "DELETE")]
        sign_in_with_credential(api, unrestricted=True, access_rules=rules)


@pytest.mark.parametrize("kind", ["trust", "restricted", "access rules"])
def test_limited_tokens_neither_delegate_nor_change_delegations(api: Callers, kind: str) -> None:
    path = f"{V3}/users/{user_id(api, 'green-member')}"
    rules = [{"service": "compute", "method": "GET", "path": "/v2.1/servers"}]
    body = {"application_credential": {"name": "other", "secret": "s", "access_rules": rules}}
    other = api.ok("POST", f"{path}/application_credentials", json=body)["application_credential"]
    trust = api.ok("POST", f"{V3}/OS-TRUST/trusts", json=build_trust(api))["trust"]
    sign_in_limited(api, kind)
    new = {"application_credential": {"name": "new"}}
    assert api.request("POST", f"{path}/application_credentials", "limited", json=new).status_code == 403
    assert api.request("POST", f"{V3}/OS-TRUST/trusts", "limited", json=build_trust(api)).status_code == 403
    for target in (
        f"{path}/application_credentials/{other['id']}",
        f"{path}/access_rules/{other['access_rules'][0]['id']}",
        f"{V3}/OS-TRUST/trusts/{trust['id']}",
    ):
        assert api.request("DELETE", target, "limited").status_code == 403, target
        api.ok("GET", target)


def test_an_application_credential_delegates_only_its_project(api: Callers) -> None:
    roles = {role["name"]: role["id"] for role in api.ok("GET", f"{V3}/roles", "admin")["roles"]}
    owner = user_id(api, "green-member")
    api.ok("PUT", f"{V3}/projects/{api.projects['blue']}/users/{owner}/roles/{roles['member']}", "admin")
    sign_in_with_credential(api, unrestricted=True)
    for project, status in (("blue", 403), ("green", 201)):
        response = api.request("POST", f"{V3}/OS-TRUST/trusts", "limited", json=build_trust(api, project))
        assert response.status_code == status


@pytest.mark.parametrize("segment", ["%3F", "%23", "%3Fx=/", "x%23/action"])
def test_an_access_rule_is_compared_with_the_path_of_the_route(api: Callers, segment: str) -> None:
    """An encoded `?` or `#` does not end the path."""
    rules = [{"service": "compute", "method": "GET", "path": f"/v2.1/servers{end}"} for end in ("", "/", "/x")]
    sign_in_with_credential(api, access_rules=rules)
    assert api.request("GET", "/compute/v2.1/servers", "limited").status_code == 200
    assert api.request("GET", f"/compute/v2.1/servers/{segment}", "limited").status_code in (401, 404, 405)
    assert "Instance x could not be found" in api.request("GET", "/compute/v2.1/servers/x", "limited").text
    response = api.request("GET", f"/compute/v2.1/servers/x{segment}", "limited")
    assert response.status_code in (401, 404, 405)
    assert "Instance" not in response.text, "no route leads to a server"


def test_a_passcode_is_valid_once(api: Callers) -> None:
    owner, secret = user_id(api, "green-member"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    api.ok("POST", f"{V3}/credentials", json={"credential": {"user_id": owner, "type": "totp", "blob": secret}})

    def sign_in_status(step_age: int, password: str = PASSWORD) -> int:
        passcode = compute_passcode(secret, api.harness.clock.now() // SECOND_US // 30 - step_age)
        identity = {
            "methods": ["password", "totp"],
            "password": {"user": {"id": owner, "password": password}},
            "totp": {"user": {"id": owner, "passcode": passcode}},
        }
        return int(api.client.post(f"{V3}/auth/tokens", json={"auth": {"identity": identity}}).status_code)

    assert sign_in_status(0, "wrong") == 401
    assert [sign_in_status(0), sign_in_status(0)] == [201, 401]
    assert [sign_in_status(1), sign_in_status(1)] == [201, 401]
    api.harness.clock.advance(60 * SECOND_US)
    assert sign_in_status(0) == 201
