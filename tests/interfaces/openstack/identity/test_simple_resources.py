"""Policies, limits, endpoint filters, federation; credentials, trusts, access rules and passcodes."""

from typing import Any

import httpx
import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.services.identity.service.totp import compute_passcode
from support.callers import PASSWORD, Callers
from support.identity_api import V3

FEDERATION = f"{V3}/OS-FEDERATION"
RULES = [{"local": [{"user": {"name": "{0}"}}], "remote": [{"type": "REMOTE_USER"}]}]


def user_id(api: Callers, name: str) -> str:
    return str(api.ok("GET", f"{V3}/users?name={name}", "admin")["users"][0]["id"])


def service_id(api: Callers, kind: str = "compute") -> str:
    return str(api.ok("GET", f"{V3}/services?type={kind}", "admin")["services"][0]["id"])


def sign_in(api: Callers, identity: dict[str, Any], scope: Any = None) -> httpx.Response:
    auth: dict[str, Any] = {"identity": identity} | ({"scope": scope} if scope else {})
    response: httpx.Response = api.client.post(f"{V3}/auth/tokens", json={"auth": auth})
    return response


def password_of(api: Callers, name: str) -> dict[str, Any]:
    return {"methods": ["password"], "password": {"user": {"id": user_id(api, name), "password": PASSWORD}}}


@pytest.mark.parametrize("secret", ["[" * 5000 + "]" * 5000, "1", "x"])
def test_ec2_credentials_that_are_not_valid_json_are_refused(api: Callers, secret: str) -> None:
    for blob in (secret, f'{{"access": "a", "secret": {secret}}}'):
        credential = {
            "type": "ec2",
            "blob": blob,
            "user_id": user_id(api, "green-member"),
            "project_id": api.projects["green"],
        }
        response = api.request("POST", f"{V3}/credentials", "green", json={"credential": credential})
        assert (response.status_code, response.json()["error"]["message"]) == (400, "Invalid blob in credential")


def test_policies(api: Callers) -> None:
    body = {"policy": {"blob": "{}", "type": "application/json", "team": "a"}}
    policy = api.ok("POST", f"{V3}/policies", "admin", json=body)["policy"]
    assert policy["links"]["self"].endswith(f"/identity/v3/policies/{policy['id']}")
    api.ok("PATCH", f"{V3}/policies/{policy['id']}", "admin", json={"policy": {"blob": "x"}})
    response = api.ok("GET", f"{V3}/policies/{policy['id']}", "admin")["policy"]
    assert (response["blob"], response["type"], response["team"]) == ("x", "application/json", "a")
    assert api.ok("GET", f"{V3}/policies?type=other", "admin")["policies"] == []
    assert api.request("DELETE", f"{V3}/policies/{policy['id']}", "admin").status_code == 204
    missing = api.request("GET", f"{V3}/policies/{policy['id']}", "admin")
    assert missing.json()["error"]["message"] == f"Could not find policy: {policy['id']}."


def test_limits_require_a_registered_limit_which_stays_while_it_is_used(api: Callers) -> None:
    key = {"service_id": service_id(api), "resource_name": "servers"}
    limit = {"limits": [{**key, "resource_limit": 5, "project_id": api.projects["green"]}]}
    assert api.request("POST", f"{V3}/limits", "admin", json=limit).status_code == 403
    body = {"registered_limits": [{**key, "default_limit": 10}]}
    registered = api.ok("POST", f"{V3}/registered_limits", "admin", json=body)["registered_limits"][0]
    assert api.request("POST", f"{V3}/registered_limits", "admin", json=body).status_code == 409
    created = api.ok("POST", f"{V3}/limits", "admin", json=limit)["limits"][0]
    assert api.request("DELETE", f"{V3}/registered_limits/{registered['id']}", "admin").status_code == 403
    assert [item["id"] for item in api.ok("GET", f"{V3}/limits")["limits"]] == [created["id"]]
    assert api.ok("GET", f"{V3}/limits", "blue")["limits"] == []
    api.ok("PATCH", f"{V3}/limits/{created['id']}", "admin", json={"limit": {"resource_limit": 6}})
    assert api.ok("GET", f"{V3}/limits/{created['id']}")["limit"]["resource_limit"] == 6
    api.ok("DELETE", f"{V3}/limits/{created['id']}", "admin")
    api.ok("DELETE", f"{V3}/registered_limits/{registered['id']}", "admin")


