"""`/auth` as keystoneauth and keystonemiddleware use it."""

from typing import Any

import pytest

from stratiform.kit.clock import SECOND_US
from support.callers import PASSWORD, People

V3 = "/identity/v3"


def password_of(name: str, password: str = PASSWORD) -> dict[str, Any]:
    user = {"name": name, "domain": {"id": "default"}, "password": password}
    return {"methods": ["password"], "password": {"user": user}}


def sign_in(api: People, identity: dict[str, Any], scope: Any = None, query: str = "") -> Any:
    auth = {"identity": identity} | ({"scope": scope} if scope is not None else {})
    return api.ask("POST", f"{V3}/auth/tokens{query}", "", json={"auth": auth})


def test_a_project_token_is_told_like_keystones(api: People) -> None:
    scope = {"project": {"name": "green", "domain": {"name": "Default"}}}
    answer = sign_in(api, password_of("green-member"), scope)
    assert answer.status_code == 201
    assert answer.headers["vary"] == "X-Auth-Token"
    token = answer.json()["token"]
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
    public = next(each for each in compute["endpoints"] if each["interface"] == "public")
    assert public["url"] == f"{api.of.services.url}/compute/v2.1"
    assert public["region"] == public["region_id"] == "RegionOne"
    shown = api.ask("GET", f"{V3}/auth/tokens", "admin", headers={"X-Subject-Token": answer.headers["x-subject-token"]})
    assert shown.status_code == 200
    assert shown.json() == answer.json()
    assert shown.headers["x-subject-token"] == answer.headers["x-subject-token"]


def test_other_scopes(api: People) -> None:
    system = sign_in(api, password_of("admin"), {"system": {"all": True}}).json()["token"]
    assert system["system"] == {"all": True}
    assert "project" not in system
    nothing = sign_in(api, password_of("admin"), "unscoped").json()["token"]
    assert not {"catalog", "roles", "project"} & set(nothing)
    also = sign_in(api, password_of("admin"), {"unscoped": {}}).json()["token"]
    assert "project" not in also
    assert "catalog" not in sign_in(api, password_of("admin"), query="?nocatalog").json()["token"]
    assert sign_in(api, password_of("admin"), {"domain": {"name": "Default"}}).status_code == 401


@pytest.mark.parametrize(
    ("auth", "status", "message"),
    [
        ({}, 400, "missing required field `identity`"),
        ({"identity": {"methods": []}}, 400, "methods"),
        ({"identity": {"methods": ["password"]}}, 400, "Expecting to find password in identity"),
        ({"identity": {"methods": ["totp"]}}, 401, "unsupported method"),
        ({"identity": {"methods": ["password"], "password": {"user": {"name": "u"}}}}, 400, "domain in user"),
        ({"identity": {"methods": ["password"], "password": {"user": {}}}}, 400, "id or name in user"),
        ({"identity": {"methods": ["password"], "password": {"user": {"id": 5}}}}, 400, "Expected `str`"),
        ({"identity": password_of("green-member"), "scope": "everything"}, 400, "scope"),
        ({"identity": password_of("green-member"), "scope": {}}, 400, "scope"),
        ({"identity": password_of("green-member"), "scope": {"project": {"name": "p"}}}, 400, "domain in project"),
        ({"identity": password_of("green-member", "no")}, 401, "requires authentication"),
    ],
)
def test_what_can_not_be_understood(api: People, auth: dict[str, Any], status: int, message: str) -> None:
    answer = api.ask("POST", f"{V3}/auth/tokens", "", json={"auth": auth})
    assert answer.status_code == status, answer.text
    assert message in answer.json()["error"]["message"]


def test_no_json_at_all(api: People) -> None:
    for body in (b"", b"{", b"[]", b'"x"', b"\xff"):
        assert api.ask("POST", f"{V3}/auth/tokens", "", content=body).status_code == 400


