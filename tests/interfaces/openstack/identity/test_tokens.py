"""`/auth` as keystoneauth and keystonemiddleware use it, passwords and application credentials."""

from typing import Any

import pytest

from stratiform.kit.clock import SECOND_US
from stratiform.services.identity.service import password_hasher
from support.callers import PASSWORD, Callers
from support.identity_api import V3


def password_auth(name: str, password: str = PASSWORD) -> dict[str, Any]:
    user = {"name": name, "domain": {"id": "default"}, "password": password}
    return {"methods": ["password"], "password": {"user": user}}


def authenticate(api: Callers, identity: dict[str, Any], scope: Any = None, query: str = "") -> Any:
    auth = {"identity": identity} | ({"scope": scope} if scope is not None else {})
    return api.request("POST", f"{V3}/auth/tokens{query}", "", json={"auth": auth})


def test_project_scope(api: Callers) -> None:
    scope = {"project": {"name": "green", "domain": {"name": "Default"}}}
    response = authenticate(api, password_auth("green-member"), scope)
    assert response.status_code == 201
    assert response.headers["vary"] == "X-Auth-Token"
    token = response.json()["token"]
    assert list(token) == [
        "methods",
        "user",
        "audit_ids",
        "expires_at",
        "issued_at",
        "project",
        "is_domain",
        "roles",
        "catalog",
    ]
    assert token["expires_at"] == "2026-01-01T01:00:00.000000Z"
    assert token["issued_at"] == "2026-01-01T00:00:00.000000Z"
    assert token["user"]["domain"] == {"id": "default", "name": "Default"}
    assert token["project"] == {
        "domain": {"id": "default", "name": "Default"},
        "id": api.projects["green"],
        "name": "green",
    }
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    compute = next(entry for entry in token["catalog"] if entry["type"] == "compute")
    public = next(item for item in compute["endpoints"] if item["interface"] == "public")
    assert public["url"] == f"{api.harness.services.url}/compute/v2.1"
    assert public["region"] == public["region_id"] == "RegionOne"
    token_response = api.request(
        "GET", f"{V3}/auth/tokens", "admin", headers={"X-Subject-Token": response.headers["x-subject-token"]}
    )
    assert token_response.status_code == 200
    assert token_response.json() == response.json()
    assert token_response.headers["x-subject-token"] == response.headers["x-subject-token"]