@pytest.mark.parametrize("grouped", [False, True])
def test_endpoints_of_a_project_limit_its_catalog(api: Callers, grouped: bool) -> None:
    project_id, compute = api.projects["green"], service_id(api)
    path = f"{V3}/OS-EP-FILTER"
    if grouped:
        body: dict[str, Any] = {"endpoint_group": {"name": "g", "filters": {"service_id": compute}}}
        group = api.ok("POST", f"{path}/endpoint_groups", "admin", json=body)["endpoint_group"]
        association = f"{path}/endpoint_groups/{group['id']}/projects/{project_id}"
    else:
        endpoint = api.ok("GET", f"{V3}/endpoints?service_id={compute}", "admin")["endpoints"][0]
        association = f"{path}/projects/{project_id}/endpoints/{endpoint['id']}"
    assert len(api.ok("GET", f"{V3}/auth/catalog")["catalog"]) > 1
    assert api.request("PUT", association, "admin").status_code == 204
    assert api.request("HEAD", association, "admin").status_code == 204
    assert [entry["type"] for entry in api.ok("GET", f"{V3}/auth/catalog")["catalog"]] == ["compute"]
    assert len(api.ok("GET", f"{V3}/auth/catalog", "blue")["catalog"]) > 1
    endpoints = api.ok("GET", f"{path}/projects/{project_id}/endpoints", "admin")["endpoints"]
    assert {endpoint["service_id"] for endpoint in endpoints} == {compute}
    if grouped:  # clients send null for what does not change
        body = {"endpoint_group": {"name": None, "filters": None, "description": "d"}}
        changed = api.ok("PATCH", f"{path}/endpoint_groups/{group['id']}", "admin", json=body)["endpoint_group"]
        assert (changed["name"], changed["filters"]) == ("g", {"service_id": compute})
    assert api.request("DELETE", association, "admin").status_code == 204
    assert api.request("GET", association, "admin").status_code == 404
    assert len(api.ok("GET", f"{V3}/auth/catalog")["catalog"]) > 1


def test_federation(api: Callers) -> None:
    provider = api.ok("PUT", f"{FEDERATION}/identity_providers/idp", "admin", json={"identity_provider": {}})
    domain = provider["identity_provider"]["domain_id"]
    assert api.ok("GET", f"{V3}/domains/{domain}", "admin")["domain"]["enabled"]
    protocol = f"{FEDERATION}/identity_providers/idp/protocols/saml2"
    body = {"protocol": {"mapping_id": "map"}}
    assert api.request("PUT", protocol, "admin", json=body).status_code == 404
    mapping = {"mapping": {"rules": RULES, "schema_version": None}}
    api.ok("PUT", f"{FEDERATION}/mappings/map", "admin", json=mapping)
    assert api.request("PUT", f"{FEDERATION}/mappings/map", "admin", json=mapping).status_code == 409
    assert api.ok("PUT", protocol, "admin", json=body)["protocol"]["id"] == "saml2"
    listed = api.ok("GET", f"{FEDERATION}/identity_providers/idp/protocols", "admin")["protocols"]
    assert [item["mapping_id"] for item in listed] == ["map"]
    api.ok("DELETE", f"{FEDERATION}/identity_providers/idp", "admin")
    assert api.request("GET", protocol, "admin").status_code == 404
    invalid: dict[str, Any] = {"mapping": {"rules": [{"local": []}]}}
    assert api.request("PUT", f"{FEDERATION}/mappings/other", "admin", json=invalid).status_code == 400


