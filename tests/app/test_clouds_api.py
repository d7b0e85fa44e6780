"""The Clouds API: its entry in the catalog, and the listener on a port of its own."""

from pathlib import Path

import httpx
import pytest

from stratiform.app.bootstrap import CATALOG
from stratiform.app.settings import Settings
from support.ports import free_port
from support.programs import Cli


@pytest.fixture
def cli(home: Path) -> Cli:
    return Cli(home)


def start(cli: Cli, clouds_port: int, port: int | None = None) -> None:
    arguments = ("up", "--detach", "--port", port or free_port())
    result = cli.run(*arguments, STRATIFORM_CLOUDS_PORT=clouds_port)
    assert result.returncode == 0, result.stderr


def test_default_port_and_catalog(home: Path) -> None:
    assert Settings(home=home).clouds_port == 9366
    assert [service.path for service in CATALOG if service.type == "clouds"] == ["/api/v1"]


def test_listener_serves_the_rest_api(cli: Cli) -> None:
    port = free_port()
    try:
        start(cli, port)
        connection = cli.connect("stratiform-admin")
        url = f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/healthcheck").status_code == 200
        assert httpx.get(f"{url}/api/v1/clouds").status_code == 401
        response = httpx.get(f"{url}/api/v1/clouds", headers={"X-Auth-Token": str(connection.auth_token)})
        assert [cloud["name"] for cloud in response.json()["clouds"]] == ["memory"]
        entry = next(service for service in connection.service_catalog if service["type"] == "clouds")
        assert {endpoint["interface"] for endpoint in entry["endpoints"]} == {"public", "internal", "admin"}
        assert httpx.get(f"{url}/identity/v3").status_code == 404
    finally:
        cli.stop()


def test_used_port_does_not_prevent_the_start(cli: Cli, tmp_path: Path) -> None:
    port, other = free_port(), Cli(tmp_path / "other")
    try:
        start(other, port)
        start(cli, port)
        log = (cli.home / "stratiform.log").read_text()
        assert "clouds_port is not available" in log
        assert f"port={port} error='Address already in use'" in log
        assert "clouds_port" not in (other.home / "stratiform.log").read_text()
    finally:
        other.stop()
        cli.stop()


def test_port_of_the_api_does_not_prevent_the_start(cli: Cli) -> None:
    port = free_port()
    try:
        start(cli, port, port)
        assert "clouds_port is not available" in (cli.home / "stratiform.log").read_text()
    finally:
        cli.stop()
