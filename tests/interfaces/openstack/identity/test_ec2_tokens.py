"""`/ec2tokens` and `/s3tokens`, and EC2 credentials of application credentials and trusts."""

import base64
import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest

from stratiform.kit.clock import SECOND_US, format_iso
from stratiform.services.identity.model.aws_signatures import derive_key_4
from support.callers import PASSWORD, Callers
from support.identity_api import V3

TIME, DATE = "20260101T000000Z", "20260101"


def user_id(api: Callers, name: str) -> str:
    return str(api.ok("GET", f"{V3}/users?name={name}", "admin")["users"][0]["id"])


def sign_in(api: Callers, caller: str, identity: dict[str, Any], scope: Any = None) -> None:
    auth: dict[str, Any] = {"identity": identity} | ({"scope": scope} if scope else {})
    response = api.client.post(f"{V3}/auth/tokens", json={"auth": auth})
    assert response.status_code == 201
    api.tokens[caller] = response.headers["X-Subject-Token"]


def create_ec2(
    api: Callers, caller: str = "green", project: str = "green", owner: str = "green-member"
) -> httpx.Response:
    path = f"{V3}/users/{user_id(api, owner)}/credentials/OS-EC2"
    return api.request("POST", path, caller, json={"tenant_id": api.projects[project]})


def sign(credential: dict[str, Any], verb: str = "GET") -> dict[str, Any]:
    """Return the credentials of a request in version 4 as a service sends them."""
    scope = (DATE, "RegionOne", "ec2")
    body_hash = hashlib.sha256(b"Action=DescribeRegions").hexdigest()
    canonical = f"{verb}\n/\n\nhost:cloud.example\nx-amz-date:{TIME}\n\nhost;x-amz-date\n{body_hash}"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{TIME}\n{'/'.join(scope)}/aws4_request\n{digest}"
    signature = hmac.new(derive_key_4(credential["secret"], scope), text.encode(), "sha256").hexdigest()
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={credential['access']}/{'/'.join(scope)}/aws4_request, "
        f"SignedHeaders=host;x-amz-date, Signature={signature}"
    )
    return {
        "access": credential["access"],
        "signature": signature,
        "host": "cloud.example",
        "verb": verb,
        "path": "/",
        "params": {},
        "headers": {"Host": "cloud.example", "X-Amz-Date": TIME, "Authorization": authorization},
        "body_hash": body_hash,
    }


def issue(api: Callers, credential: dict[str, Any], caller: str = "admin", key: str = "credentials") -> httpx.Response:
    return api.request("POST", f"{V3}/ec2tokens", caller, json={key: sign(credential, "POST")})


@pytest.mark.parametrize("key", ["credentials", "ec2Credentials"])
def test_a_signed_request_results_in_a_token(api: Callers, key: str) -> None:
    credential = create_ec2(api).json()["credential"]
    response = issue(api, credential, key=key)
    assert response.status_code == 200
    token = response.json()["token"]
    assert (token["methods"], token["user"]["name"]) == (["ec2credential"], "green-member")
    assert token["project"]["id"] == api.projects["green"]
    assert token["catalog"]
    api.tokens["ec2"] = response.headers["X-Subject-Token"]
    api.ok("GET", "/compute/v2.1/servers", "ec2")
    assert issue(api, credential | {"secret": "wrong"}).status_code == 401
    assert issue(api, credential | {"access": "unknown"}).status_code == 401
    api.harness.clock.advance(16 * 60 * SECOND_US)
    assert issue(api, credential).status_code == 401


def test_only_services_and_operators_create_these_tokens(api: Callers) -> None:
    credential = create_ec2(api).json()["credential"]
    for path in ("ec2tokens", "s3tokens"):
        body = {"credentials": {"access": credential["access"], "signature": "x", "token": "eA=="}}
        assert api.request("POST", f"{V3}/{path}", "green", json=body).status_code == 403
        assert api.request("POST", f"{V3}/{path}", "", json=body).status_code == 401