def test_credentials_are_encrypted_and_private(api: Callers) -> None:
    owner = user_id(api, "green-member")
    body = {"credential": {"user_id": owner, "type": "cert", "blob": "top secret"}}
    created = api.ok("POST", f"{V3}/credentials", json=body)["credential"]
    path = f"{V3}/credentials/{created['id']}"
    assert api.ok("GET", path)["credential"]["blob"] == "top secret"
    assert api.request("GET", path, "blue").status_code == 404
    assert api.ok("GET", f"{V3}/credentials", "blue")["credentials"] == []
    other = {"credential": body["credential"] | {"user_id": user_id(api, "admin")}}
    assert api.request("POST", f"{V3}/credentials", json=other).status_code == 403
    assert api.request("PATCH", path, json={"credential": {"user_id": user_id(api, "admin")}}).status_code == 403
    with api.harness.services.database.read_transaction() as db:
        rows = db.exec_driver_sql("SELECT attributes FROM identity_simple_resource WHERE kind = 'credential'")
        assert "top secret" not in str(rows.fetchall())
    api.ok("DELETE", path)


def test_ec2_credentials(api: Callers) -> None:
    path = f"{V3}/users/{user_id(api, 'green-member')}/credentials/OS-EC2"
    created = api.ok("POST", path, json={"tenant_id": api.projects["green"]})["credential"]
    assert api.ok("GET", f"{path}/{created['access']}")["credential"] == created
    assert [item["access"] for item in api.ok("GET", path)["credentials"]] == [created["access"]]
    assert api.request("GET", f"{path}/{created['access']}", "blue").status_code == 404
    assert api.request("POST", path, json={"tenant_id": api.projects["blue"]}).status_code == 403
    assert api.request("DELETE", f"{path}/{created['access']}").status_code == 204


def create_trust(api: Callers, **attributes: Any) -> dict[str, Any]:
    trust = {
        "trustor_user_id": user_id(api, "green-member"),
        "trustee_user_id": user_id(api, "blue-member"),
        "project_id": api.projects["green"],
        "impersonation": False,
        "roles": [{"name": "reader"}],
        **attributes,
    }
    return dict(api.ok("POST", f"{V3}/OS-TRUST/trusts", json={"trust": trust})["trust"])


@pytest.mark.parametrize("impersonation", [False, True])
def test_a_trustee_acts_with_the_delegated_roles(api: Callers, impersonation: bool) -> None:
    trust = create_trust(api, impersonation=impersonation)
    scope = {"OS-TRUST:trust": {"id": trust["id"]}}
    response = sign_in(api, password_of(api, "blue-member"), scope)
    token = response.json()["token"]
    expected = trust["trustor_user_id" if impersonation else "trustee_user_id"]
    assert (token["user"]["id"], token["OS-TRUST:trust"]["id"]) == (expected, trust["id"])
    assert {role["name"] for role in token["roles"]} == {"reader"}
    api.tokens["trustee"] = response.headers["X-Subject-Token"]
    api.ok("GET", "/compute/v2.1/servers", "trustee")
    assert api.request("POST", "/volume/v3/volumes", "trustee", json={"volume": {"size": 1}}).status_code == 403
    again = {"methods": ["token"], "token": {"id": api.tokens["trustee"]}}
    assert sign_in(api, again, {"project": {"id": api.projects["blue"]}}).status_code == 403
    assert sign_in(api, password_of(api, "green-reader"), scope).status_code == 403
    api.ok("DELETE", f"{V3}/OS-TRUST/trusts/{trust['id']}")
    assert api.request("GET", "/compute/v2.1/servers", "trustee").status_code == 401


def test_a_trust_ends_with_its_uses_its_time_and_the_trustors_role(api: Callers) -> None:
    identity = password_of(api, "blue-member")
    limited = create_trust(api, remaining_uses=1)
    scope = {"OS-TRUST:trust": {"id": limited["id"]}}
    assert [sign_in(api, identity, scope).status_code for _ in range(2)] == [201, 403]
    expiring = create_trust(api, expires_at="2100-01-01T00:00:00.000000Z", roles=[{"name": "member"}])
    scope = {"OS-TRUST:trust": {"id": expiring["id"]}}
    assert sign_in(api, identity, scope).status_code == 201
    roles = {role["name"]: role["id"] for role in api.ok("GET", f"{V3}/roles", "admin")["roles"]}
    trustor = f"{V3}/projects/{api.projects['green']}/users/{expiring['trustor_user_id']}/roles/{roles['member']}"
    api.ok("DELETE", trustor, "admin")
    assert sign_in(api, identity, scope).status_code == 401


