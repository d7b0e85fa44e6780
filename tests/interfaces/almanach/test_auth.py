"""Authentication: by private key, by tokens of this installation, by tokens of a remote Keystone."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3
from litestar.testing import TestClient

from stratiform.app.almanach import build_application, build_settings
from stratiform.app.settings import Settings
from stratiform.interfaces.almanach.keystone_validator import RemoteKeystone
from stratiform.interfaces.almanach.settings import AlmanachSettings
from stratiform.kit.clock import SECOND_US, format_iso, parse_iso
from stratiform.kit.errors import Invalid, Unauthenticated, Unavailable
from stratiform.services.identity.model.keystone import KeystoneSettings
from support.almanach import ANY_TIME, INSTANCE, almanach_client
from support.server import Live, live_server
from support.stacks import ServiceHarness

NOW = parse_iso("2026-01-02T00:00:00Z")


def admin_of(live: Live) -> KeystoneSettings:
    return KeystoneSettings(f"{live.url}/identity", "admin", "admin-pass", project="admin")


class Keystone(BaseHTTPRequestHandler):
    """A Keystone that accepts every password, with the responses for the tokens of the test."""

    tokens: dict[str, tuple[int, Any]] = {}
    validated: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = {"token": {"expires_at": "2999-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z"}}
        self._respond(201, body, {"X-Subject-Token": "service-token"})

    def do_GET(self) -> None:
        token = self.headers.get("X-Subject-Token", "")
        self.validated.append(token)
        self._respond(*self.tokens.get(token, (404, {"error": {"code": 404}})))

    def _respond(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        text = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(text)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def keystone(**tokens: Any) -> Iterator[tuple[RemoteKeystone, list[str]]]:
    Keystone.tokens, Keystone.validated = {name: (200, body) for name, body in tokens.items()}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keystone)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield (
            RemoteKeystone(KeystoneSettings(f"http://127.0.0.1:{server.server_port}/v3/", "u", "p")),
            Keystone.validated,
        )
    finally:
        server.shutdown()
        server.server_close()


def token(*roles: str, expires_at: int = NOW + 3600 * SECOND_US, **fields: Any) -> Any:
    return {
        "token": {
            "user": {"id": "u1", "name": "jane"},
            "project": {"id": "p", "name": "project"},
            "roles": [{"id": role, "name": role} for role in roles],
            "expires_at": format_iso(expires_at),
            **fields,
        }
    }


@pytest.fixture
def harness(service_harness: ServiceHarness) -> ServiceHarness:
    service_harness.clock.at = NOW
    return service_harness


def test_empty_private_key_authenticates_nobody(harness: ServiceHarness) -> None:
    with almanach_client(harness, private_key="") as client:
        for text in ("", "x"):
            assert client.request("GET", "/volume_types", user="", headers={"X-Auth-Token": text}).status_code == 401


def test_tokens_are_rejected_without_validator(harness: ServiceHarness) -> None:
    with almanach_client(harness, validate_token=None) as client:
        assert client.request("GET", "/volume_types", user="admin").status_code == 401
        assert client.request("GET", "/volume_types", user="key").status_code == 200


def test_token_without_project_sees_no_project(harness: ServiceHarness) -> None:
    with (
        keystone(domain=token("reader", project=None, domain={"id": "d"})) as (remote, _),
        almanach_client(harness, validate_token=remote) as client,
    ):
        headers = {"X-Auth-Token": "domain"}
        assert client.request("GET", f"/project/p/entities?{ANY_TIME}", user="", headers=headers).status_code == 404
        assert client.request("GET", "/entity/i-1", user="", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("roles", "read_status", "write_status"),
    [
        (("admin",), 200, 201),
        (("Admin",), 200, 201),
        (("service",), 403, 201),
        (("member",), 200, 403),
        (("_member_",), 200, 403),
        (("Member",), 200, 403),
        (("reader",), 200, 403),
        (("heat_stack_owner",), 403, 403),
        ((), 403, 403),
    ],
)
def test_roles_of_remote_keystone(
    harness: ServiceHarness, roles: tuple[str, ...], read_status: int, write_status: int
) -> None:
    with keystone(good=token(*roles)) as (remote, _), almanach_client(harness, validate_token=remote) as client:
        headers = {"X-Auth-Token": "good"}
        assert (
            client.request("GET", f"/project/p/entities?{ANY_TIME}", user="", headers=headers).status_code
            == read_status
        )
        assert (
            client.request("POST", "/project/p/instance", INSTANCE, user="", headers=headers).status_code
            == write_status
        )


def test_system_reader_reads_all_projects(harness: ServiceHarness) -> None:
    auditor = token("reader", project=None, system={"all": True})
    with keystone(auditor=auditor) as (remote, _), almanach_client(harness, validate_token=remote) as client:
        client.ok("POST", "/project/other/instance", INSTANCE)
        response = client.request(
            "GET", f"/project/other/entities?{ANY_TIME}", user="", headers={"X-Auth-Token": "auditor"}
        )
        assert len(response.json()) == 1


def test_validated_tokens_are_cached_for_a_minute_or_until_they_expire(harness: ServiceHarness) -> None:
    tokens = {"long": token("reader"), "short": token("reader", expires_at=NOW + 5 * SECOND_US)}
    with keystone(**tokens) as (remote, validated):
        for _ in range(3):
            assert remote(harness.services, "long").project_id == "p"
            assert remote(harness.services, "short").user_name == "jane"
        assert validated == ["long", "short"]
        harness.clock.advance(5 * SECOND_US)
        with pytest.raises(Unauthenticated):
            remote(harness.services, "short")
        harness.clock.advance(54 * SECOND_US)
        remote(harness.services, "long")
        assert validated == ["long", "short", "short"]
        harness.clock.advance(1 * SECOND_US)
        Keystone.tokens.clear()
        with pytest.raises(Unauthenticated):
            remote(harness.services, "long")


@pytest.mark.thorough
def test_cache_holds_a_thousand_tokens(harness: ServiceHarness) -> None:
    with keystone(**{f"t{number}": token("reader") for number in range(1002)}) as (remote, validated):
        for number in range(1002):
            remote(harness.services, f"t{number}")
        remote(harness.services, "t1001")
        assert len(validated) == 1002
        remote(harness.services, "t0")
        assert len(validated) == 1003


@pytest.mark.parametrize(
    "response",
    [(403, {}), (500, b"<html>"), (200, b"no json"), (200, {}), (200, {"token": {"user": {}}}), (200, {"token": 5})],
)
def test_invalid_response_of_keystone_is_unavailable(harness: ServiceHarness, response: tuple[int, Any]) -> None:
    with keystone() as (remote, _):
        Keystone.tokens["odd"] = response
        with pytest.raises(Unavailable):
            remote(harness.services, "odd")


def test_unreachable_keystone_is_unavailable(harness: ServiceHarness) -> None:
    unreachable = RemoteKeystone(KeystoneSettings("http://127.0.0.1:9/v3", "u", "hush"))
    with almanach_client(harness, validate_token=unreachable) as client:
        response = client.request("GET", "/volume_types", user="", headers={"X-Auth-Token": "x"})
        assert (response.status_code, response.headers["content-type"]) == (503, "application/json")
        assert "hush" not in response.text
        assert client.request("GET", "/volume_types", user="key").status_code == 200, "the key needs no Keystone"


def test_credential_with_access_rules_is_rejected(harness: ServiceHarness) -> None:
    """The rules name services of OpenStack, of which this API is none."""
    restricted = {"id": "c", "name": "c", "restricted": True, "access_rules": [{"service": "compute"}]}
    with keystone(
        rules=token("member", application_credential=restricted),
        free=token("member", application_credential={**restricted, "access_rules": None}),
    ) as (remote, _):
        with pytest.raises(Unauthenticated):
            remote(harness.services, "rules")
        assert remote(harness.services, "free").user_name == "jane"


@pytest.mark.parametrize("value", ["\u00e9".encode(), b"a\tb"])
def test_invalid_characters_are_rejected_without_request(harness: ServiceHarness, value: bytes) -> None:
    with keystone() as (remote, validated), almanach_client(harness, validate_token=remote) as client:
        assert client.request("GET", "/volume_types", user="", headers={"X-Auth-Token": value}).status_code == 401
        assert validated == []


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(tmp_path_factory.mktemp("live")) as live:
        yield live


def test_keystone_protocol(live: Live, harness: ServiceHarness) -> None:
    """Validate tokens over HTTP with keystoneauth, which a remote Keystone is called with too."""
    auth = v3.Password(
        f"{live.url}/identity/v3", username="demo", password="demo-pass", user_domain_name="Default",
        project_name="demo", project_domain_name="Default",
    )  # fmt: skip
    demo = str(session.Session(auth=auth).get_token())
    remote = RemoteKeystone(admin_of(live))
    harness.clock.at = live.services.clock.now()
    caller = remote(harness.services, demo)
    assert (caller.user_name, caller.project_name) == ("demo", "demo")
    assert caller.roles == {"member", "reader"}
    with pytest.raises(Unauthenticated):
        remote(harness.services, demo[:-4] + "AAAA")
    wrong = RemoteKeystone(replace(admin_of(live), password="wrong"))
    with pytest.raises(Unavailable, match="Unauthorized"):
        wrong(harness.services, demo)


def test_settings(tmp_path: Path, harness: ServiceHarness) -> None:
    both = Settings(home=tmp_path, almanach_auth="token,keystone", almanach_private_key="k", collector_cloud="c")
    settings = build_settings(both)
    assert (settings.private_key, settings.cloud) == ("k", "c")
    assert settings.validate_token == AlmanachSettings().validate_token
    assert build_settings(Settings(home=tmp_path, almanach_private_key="k")).private_key == ""
    remote = Settings(home=tmp_path, almanach_keystone_url="http://keystone:5000", almanach_keystone_password="hush")
    assert isinstance(build_settings(remote).validate_token, RemoteKeystone)
    assert "hush" not in repr(build_settings(remote))
    key_only = Settings(home=tmp_path, almanach_auth="private_key", almanach_private_key="k")
    with TestClient(build_application(harness.services, build_settings(key_only))) as http:
        assert http.get("/v1/volume_types", headers={"X-Auth-Token": "k"}).json() == []


def test_private_key_is_required_for_authentication_by_key(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="almanach_private_key"):
        build_settings(Settings(home=tmp_path, almanach_auth="private_key"))