def test_version_2_of_the_signature(api: Callers) -> None:
    credential = create_ec2(api).json()["credential"]
    params = {
        "AWSAccessKeyId": credential["access"],
        "Action": "DescribeRegions",
        "SignatureMethod": "HmacSHA256",
        "SignatureVersion": "2",
        "Timestamp": format_iso(api.harness.clock.now())[:19] + "Z",
    }
    query = "&".join(f"{name}={value.replace(':', '%3A')}" for name, value in sorted(params.items()))
    text = f"GET\ncloud.example\n/services/Cloud\n{query}"
    digest = hmac.new(credential["secret"].encode(), text.encode(), "sha256").digest()
    body = {
        "access": credential["access"],
        "signature": base64.b64encode(digest).decode(),
        "host": "cloud.example",
        "verb": "GET",
        "path": "/services/Cloud",
        "params": params,
    }
    assert api.request("POST", f"{V3}/ec2tokens", "admin", json={"credentials": body}).status_code == 200
    body["params"] = params | {"Action": "TerminateInstances"}
    assert api.request("POST", f"{V3}/ec2tokens", "admin", json={"credentials": body}).status_code == 401


def test_s3_tokens_of_both_signature_versions(api: Callers) -> None:
    credential = create_ec2(api).json()["credential"]
    secret = credential["secret"]
    first = b"GET\n\n\nThu, 01 Jan 2026 00:00:00 GMT\n/bucket/key"
    scope = (DATE, "RegionOne", "s3")
    second = f"AWS4-HMAC-SHA256\n{TIME}\n{'/'.join(scope)}/aws4_request\n{'0' * 64}".encode()
    signatures = {
        first: base64.b64encode(hmac.new(secret.encode(), first, hashlib.sha1).digest()).decode(),
        second: hmac.new(derive_key_4(secret, scope), second, "sha256").hexdigest(),
    }
    for text, signature in signatures.items():
        body = {"access": credential["access"], "signature": signature, "token": base64.b64encode(text).decode()}
        response = api.request("POST", f"{V3}/s3tokens", "admin", json={"credentials": body})
        assert response.json()["token"]["project"]["id"] == api.projects["green"]
        wrong = body | {"signature": signature[::-1]}
        assert api.request("POST", f"{V3}/s3tokens", "admin", json={"credentials": wrong}).status_code == 401
    truncated, binary = (base64.b64encode(text).decode() for text in (b"AWS4-HMAC-SHA256\nx", b"\xff"))
    for signed in ("not base64!", truncated, binary):
        body = {"access": credential["access"], "signature": "x", "token": signed}
        assert api.request("POST", f"{V3}/s3tokens", "admin", json={"credentials": body}).status_code == 401


def sign_in_with_credential(api: Callers, caller: str, **attributes: Any) -> str:
    """Create an application credential of green-member, sign in with it, and return its id."""
    path = f"{V3}/users/{user_id(api, 'green-member')}/application_credentials"
    body = {"application_credential": {"name": caller, "secret": "s", **attributes}}
    created = api.ok("POST", path, json=body)["application_credential"]
    method = {"methods": ["application_credential"], "application_credential": {"id": created["id"], "secret": "s"}}
    sign_in(api, caller, method)
    return str(created["id"])


def test_an_ec2_credential_has_the_limits_of_its_application_credential(api: Callers) -> None:
    rules = [{"service": "identity", "method": method, "path": "/v3/**"} for method in ("GET", "POST")]
    roles = [{"name": "reader"}]
    credential_id = sign_in_with_credential(api, "limited", roles=roles, access_rules=rules)
    credential = create_ec2(api, "limited").json()["credential"]
    response = issue(api, credential)
    token = response.json()["token"]
    assert token["application_credential"]["id"] == credential_id
    assert [role["name"] for role in token["roles"]] == ["reader"]
    api.tokens["ec2"] = response.headers["X-Subject-Token"]
    assert api.request("GET", "/compute/v2.1/servers", "ec2").status_code == 401
    api.ok("DELETE", f"{V3}/users/{user_id(api, 'green-member')}/application_credentials/{credential_id}")
    assert issue(api, credential).status_code == 401


def test_an_application_credential_creates_ec2_credentials_only_in_its_project(api: Callers) -> None:
    member = next(role["id"] for role in api.ok("GET", f"{V3}/roles", "admin")["roles"] if role["name"] == "member")
    owner = user_id(api, "green-member")
    api.ok("PUT", f"{V3}/projects/{api.projects['blue']}/users/{owner}/roles/{member}", "admin")
    sign_in_with_credential(api, "unrestricted", unrestricted=True)
    assert create_ec2(api, "unrestricted", "blue").status_code == 403
    blob = json.dumps({"access": "mine", "secret": "s"})
    body = {"user_id": owner, "type": "ec2", "blob": blob, "project_id": api.projects["blue"]}
    assert api.request("POST", f"{V3}/credentials", "unrestricted", json={"credential": body}).status_code == 403
    credential = create_ec2(api, "unrestricted").json()["credential"]
    listed = api.ok("GET", f"{V3}/credentials?type=ec2", "unrestricted")["credentials"][0]
    change = {"credential": {"project_id": api.projects["blue"]}}
    api.request("PATCH", f"{V3}/credentials/{listed['id']}", json=change)
    assert issue(api, credential).status_code == 401


