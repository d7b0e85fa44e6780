"""Headers of every response, and what errors reveal."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import stratiform.interfaces.portal as portal
from stratiform.app import almanach
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.kit.database import Database
from support.callers import PASSWORD, Callers, open_callers
from support.raw_requests import fill_in, list_routes
from support.stacks import ServiceHarness

pytestmark = pytest.mark.thorough

TEMPLATES = Path(portal.__file__).parent / "templates"

#: A database server that does not exist; none of this is in a response.
SECRETS = ("127.0.0.9", "port 9", "ledger_of_acme", "stratiform_role", "hunter2")
NO_DATABASE = "postgresql+psycopg://stratiform_role:hunter2@127.0.0.9:9/ledger_of_acme"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Callers]:
    service_harness.services.stopping.set()
    with open_callers(service_harness) as callers:
        yield callers


def responses(api: Callers, caller: str) -> Iterator[tuple[str, Any]]:
    for method, path in [*list_routes(api), ("GET", "/nothing"), ("GET", "/dashboard/nothing"), ("PUT", "/image/v2")]:
        url = fill_in(path, "x")
        yield f"{method} {path}", api.request(method, url, caller, follow_redirects=False)


@pytest.mark.parametrize("caller", ["", "admin"])
def test_every_response_has_safe_headers(api: Callers, caller: str) -> None:
    for route, response in responses(api, caller):
        headers = response.headers
        assert headers["x-content-type-options"] == "nosniff", route
        assert headers["referrer-policy"] == "same-origin", route
        assert headers["cache-control"] == "no-store" or "static" in route, route
        assert "unsafe" not in headers["content-security-policy"], route
        assert "default-src 'none'" in headers["content-security-policy"], route
        assert "frame-ancestors 'none'" in headers["content-security-policy"], route
        assert "strict-transport-security" not in headers, route
        assert len(headers.get_list("cache-control")) == len(headers.get_list("content-security-policy")) == 1, route


def test_tokens_are_not_stored_by_caches(api: Callers) -> None:
    user = {"name": "green-member", "domain": {"id": "default"}, "password": PASSWORD}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}}}
    issued = api.request("POST", "/identity/v3/auth/tokens", "", json=body)
    subject = {"X-Subject-Token": issued.headers["x-subject-token"]}
    validated = api.request("GET", "/identity/v3/auth/tokens", "admin", headers=subject)
    for response in (issued, validated):
        assert response.is_success
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["vary"] == "X-Auth-Token"


def test_browsers_return_by_tls_only_if_the_address_has_it(api: Callers) -> None:
    state: Any = api.client.app
    state = state.state
    state.services = replace(api.harness.services, url="https://cloud.example")
    for path in ("/identity/v3", "/dashboard/sign-in", "/api/v1/clouds", "/nothing"):
        response = api.request("GET", path, "")
        assert response.headers["strict-transport-security"] == "max-age=31536000", path
    page = api.client.post(
        "/dashboard/sign-in", data={"user": "green-member", "password": PASSWORD}, follow_redirects=False
    )
    assert "Secure" in page.headers["set-cookie"]


def test_forwarded_headers_change_nothing(api: Callers) -> None:
    """Anyone can send them. Addresses come from public_url only."""
    forged = {
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-For": "192.0.2.66",
        "X-Original-URL": "/evil",
        "Forwarded": "host=evil.example;proto=https",
        "Host": "evil.example",
    }
    for caller in ("", "admin"):
        for method, path in list_routes(api):
            if method == "GET":
                response = api.request(method, fill_in(path, "x"), caller, headers=forged, follow_redirects=False)
                text = response.text + str(response.headers)
                assert "evil" not in text, (path, text)
                assert "strict-transport-security" not in response.headers


def test_forms_are_accepted_behind_a_proxy_that_replaces_the_host(api: Callers) -> None:
    state: Any = api.client.app
    state.state.services = replace(api.harness.services, url="https://cloud.example")
    fields = {"user": "green-member", "password": PASSWORD}
    for origin, host, status in (
        ("https://cloud.example", "127.0.0.1:8780", 303),
        ("https://cloud.example", "cloud.example", 303),
        ("https://evil.example", "cloud.example", 403),
        ("null", "cloud.example", 403),
    ):
        headers = {"Origin": origin, "Host": host}
        response = api.client.post("/dashboard/sign-in", data=fields, headers=headers, follow_redirects=False)
        assert response.status_code == status, (origin, host)


def test_malformed_forms_are_invalid(api: Callers) -> None:
    response = api.client.post("/dashboard/sign-in", content=b"user=\xff")
    assert response.status_code == 400


def test_pages_have_no_inline_scripts_and_styles() -> None:
    """The content security policy forbids them."""
    pages = {file.name: file.read_text() for file in TEMPLATES.glob("*.html")}
    assert len(pages) >= 4
    for name, text in pages.items():
        assert re.search(r"<script|<style|javascript:|\son[a-z]+=|\sstyle=", text) is None, name


def test_errors_of_the_database_reveal_neither_host_nor_name(api: Callers, caplog: pytest.LogCaptureFixture) -> None:
    """Of every route, for an anonymous caller and for one with a token; the log has the reason."""
    state: Any = api.client.app
    state.state.services = replace(api.harness.services, database=Database(NO_DATABASE))
    unavailable = 0
    for caller in ("", "green"):
        for route, response in responses(api, caller):
            unavailable += response.status_code == 503
            assert not any(secret in response.text for secret in SECRETS), (route, response.text)
            assert response.status_code != 500, (route, response.text)
    assert unavailable > 300
    assert "port 9 failed" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize(
    "path", ["/identity/v3/projects", "/api/v1/clouds", "/dashboard/invoices", "/almanach/v1/volume_types"]
)
def test_unexpected_errors_are_logged_with_the_request(
    api: Callers, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    state: Any = api.client.app
    broken: Any = None
    state.state.services = replace(api.harness.services, database=broken)
    response = api.request("GET", path, "admin")
    assert (response.status_code, "NoneType" in response.text) == (500, False)
    request_id = response.headers["x-openstack-request-id"]
    assert caplog.messages.count(f"unexpected error method=GET path='{path}' request_id={request_id}") == 1
    assert "AttributeError: 'NoneType'" in caplog.text


def test_the_listener_of_almanach_has_the_same_headers(service_harness: ServiceHarness) -> None:
    from litestar.testing import TestClient

    with TestClient(almanach.build_application(service_harness.services, AlmanachSettings())) as client:
        for path in ("/info", "/nothing"):
            assert client.get(path).headers["x-content-type-options"] == "nosniff"
