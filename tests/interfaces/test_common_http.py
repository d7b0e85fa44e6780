"""What all APIs share: the health check, cross-origin requests, request ids, and tokens of services."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from oslo_middleware.cors import CORS

from stratiform.app import almanach
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.interfaces.http_settings import CORS_ALLOW_HEADERS, HttpSettings
from stratiform.interfaces.openstack.apis import APIS
from stratiform.kit.clock import DAY_US, HOUR_US
from stratiform.kit.database import Database
from stratiform.services.identity.model import ListQuery, NewUser, RoleAssignment
from support.callers import PASSWORD, Callers, open_callers
from support.stacks import ServiceHarness

NO_DATABASE = "postgresql+psycopg://role:hunter2@127.0.0.9:9/name"
ORIGIN = "https://portal.example.com"
GLOBAL_ID = "req-01234567-89ab-4cde-8f01-23456789abcd"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    with open_callers(service_harness) as callers:
        yield callers
        app_state(callers).http = HttpSettings()


def app_state(api: Callers) -> Any:
    app: Any = api.client.app
    return app.state


def test_health_check_is_below_every_api(api: Callers) -> None:
    for path in ("", *(f"/{api_.name}" for api_ in APIS)):
        assert api.request("GET", f"{path}/healthcheck", "").status_code == 200, path
        assert api.request("HEAD", f"{path}/healthcheck", "").status_code == 204, path


@pytest.mark.parametrize(
    ("accept", "media_type", "content"),
    [
        ("*/*", "text/plain", "OK\nOK"),
        ("application/xml", "text/plain", "OK\nOK"),
        ("text/html,*/*;q=0.8", "text/html", "<H2>Result of 2 checks:</H2>"),
        ("application/json", "application/json", '"reasons": [\n        "OK",\n        "OK"\n    ]'),
    ],
)
def test_health_check_has_the_requested_media_type(api: Callers, accept: str, media_type: str, content: str) -> None:
    response = api.request("GET", "/healthcheck", "", headers={"Accept": accept})
    assert response.headers["content-type"].split(";")[0] == media_type
    assert response.headers["content-type"].lower() == f"{media_type}; charset=utf-8"
    assert content in response.text
    assert "Python" not in response.text


def test_details_of_the_health_check_need_a_setting(api: Callers) -> None:
    app_state(api).http = HttpSettings(healthcheck_detailed=True)
    document = api.request("GET", "/healthcheck", "", headers={"Accept": "application/json"}).json()
    assert document["detailed"] is True
    assert {"gc", "now", "platform", "python_version", "threads"} < document.keys()
    assert document["reasons"][1] == {"class": "Database", "details": "the database responds", "reason": "OK"}
    assert "<B>Python version:</B>" in api.request("GET", "/healthcheck", "", headers={"Accept": "text/html"}).text


def test_health_check_fails_while_the_file_exists(api: Callers, tmp_path: Path) -> None:
    file = tmp_path / "disable"
    app_state(api).http = HttpSettings(disable_file=str(file))
    assert api.request("GET", "/healthcheck", "").status_code == 200
    file.touch()
    response = api.request("GET", "/image/healthcheck", "", headers={"Accept": "text/plain"})
    assert (response.status_code, response.text) == (503, "DISABLED BY FILE\nOK")
    assert api.request("HEAD", "/healthcheck", "").status_code == 503


def test_health_check_fails_without_the_database(api: Callers) -> None:
    app_state(api).services = replace(api.harness.services, database=Database(NO_DATABASE))
    response = api.request("GET", "/healthcheck", "", headers={"Accept": "application/json"})
    assert (response.status_code, response.json()["reasons"]) == (503, ["OK", "DATABASE UNAVAILABLE"])
    assert "hunter2" not in response.text


def test_listener_of_almanach_has_a_health_check_and_preflight(service_harness: ServiceHarness) -> None:
    app = almanach.build_application(
        service_harness.services, AlmanachSettings(), HttpSettings(allowed_origin=(ORIGIN,))
    )
    with TestClient(app) as client:
        assert client.get("/healthcheck").text == "OK\nOK"
        preflight = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        response = client.options("/nothing", headers=preflight)
        assert (response.status_code, response.headers["access-control-allow-origin"]) == (200, ORIGIN)


def cors_headers(response: Any) -> dict[str, str]:
    return {name: text for name, text in response.headers.items() if name.startswith("access-control-")}


@pytest.mark.parametrize("path", ["/compute/v2.1/servers", "/identity/v3/nothing", "/api/v1/clouds", "/nothing"])
def test_preflight_requests_need_no_token(api: Callers, path: str) -> None:
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-auth-token, OpenStack-API-Version,Content-Type",
    }
    assert cors_headers(api.request("OPTIONS", path, "", headers=headers)) == {}
    app_state(api).http = HttpSettings(allowed_origin=(ORIGIN,))
    response = api.request("OPTIONS", path, "", headers=headers)
    assert response.is_success
    assert cors_headers(response) == {
        "access-control-allow-origin": ORIGIN,
        "access-control-allow-credentials": "true",
        "access-control-allow-methods": "GET",
        "access-control-max-age": "3600",
        "access-control-allow-headers": "x-auth-token,OpenStack-API-Version,Content-Type",
    }
    assert "Origin" in response.headers["vary"]
    for name, text in (("Origin", "https://evil.example"), ("Access-Control-Request-Method", "TRACE")):
        assert cors_headers(api.request("OPTIONS", path, "", headers=headers | {name: text})) == {}
    headers["Access-Control-Request-Headers"] = "x-evil"
    assert cors_headers(api.request("OPTIONS", path, "", headers=headers)) == {}


def test_responses_expose_the_headers_of_openstack(api: Callers) -> None:
    app_state(api).http = HttpSettings(allowed_origin=(ORIGIN,))
    for caller, status in (("green", 200), ("", 401)):
        response = api.request("GET", "/compute/v2.1/servers", caller, headers={"Origin": ORIGIN})
        assert response.status_code == status
        assert response.headers["access-control-allow-origin"] == ORIGIN
        exposed = response.headers["access-control-expose-headers"].split(",")
        assert {"X-Subject-Token", "OpenStack-API-Version", "X-OpenStack-Request-ID"} <= set(exposed)
    assert cors_headers(api.request("GET", "/compute/v2.1/servers", headers={"Origin": "https://evil.example"})) == {}
    app_state(api).http = HttpSettings(allowed_origin=("*",), allow_credentials=False, expose_headers=())
    response = api.request("GET", "/compute/v2.1/servers", headers={"Origin": "https://any.example"})
    assert cors_headers(response) == {"access-control-allow-origin": "*"}


def test_portal_is_not_shared_with_other_origins(api: Callers) -> None:
    app_state(api).http = HttpSettings(allowed_origin=("*",))
    for method in ("GET", "OPTIONS"):
        headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
        response = api.client.request(method, "/dashboard/sign-in", headers=headers)
        assert cors_headers(response) == {}, method


def test_simple_headers_are_those_of_oslo_middleware(api: Callers) -> None:
    app_state(api).http = HttpSettings(allowed_origin=(ORIGIN,))
    for name in (*CORS.simple_headers, *CORS_ALLOW_HEADERS):
        headers = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": name,
        }
        assert cors_headers(api.request("OPTIONS", "/image/v2/images", "", headers=headers)), name


def test_global_request_id_is_logged(api: Callers, caplog: pytest.LogCaptureFixture) -> None:
    app_state(api).services = replace(api.harness.services, database=Database(NO_DATABASE))
    for sent, logged in ((GLOBAL_ID, True), ("req-1\nforged", False), (GLOBAL_ID.upper(), False)):
        caplog.clear()
        response = api.client.get(
            "/compute/v2.1/servers", headers=[(b"X-Auth-Token", b"x"), (b"X-OpenStack-Request-ID", sent.encode())]
        )
        assert response.status_code == 503
        own = response.headers["x-openstack-request-id"]
        assert own != sent
        assert (f"request_id={own} global_request_id={GLOBAL_ID}" in caplog.text) is logged
        assert "forged" not in caplog.text


@pytest.fixture
def service_token(api: Callers) -> str:
    """A token of user glance with the role service, issued two hours later."""
    identity, harness = api.harness.services.identity, api.harness
    with harness.services.database.transaction() as db:
        ctx = harness.ctx(db)
        user = identity.users.create(ctx, NewUser("glance", "default", password=identity.passwords.hash(PASSWORD)))
        roles = {role.name: role.id for role in identity.roles.list(ctx, ListQuery()).items}
        identity.role_assignments.grant(
            ctx, RoleAssignment(roles["service"], "user", user.id, "project", api.projects["admin"])
        )
    harness.clock.advance(2 * HOUR_US)
    return sign_in(api, "glance", api.projects["admin"])


def sign_in(api: Callers, user: str, project_id: str) -> str:
    credentials = {"name": user, "domain": {"id": "default"}, "password": PASSWORD}
    scope = {"project": {"id": project_id}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": credentials}}, "scope": scope}}
    response = api.request("POST", "/identity/v3/auth/tokens", "", json=body)
    assert response.status_code == 201, response.text
    return str(response.headers["x-subject-token"])


def test_services_may_use_an_expired_token(api: Callers, service_token: str) -> None:
    def status(service: str = service_token) -> int:
        headers = {"X-Service-Token": service} if service else {}
        return api.request("GET", "/compute/v2.1/servers", headers=headers).status_code

    member = sign_in(api, "blue-member", api.projects["blue"])
    assert (status(), status(""), status("x"), status(member)) == (200, 401, 401, 401)
    api.harness.clock.advance(DAY_US)
    assert status() == 401, "the service's own token has expired, too"
    assert status(sign_in(api, "glance", api.projects["admin"])) == 200
    api.harness.clock.advance(DAY_US)
    assert status(sign_in(api, "glance", api.projects["admin"])) == 401, "more than two days"


def test_services_may_validate_a_token_with_an_expired_one(api: Callers, service_token: str) -> None:
    subject = sign_in(api, "blue-member", api.projects["blue"])
    headers = {"X-Subject-Token": subject}
    statuses = [
        api.request("GET", "/identity/v3/auth/tokens", "admin", headers={**headers, **service}).status_code
        for service in ({"X-Service-Token": service_token}, {})
    ]
    assert statuses == [200, 401], "the response is not kept for requests without the service's token"


def test_a_revoked_token_is_not_valid_with_a_service_token(api: Callers, service_token: str) -> None:
    owner = sign_in(api, "blue-member", api.projects["blue"])
    api.tokens["owner"] = owner
    revoked = api.request("DELETE", "/identity/v3/auth/tokens", "owner", headers={"X-Subject-Token": owner})
    assert revoked.status_code == 204
    api.harness.clock.advance(2 * HOUR_US)
    other = sign_in(api, "green-member", api.projects["green"])
    api.tokens["other"] = other  # revoking it deletes old revocations
    assert api.request("DELETE", "/identity/v3/auth/tokens", "other", headers={"X-Subject-Token": other}).is_success
    service = {"X-Service-Token": sign_in(api, "glance", api.projects["admin"])}
    assert api.request("GET", "/compute/v2.1/servers", "owner", headers=service).status_code == 401


def test_almanach_has_a_version_document(api: Callers) -> None:
    document = api.request("GET", "/almanach", "").json()
    assert document == api.request("GET", "/almanach/v1", "").json()
    href = f"{api.harness.services.url}/almanach/v1/"
    assert document == {"versions": [{"id": "v1.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}]}]}