def test_the_delegation_of_an_ec2_credential_cannot_be_chosen(api: Callers) -> None:
    trust = create_trust(api, impersonation=False)
    blob = {"access": "mine", "secret": "s", "trust_id": trust["id"]}
    body = {"user_id": user_id(api, "blue-member"), "type": "ec2", "project_id": api.projects["green"]}
    path = f"{V3}/credentials"
    created = api.ok("POST", path, "blue", json={"credential": body | {"blob": json.dumps(blob)}})["credential"]
    assert json.loads(created["blob"])["trust_id"] is None
    assert issue(api, blob).status_code == 401
    changed = api.request("PATCH", f"{path}/{created['id']}", "blue", json={"credential": {"blob": json.dumps(blob)}})
    assert changed.status_code == 403


def create_trust(api: Callers, **attributes: Any) -> dict[str, Any]:
    trust = {
        "trustor_user_id": user_id(api, "green-member"),
        "trustee_user_id": user_id(api, "blue-member"),
        "project_id": api.projects["green"],
        "impersonation": True,
        "roles": [{"name": "reader"}],
        **attributes,
    }
    return dict(api.ok("POST", f"{V3}/OS-TRUST/trusts", json={"trust": trust})["trust"])


def sign_in_with_trust(api: Callers, **attributes: Any) -> None:
    password = {"user": {"id": user_id(api, "blue-member"), "password": PASSWORD}}
    scope = {"OS-TRUST:trust": {"id": create_trust(api, **attributes)["id"]}}
    sign_in(api, "trustee", {"methods": ["password"], "password": password}, scope)


def test_an_ec2_credential_of_a_trust_has_its_roles(api: Callers) -> None:
    sign_in_with_trust(api)
    credential = create_ec2(api, "trustee").json()["credential"]
    token = issue(api, credential).json()["token"]
    assert (token["user"]["name"], [role["name"] for role in token["roles"]]) == ("green-member", ["reader"])
    api.ok("DELETE", f"{V3}/OS-TRUST/trusts/{token['OS-TRUST:trust']['id']}")
    assert issue(api, credential).status_code == 401


def test_a_trust_with_limited_uses_gets_no_ec2_credential(api: Callers) -> None:
    sign_in_with_trust(api, remaining_uses=1)
    assert create_ec2(api, "trustee").status_code == 403


@pytest.mark.parametrize("kind", ["trust", "application credential"])
def test_delegated_tokens_use_no_credentials_of_their_user(api: Callers, kind: str) -> None:
    """Otherwise, they would read secrets that are worth more than themselves, or create such."""
    owner, own = user_id(api, "green-member"), create_ec2(api).json()["credential"]
    totp = {"user_id": owner, "type": "totp", "blob": "GEZDGNBVGY3TQOJQ"}
    stored = api.ok("POST", f"{V3}/credentials", json={"credential": totp})["credential"]
    if kind == "trust":
        sign_in_with_trust(api)
    else:
        sign_in_with_credential(api, "trustee", roles=[{"name": "reader"}])
    ec2 = f"{V3}/users/{owner}/credentials/OS-EC2"
    assert api.ok("GET", f"{V3}/credentials", "trustee")["credentials"] == []
    assert api.ok("GET", ec2, "trustee")["credentials"] == []
    for method, path in (
        ("GET", f"{V3}/credentials/{stored['id']}"),
        ("DELETE", f"{V3}/credentials/{stored['id']}"),
        ("GET", f"{ec2}/{own['access']}"),
        ("DELETE", f"{ec2}/{own['access']}"),
    ):
        assert api.request(method, path, "trustee").status_code == 403
    change = {"credential": {"blob": "GEZDGNBVGY3TQOJR"}}
    assert api.request("PATCH", f"{V3}/credentials/{stored['id']}", "trustee", json=change).status_code == 403
    assert api.request("POST", f"{V3}/credentials", "trustee", json={"credential": totp}).status_code == 403