def test_look_at_check_and_revoke(api: People) -> None:
    text = api.tokens["green"]
    subject = {"X-Subject-Token": text}
    assert api.ask("HEAD", f"{V3}/auth/tokens", "green", headers=subject).status_code == 200
    assert api.ask("GET", f"{V3}/auth/tokens", "green", headers=subject).status_code == 200
    assert "catalog" not in api.ok("GET", f"{V3}/auth/tokens?nocatalog", "green", headers=subject)["token"]
    assert api.ask("GET", f"{V3}/auth/tokens", "blue", headers=subject).status_code == 403
    assert api.ask("DELETE", f"{V3}/auth/tokens", "blue", headers=subject).status_code == 403
    assert api.ask("DELETE", f"{V3}/auth/tokens", "green", headers=subject).status_code == 204
    assert api.ask("GET", f"{V3}/projects", "green").status_code == 401
    missing = api.ask("GET", f"{V3}/auth/tokens", "admin", headers=subject)
    assert missing.status_code == 404
    assert text not in missing.text
    assert api.ask("GET", f"{V3}/auth/tokens", "admin").status_code == 404


def test_a_token_ends(api: People) -> None:
    api.of.clock.advance(3600 * SECOND_US)
    assert api.ask("GET", f"{V3}/auth/projects", "green").status_code == 401


def test_what_a_token_reaches(api: People) -> None:
    assert [each["name"] for each in api.ok("GET", f"{V3}/auth/projects")["projects"]] == ["green"]
    assert api.ok("GET", f"{V3}/auth/domains")["domains"] == []
    assert api.ok("GET", f"{V3}/auth/system")["system"] == []
    assert api.ok("GET", f"{V3}/auth/system", "admin")["system"] == [{"all": True}]
    assert {entry["type"] for entry in api.ok("GET", f"{V3}/auth/catalog")["catalog"]} >= {"compute", "image"}


def test_ones_own_password(api: People) -> None:
    user = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]
    path = f"{V3}/users/{user['id']}/password"
    wrong = {"user": {"password": "new", "original_password": "no"}}
    assert api.ask("POST", path, "", json=wrong).status_code == 401
    right = {"user": {"password": "new", "original_password": PASSWORD}}
    assert api.ask("POST", path, "", json=right).status_code == 204
    assert api.ask("GET", f"{V3}/auth/projects", "green").status_code == 401
    assert sign_in(api, password_of("green-member", "new")).status_code == 201
    assert sign_in(api, password_of("green-member")).status_code == 401
    assert api.ask("POST", f"{V3}/users/nobody/password", "", json=right).status_code == 401


def test_an_application_credential(api: People) -> None:
    user = api.ok("GET", f"{V3}/users?name=green-member", "admin")["users"][0]["id"]
    path = f"{V3}/users/{user}/application_credentials"
    asked = {"name": "ci", "roles": [{"name": "reader"}], "expires_at": "2026-01-01T00:30:00"}
    made = api.ok("POST", path, json={"application_credential": asked})["application_credential"]
    assert made["expires_at"] == "2026-01-01T00:30:00.000000"
    assert [role["name"] for role in made["roles"]] == ["reader"]
    assert len(made["secret"]) == 86
    method = {"id": made["id"], "secret": made["secret"]}
    answer = sign_in(api, {"methods": ["application_credential"], "application_credential": method})
    token = answer.json()["token"]
    assert token["application_credential"] == {"id": made["id"], "name": "ci", "restricted": True}
    assert token["expires_at"] == "2026-01-01T00:30:00.000000Z"
    shown = api.ok("GET", f"{path}/{made['id']}")["application_credential"]
    assert "secret" not in shown
    assert shown == {key: value for key, value in made.items() if key != "secret"}
    assert len(api.ok("GET", f"{path}?name=ci")["application_credentials"]) == 1
    assert api.ask("POST", path, json={"application_credential": asked}).status_code == 409
    wrong: list[dict[str, Any]] = [{"roles": [{"name": "admin"}]}, {"access_rules": [{}]}, {"expires_at": "never"}]
    for broken in wrong:
        answer = api.ask("POST", path, json={"application_credential": {"name": "x"} | broken})
        assert answer.status_code == 400, broken
    assert api.ask("DELETE", f"{path}/{made['id']}").status_code == 204
    assert api.ask("GET", f"{path}/{made['id']}").status_code == 404