def test_a_repeated_method_is_verified_once(api: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request cannot occupy the server with any number of hashes."""
    verified: list[str] = []

    def record(secret: str, _hash: str) -> bool:
        verified.append(secret)
        return False

    monkeypatch.setattr(password_hasher, "verify_password", record)
    identity = password_auth("green-member", "wrong")
    assert authenticate(api, identity | {"methods": ["password"] * 200}).status_code == 401
    assert verified == ["wrong"]


def test_other_scopes(api: Callers) -> None:
    system = authenticate(api, password_auth("admin"), {"system": {"all": True}}).json()["token"]
    assert system["system"] == {"all": True}
    assert "project" not in system
    unscoped = authenticate(api, password_auth("admin"), "unscoped").json()["token"]
    assert not {"catalog", "roles", "project"} & set(unscoped)
    unscoped = authenticate(api, password_auth("admin"), {"unscoped": {}}).json()["token"]
    assert "project" not in unscoped
    assert "catalog" not in authenticate(api, password_auth("admin"), query="?nocatalog").json()["token"]
    assert authenticate(api, password_auth("admin"), {"domain": {"name": "Default"}}).status_code == 401


@pytest.mark.parametrize(
    ("auth", "status", "message"),
    [
        ({}, 400, "'identity' is a required property"),
        ({"identity": {"methods": []}}, 400, "methods"),
        ({"identity": {"methods": ["password"]}}, 400, "Expecting to find password in identity"),
        ({"identity": {"methods": ["oauth1"]}}, 401, "unsupported method"),
        ({"identity": {"methods": ["password"], "password": {"user": {"name": "u"}}}}, 400, "domain in user"),
        ({"identity": {"methods": ["password"], "password": {"user": {}}}}, 400, "id or name in user"),
        ({"identity": {"methods": ["password"], "password": {"user": {"id": 5}}}}, 400, "is not of type 'string'"),
        ({"identity": password_auth("green-member"), "scope": "all"}, 400, "scope"),
        ({"identity": password_auth("green-member"), "scope": {}}, 400, "scope"),
        (
            {"identity": password_auth("green-member"), "scope": {"project": {"name": "p"}}},
            400,
            "domain in project",
        ),
        ({"identity": password_auth("green-member", "wrong")}, 401, "requires authentication"),
    ],
)
def test_invalid_authentication_requests(api: Callers, auth: dict[str, Any], status: int, message: str) -> None:
    response = api.request("POST", f"{V3}/auth/tokens", "", json={"auth": auth})
    assert response.status_code == status, response.text
    assert message in response.json()["error"]["message"]


def test_bodies_that_are_not_json(api: Callers) -> None:
    for body in (b"", b"{", b"[]", b'"x"', b"\xff"):
        assert api.request("POST", f"{V3}/auth/tokens", "", content=body).status_code == 400


def test_show_check_and_revoke(api: Callers) -> None:
    token_id = api.tokens["green"]
    subject = {"X-Subject-Token": token_id}
    assert api.request("HEAD", f"{V3}/auth/tokens", "green", headers=subject).status_code == 200
    assert api.request("GET", f"{V3}/auth/tokens", "green", headers=subject).status_code == 200
    assert "catalog" not in api.ok("GET", f"{V3}/auth/tokens?nocatalog", "green", headers=subject)["token"]
    assert api.request("GET", f"{V3}/auth/tokens", "blue", headers=subject).status_code == 403
    assert api.request("DELETE", f"{V3}/auth/tokens", "blue", headers=subject).status_code == 403
    assert api.request("DELETE", f"{V3}/auth/tokens", "green", headers=subject).status_code == 204
    assert api.request("GET", f"{V3}/projects", "green").status_code == 401
    missing = api.request("GET", f"{V3}/auth/tokens", "admin", headers=subject)
    assert missing.status_code == 404
    assert token_id not in missing.text
    assert api.request("GET", f"{V3}/auth/tokens", "admin").status_code == 404


def test_an_expired_token_is_refused(api: Callers) -> None:
    api.harness.clock.advance(3600 * SECOND_US)
    assert api.request("GET", f"{V3}/auth/projects", "green").status_code == 401


def test_available_projects_domains_and_systems(api: Callers) -> None:
    assert [project["name"] for project in api.ok("GET", f"{V3}/auth/projects")["projects"]] == ["green"]
    assert api.ok("GET", f"{V3}/auth/domains")["domains"] == []
    assert api.ok("GET", f"{V3}/auth/system")["system"] == []
    assert api.ok("GET", f"{V3}/auth/system", "admin")["system"] == [{"all": True}]
    assert {entry["type"] for entry in api.ok("GET", f"{V3}/auth/catalog")["catalog"]} >= {"compute", "image"}


def test_change_of_the_own_password(api: Callers) -> None:
    user = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]
    path = f"{V3}/users/{user['id']}/password"
    wrong = {"user": {"password": "new", "original_password": "wrong"}}
    assert api.request("POST", path, "", json=wrong).status_code == 401
    right = {"user": {"password": "new", "original_password": PASSWORD}}
    assert api.request("POST", path, "", json=right).status_code == 204
    assert api.request("GET", f"{V3}/auth/projects", "green").status_code == 401
    assert authenticate(api, password_auth("green-member", "new")).status_code == 201
    assert authenticate(api, password_auth("green-member")).status_code == 401
    assert api.request("POST", f"{V3}/users/missing/password", "", json=right).status_code == 401


def test_application_credential(api: Callers) -> None:
    user = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]["id"]
    path = f"{V3}/users/{user}/application_credentials"
    body = {"name": "ci", "roles": [{"name": "reader"}], "expires_at": "2026-01-01T00:30:00"}
    credential = api.ok("POST", path, json={"application_credential": body})["application_credential"]
    assert credential["expires_at"] == "2026-01-01T00:30:00.000000"
    assert [role["name"] for role in credential["roles"]] == ["reader"]
    assert len(credential["secret"]) == 86
    method = {"id": credential["id"], "secret": credential["secret"]}
    response = authenticate(api, {"methods": ["application_credential"], "application_credential": method})
    token = response.json()["token"]
    assert token["application_credential"] == {"id": credential["id"], "name": "ci", "restricted": True}
    assert token["expires_at"] == "2026-01-01T00:30:00.000000Z"
    without_secret = api.ok("GET", f"{path}/{credential['id']}")["application_credential"]
    assert "secret" not in without_secret
    assert without_secret == {key: value for key, value in credential.items() if key != "secret"}
    assert len(api.ok("GET", f"{path}?name=ci")["application_credentials"]) == 1
    assert api.request("POST", path, json={"application_credential": body}).status_code == 409
    invalid_attributes: list[dict[str, Any]] = [
        {"roles": [{"name": "admin"}]},
        {"access_rules": [{}]},
        {"expires_at": "never"},
    ]
    for invalid in invalid_attributes:
        response = api.request("POST", path, json={"application_credential": {"name": "x"} | invalid})
        assert response.status_code == 400, invalid
    assert api.request("DELETE", f"{path}/{credential['id']}").status_code == 204
    assert api.request("GET", f"{path}/{credential['id']}").status_code == 404
