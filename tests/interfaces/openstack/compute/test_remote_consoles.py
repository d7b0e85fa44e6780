"""`/servers/{server_id}/remote-consoles`, the older actions, and `/os-console-auth-tokens`."""

import socket
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from stratiform.connectors.memory.connector import MemoryConnector
from stratiform.contract.server_operations import ServerOperation
from stratiform.kit.clock import SECOND_US
from support.compute_api import ComputeApi


def create(api: ComputeApi, server_id: str, protocol: str = "serial", kind: str = "serial", **options: Any) -> Any:
    body = {"remote_console": {"protocol": protocol, "type": kind}}
    return api("POST", f"/servers/{server_id}/remote-consoles", body, microversion=options.pop("since", 8), **options)


def get_token(console: Any) -> str:
    """Return the token in the address of a console of either type."""
    query = parse_qs(urlsplit(console["url"]).query)
    values: dict[str, list[str]] = query if "token" in query else parse_qs(query["path"][0].partition("?")[2])
    return values["token"][0]


def test_addresses(api: ComputeApi) -> None:
    server_id = api.create_active()
    serial = create(api, server_id).json()["remote_console"]
    assert (serial["protocol"], serial["type"]) == ("serial", "serial")
    assert serial["url"].startswith("ws://127.0.0.1:8780/console?token=")
    vnc = create(api, server_id, "vnc", "novnc").json()["remote_console"]
    assert vnc["url"].startswith("http://127.0.0.1:8780/console/novnc/vnc_lite.html?path=console%3Ftoken%3D")
    assert len({get_token(serial), get_token(vnc)}) == 2


@pytest.mark.parametrize(("action", "kind"), [("os-getVNCConsole", "novnc"), ("os-getSerialConsole", "serial")])
def test_older_actions(api: ComputeApi, action: str, kind: str) -> None:
    server_id = api.create_active()
    status, body = api.action(server_id, {action: {"type": kind}}, microversion=5)
    assert (status, body["console"]["type"]) == (200, kind)
    assert get_token(body["console"])
    assert api.action(server_id, {action: {"type": kind}}, microversion=6)[0] == 404


def test_types_that_no_cloud_has(api: ComputeApi) -> None:
    server_id = api.create_active()
    message = "Unavailable console type spice-html5."
    assert create(api, server_id, "spice", "spice-html5").json()["badRequest"]["message"] == message
    status, body = api.action(server_id, {"os-getSPICEConsole": {"type": "spice-html5"}}, microversion=1)
    assert (status, body["badRequest"]["message"]) == (400, message)
    assert create(api, server_id, "vnc", "serial").json()["badRequest"]["message"] == "Invalid console type serial"
    assert create(api, server_id, "vnc", "telnet").status_code == 400
    assert create(api, server_id, since=5).status_code == 404


def test_clouds_without_consoles(api: ComputeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    server_id = api.create_active()
    monkeypatch.setattr(MemoryConnector, "unsupported", {ServerOperation.SERIAL_CONSOLE: "None."}, raising=False)
    response = create(api, server_id)
    assert response.json()["badRequest"]["message"] == "Unavailable console type serial."
    assert create(api, server_id, "vnc", "novnc").status_code == 200


def test_only_running_servers_have_consoles(api: ComputeApi) -> None:
    server_id = api.create_active()
    token = get_token(create(api, server_id).json()["remote_console"])
    api.action(server_id, {"os-stop": None})
    api.servers.run_worker(2)
    response = create(api, server_id)
    expected = f"Instance {server_id} is not ready"
    assert (response.status_code, response.json()["conflictingRequest"]["message"]) == (409, expected)
    assert show(api, token).status_code == 409


def test_access(api: ComputeApi) -> None:
    server_id = api.create_active()
    assert create(api, server_id, caller="blue").status_code == 404
    assert create(api, server_id, caller="green-reader").status_code == 403
    token = get_token(create(api, server_id).json()["remote_console"])
    assert show(api, token, caller="green").status_code == 403


def show(api: ComputeApi, token: str, **options: Any) -> Any:
    return api("GET", f"/os-console-auth-tokens/{token}", **{"caller": "admin", "microversion": 31, **options})


def test_the_connection_of_a_token(api: ComputeApi) -> None:
    server_id = api.create_active()
    token = get_token(create(api, server_id).json()["remote_console"])
    console = show(api, token).json()["console"]
    assert (console["instance_uuid"], console["internal_access_path"]) == (server_id, None)
    with socket.create_connection((console["host"], console["port"]), timeout=30) as connection:
        assert b"Linux version" in connection.recv(1024)
    assert show(api, token + "x").json()["itemNotFound"]["message"] == "Token not found"


def test_tokens_expire_and_end_with_the_server(api: ComputeApi) -> None:
    server_id = api.create_active()
    first, second = (get_token(create(api, server_id).json()["remote_console"]) for _ in range(2))
    api.servers.harness.clock.advance(599 * SECOND_US)
    assert show(api, first).status_code == 200
    third = get_token(create(api, server_id).json()["remote_console"])
    api.servers.harness.clock.advance(SECOND_US)
    assert [show(api, token).status_code for token in (first, second, third)] == [404, 404, 200]
    api("DELETE", f"/servers/{server_id}")
    api.servers.run_worker(2)
    assert show(api, third).status_code == 404