def test_a_trustor_delegates_only_own_roles(api: Callers) -> None:
    trust = {
        "trustor_user_id": user_id(api, "green-member"),
        "trustee_user_id": user_id(api, "blue-member"),
        "project_id": api.projects["green"],
        "impersonation": True,
        "roles": [{"name": "admin"}],
    }
    assert api.request("POST", f"{V3}/OS-TRUST/trusts", json={"trust": trust}).status_code == 403
    trust |= {"roles": [{"name": "reader"}], "trustor_user_id": user_id(api, "green-reader")}
    assert api.request("POST", f"{V3}/OS-TRUST/trusts", json={"trust": trust}).status_code == 403


def test_access_rules_limit_an_application_credential(api: Callers) -> None:
    path = f"{V3}/users/{user_id(api, 'green-member')}"
    rules = [
        {"service": "compute", "method": "GET", "path": "/v2.1/servers"},
        {"service": "block-storage", "method": "GET", "path": "/v3/volumes/{volume_id}"},
    ]
    body = {"application_credential": {"name": "limited", "secret": "s", "access_rules": rules}}
    created = api.ok("POST", f"{path}/application_credentials", json=body)["application_credential"]
    method = {"methods": ["application_credential"], "application_credential": {"id": created["id"], "secret": "s"}}
    api.tokens["limited"] = sign_in(api, method).headers["X-Subject-Token"]
    assert api.request("GET", "/compute/v2.1/servers", "limited").status_code == 200
    assert api.request("GET", "/compute/v2.1/servers/detail", "limited").status_code == 401
    assert api.request("GET", "/volume/v3/volumes/nosuch", "limited").status_code == 404
    assert api.request("GET", "/volume/v3/volumes", "limited").status_code == 401
    assert api.request("GET", f"{V3}/auth/projects", "limited").status_code == 401
    rule_id = created["access_rules"][0]["id"]
    assert api.ok("GET", f"{path}/access_rules/{rule_id}")["access_rule"]["path"] == "/v2.1/servers"
    assert api.request("DELETE", f"{path}/access_rules/{rule_id}").status_code == 403
    api.ok("DELETE", f"{path}/application_credentials/{created['id']}")
    assert api.request("DELETE", f"{path}/access_rules/{rule_id}").status_code == 204


def test_passcodes_are_a_second_factor(api: Callers) -> None:
    owner, secret = user_id(api, "green-member"), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    api.ok("POST", f"{V3}/credentials", json={"credential": {"user_id": owner, "type": "totp", "blob": secret}})
    options = {"user": {"options": {"multi_factor_auth_rules": [["password", "totp"]]}}}
    api.ok("PATCH", f"{V3}/users/{owner}", "admin", json=options)
    passcode = compute_passcode(secret, api.harness.clock.now() // SECOND_US // 30)
    identity = password_of(api, "green-member")
    assert sign_in(api, identity).status_code == 401
    for code, status in ((passcode, 201), ("000000" if passcode != "000000" else "1", 401)):
        both = {"methods": ["password", "totp"], "totp": {"user": {"id": owner, "passcode": code}}}
        assert sign_in(api, identity | both).status_code == status


def test_passcodes_follow_the_standard() -> None:
    """The test vectors of RFC 6238, appendix B, with 6 digits."""
    secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 20000000000: "353130"}
    assert {time: compute_passcode(secret, time // 30) for time in vectors} == vectors
    assert compute_passcode("not base32!", 1) == ""


def test_oauth_and_domain_drivers_are_refused_with_the_reason(api: Callers) -> None:
    for method, path in (("GET", "/OS-OAUTH1/consumers"), ("POST", "/OS-OAUTH1/request_token")):
        response = api.request(method, V3 + path, "green" if method == "GET" else "")
        assert (response.status_code, "OAuth 1.0a is not supported" in response.text) == (501, True)
    assert api.request("GET", f"{V3}/domains/default/config", "admin").status_code == 501
