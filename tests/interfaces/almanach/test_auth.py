"""What opens the API: the private key, tokens of ours, tokens of another Keystone."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3
from litestar.testing import TestClient

from stratiform.app import almanach as wiring
from stratiform.app.settings import Settings
from stratiform.interfaces.almanach.auth import Almanach
from stratiform.interfaces.almanach.keystone import RemoteKeystone, ServiceUser
from stratiform.kit.clock import SECOND_US, iso, parse_iso
from stratiform.kit.errors import Invalid, Unauthenticated, Unavailable
from support.almanach import ALWAYS, INSTANCE, almanach
from support.server import Live, live_server
from support.stacks import Bench

NOW = parse_iso("2026-01-02T00:00:00Z")
ADMIN = ServiceUser("admin", "admin-pass", project_name="admin")


class Keystone(BaseHTTPRequestHandler):
    """Signs anyone in, and answers for tokens what the test has put down for them."""

    tokens: dict[str, tuple[int, Any]] = {}
    asked: list[str] = []

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = {"token": {"expires_at": "2999-01-01T00:00:00.000000Z", "issued_at": "2026-01-01T00:00:00.000000Z"}}
        self._answer(201, body, {"X-Subject-Token": "service-token"})

    def do_GET(self) -> None:
        token = self.headers.get("X-Subject-Token", "")
        self.asked.append(token)
        self._answer(*self.tokens.get(token, (404, {"error": {"code": 404}})))

    def _answer(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
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
    Keystone.tokens, Keystone.asked = {name: (200, body) for name, body in tokens.items()}, []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Keystone)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield RemoteKeystone(f"http://127.0.0.1:{server.server_port}/v3/", ServiceUser("u", "p")), Keystone.asked
    finally:
        server.shutdown()
        server.server_close()


def token(*roles: str, ends: int = NOW + 3600 * SECOND_US, **more: Any) -> Any:
    return {
        "token": {
            "user": {"id": "u1", "name": "jane"},
            "project": {"id": "p", "name": "project"},
            "roles": [{"id": role, "name": role} for role in roles],
            "expires_at": iso(ends),
            **more,
        }
    }


@pytest.fixture
def still(stack_bench: Bench) -> Bench:
    stack_bench.clock.at = NOW
    return stack_bench


def test_without_a_key_no_text_is_the_key(still: Bench) -> None:
    with almanach(still, private_key="") as api:
        for text in ("", "x"):
            assert api("GET", "/volume_types", who="", headers={"X-Auth-Token": text}).status_code == 401


def test_by_key_alone_a_token_opens_nothing(still: Bench) -> None:
    with almanach(still, keystone=None) as api:
        assert api("GET", "/volume_types", who="admin").status_code == 401
        assert api("GET", "/volume_types", who="key").status_code == 200


def test_a_token_for_no_project_sees_no_project(still: Bench) -> None:
    with (
        keystone(domain=token("reader", project=None, domain={"id": "d"})) as (remote, _),
        almanach(still, keystone=remote) as api,
    ):
        headers = {"X-Auth-Token": "domain"}
        assert api("GET", f"/project/p/entities?{ALWAYS}", who="", headers=headers).status_code == 404
        assert api("GET", "/entity/i-1", who="", headers=headers).status_code == 403


@pytest.mark.parametrize(
    ("roles", "reads", "tells"),
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
def test_roles_of_another_keystone(still: Bench, roles: tuple[str, ...], reads: int, tells: int) -> None:
    with keystone(good=token(*roles)) as (remote, _), almanach(still, keystone=remote) as api:
        headers = {"X-Auth-Token": "good"}
        assert api("GET", f"/project/p/entities?{ALWAYS}", who="", headers=headers).status_code == reads
        assert api("POST", "/project/p/instance", INSTANCE, who="", headers=headers).status_code == tells


def test_the_whole_system_s_reader_reads_all(still: Bench) -> None:
    auditor = token("reader", project=None, system={"all": True})
    with keystone(auditor=auditor) as (remote, _), almanach(still, keystone=remote) as api:
        api.ok("POST", "/project/other/instance", INSTANCE)
        found = api("GET", f"/project/other/entities?{ALWAYS}", who="", headers={"X-Auth-Token": "auditor"})
        assert len(found.json()) == 1


def test_an_answer_is_kept_for_a_minute_and_not_longer_than_the_token(still: Bench) -> None:
    tokens = {"long": token("reader"), "short": token("reader", ends=NOW + 5 * SECOND_US)}
    with keystone(**tokens) as (remote, asked):
        for _ in range(3):
            assert remote(still.services, "long").project_id == "p"
            assert remote(still.services, "short").user_name == "jane"
        assert asked == ["long", "short"]
        still.clock.advance(5 * SECOND_US)
        with pytest.raises(Unauthenticated):
            remote(still.services, "short")
        still.clock.advance(54 * SECOND_US)
        remote(still.services, "long")
        assert asked == ["long", "short", "short"]
        still.clock.advance(1 * SECOND_US)
        Keystone.tokens.clear()
        with pytest.raises(Unauthenticated):
            remote(still.services, "long")


def test_no_more_than_a_thousand_answers_are_kept(still: Bench) -> None:
    with keystone(**{f"t{number}": token("reader") for number in range(1002)}) as (remote, asked):
        for number in range(1002):
            remote(still.services, f"t{number}")
        remote(still.services, "t1001")
        assert len(asked) == 1002
        remote(still.services, "t0")
        assert len(asked) == 1003


@pytest.mark.parametrize(
    "answer",
    [(403, {}), (500, b"<html>"), (200, b"no json"), (200, {}), (200, {"token": {"user": {}}}), (200, {"token": 5})],
)
def test_what_isnt_understood_of_another_keystone_is_no_yes(still: Bench, answer: tuple[int, Any]) -> None:
    with keystone() as (remote, _):
        Keystone.tokens["odd"] = answer
        with pytest.raises(Unavailable):
            remote(still.services, "odd")


def test_a_keystone_that_is_away_is_told(still: Bench) -> None:
    away = RemoteKeystone("http://127.0.0.1:9/v3", ServiceUser("u", "hush"))
    with almanach(still, keystone=away) as api:
        answer = api("GET", "/volume_types", who="", headers={"X-Auth-Token": "x"})
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/json")
        assert "hush" not in answer.text
        assert api("GET", "/volume_types", who="key").status_code == 200, "the key needs no Keystone"


@pytest.mark.parametrize("odd", ["\u00e9".encode(), b"a\tb"])
def test_what_can_be_no_token_isnt_asked_for(still: Bench, odd: bytes) -> None:
    with keystone() as (remote, asked), almanach(still, keystone=remote) as api:
        assert api("GET", "/volume_types", who="", headers={"X-Auth-Token": odd}).status_code == 401
        assert asked == []


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live_server(tmp_path_factory.mktemp("live")) as made:
        yield made


def test_a_real_keystone_s_protocol(live: Live, still: Bench) -> None:
    """Ours, over the wire: the same answers as Keystone's, by the same library."""
    auth = v3.Password(
        f"{live.url}/identity/v3", username="demo", password="demo-pass", user_domain_name="Default",
        project_name="demo", project_domain_name="Default",
    )  # fmt: skip
    demo = str(session.Session(auth=auth).get_token())
    remote = RemoteKeystone(f"{live.url}/identity", ADMIN)
    still.clock.at = live.services.clock.now()
    caller = remote(still.services, demo)
    assert (caller.user_name, caller.project_name) == ("demo", "demo")
    assert caller.roles == {"member", "reader"}
    with pytest.raises(Unauthenticated):
        remote(still.services, demo[:-4] + "AAAA")
    wrong = RemoteKeystone(f"{live.url}/identity", ServiceUser("admin", "wrong", project_name="admin"))
    with pytest.raises(Unavailable, match="Unauthorized"):
        wrong(still.services, demo)


def test_settings_choose(tmp_path: Path, still: Bench) -> None:
    both = Settings(home=tmp_path, almanach_auth="token,keystone", almanach_private_key="k", collector_cloud="c")
    served = wiring.almanach(both)
    assert (served.private_key, served.cloud, served.keystone) == ("k", "c", Almanach().keystone)
    assert wiring.almanach(Settings(home=tmp_path, almanach_private_key="k")).private_key == ""
    remote = Settings(home=tmp_path, almanach_keystone_url="http://keystone:5000", almanach_keystone_password="hush")
    assert isinstance(wiring.almanach(remote).keystone, RemoteKeystone)
    assert "hush" not in repr(wiring.almanach(remote))
    alone = Settings(home=tmp_path, almanach_auth="private_key", almanach_private_key="k")
    with TestClient(wiring.application(still.services, wiring.almanach(alone))) as http:
        assert http.get("/v1/volume_types", headers={"X-Auth-Token": "k"}).json() == []


def test_a_key_must_be_there_where_it_is_to_open(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="almanach_private_key"):
        wiring.almanach(Settings(home=tmp_path, almanach_auth="private_key"))
