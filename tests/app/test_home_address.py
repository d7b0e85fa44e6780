"""The address of a home: who writes it, who remembers it, and which server gets the home's password."""

import fcntl
import os
import signal
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from stratiform.app import home_folder
from support.databases import require
from support.impostor import impostor
from support.ports import free_port
from support.processes import PROGRAM, WAIT_S, clean_environment, running, wait_until
from support.programs import Cli, copy_home, read_last_port


@pytest.fixture
def cli(tmp_path: Path, stopped_home: Path) -> Iterator[Cli]:
    """A home that was started once and stopped."""
    cli = Cli(tmp_path / "home")
    copy_home(stopped_home, cli.home)
    yield cli
    cli.stop()


def contents(home: Path) -> dict[str, bytes]:
    return {str(file.relative_to(home)): file.read_bytes() for file in home.rglob("*") if file.is_file()}


def catalog_urls(home: Path) -> list[str]:
    with closing(sqlite3.connect(home / "stratiform.db")) as db:
        return [url for (url,) in db.execute("SELECT url FROM identity_endpoint ORDER BY id")]


def test_stopped_home_is_served_in_process_without_changing_a_file(cli: Cli) -> None:
    port = read_last_port(cli.home)
    before = contents(cli.home)
    assert f"http://127.0.0.1:{port}/" in before["clouds.yaml"].decode()
    assert f"http://127.0.0.1:{port}/" in before["openrc"].decode()
    assert cli("account", "list", "--format", "json").strip() == "[]"
    assert contents(cli.home) == before


def test_stopped_home_sends_no_password_to_another_program(cli: Cli) -> None:
    port = read_last_port(cli.home)
    with impostor(port) as other:
        assert cli("account", "list", "--format", "json").strip() == "[]"
        environment = clean_environment(
            OS_AUTH_URL=f"{other.url}/identity/v3",
            OS_USERNAME="admin",
            OS_PASSWORD=cli.password("stratiform-admin"),
            OS_PROJECT_NAME="admin",
        )
        command = [*PROGRAM, "account", "list", "--home", str(cli.home)]
        subprocess.run(command, env=environment, capture_output=True, check=True)
    assert other.received == []


def test_stop_leaves_no_file_of_a_running_program_and_the_next_start_has_the_same_port(cli: Cli) -> None:
    port = free_port()
    cli("up", "--detach", "--port", port)
    assert (cli.home / "address").read_text() == f"http://127.0.0.1:{port}"
    cli("down")
    assert {"address", "api.pid", "worker.pid", "collector.pid"} & set(contents(cli.home)) == set()
    assert f"http://127.0.0.1:{port} " in cli("up", "--detach")
    assert httpx.get(f"http://127.0.0.1:{port}/identity/v3", timeout=WAIT_S).is_success


def has_ipv6() -> bool:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return False
        return True


def test_ipv6_address_is_in_brackets_in_every_url(cli: Cli) -> None:
    require("IPv6", has_ipv6())
    port = free_port()
    url = f"http://[::1]:{port}"
    assert f"ready: {url} " in cli("up", "--detach", "--host", "::1", "--port", port)
    assert (cli.home / "address").read_text() == url
    assert f"export OS_AUTH_URL='{url}/identity/v3'" in (cli.home / "openrc").read_text()
    assert set(catalog_urls(cli.home)) and all(address.startswith(f"{url}/") for address in catalog_urls(cli.home))
    assert f"responds at {url}" in cli("status")
    assert [server.name for server in cli.connect().compute.servers()] == []
    assert cli("account", "list", "--format", "json").strip() == "[]"
    listening_again = cli.run("api", "--host", "::1", "--port", port)
    assert "is already running" in listening_again.stderr
    cli("down")
    assert cli("account", "list", "--format", "json").strip() == "[]", "served in the process of the command"
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("::1", port))
        other.listen()
        assert f"Cannot listen on ::1 port {port}: Address already in use" in cli("up", exit_code=1)


def test_port_in_the_settings_takes_precedence_over_the_last_one(cli: Cli) -> None:
    port = free_port()
    (cli.home / "stratiform.toml").write_text(f"port = {port}\n")
    assert f"http://127.0.0.1:{port} " in cli("up", "--detach")


def test_remains_of_a_killed_program_are_not_taken_for_a_running_one(cli: Cli) -> None:
    port = free_port()
    command = [*PROGRAM, "--home", str(cli.home), "up", "--port", str(port)]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Stratiform is ready" in process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(WAIT_S)
    assert (cli.home / "address").exists()
    with impostor(port) as other:
        assert cli("account", "list", "--format", "json").strip() == "[]"
        assert "not running" in cli("status", exit_code=3)
    assert other.received == []
    assert "No program is running" in cli("down")
    assert {"address", "api.pid", "worker.pid", "collector.pid"} & set(contents(cli.home)) == set()


def test_program_that_does_not_listen_writes_no_address(cli: Cli) -> None:
    before = {name: (cli.home / name).read_bytes() for name in ("clouds.yaml", "openrc", "listen.toml")}
    catalog = catalog_urls(cli.home)
    environment = clean_environment(STRATIFORM_PORT=str(free_port()))
    with running([*PROGRAM, "--home", str(cli.home), "worker"], env=environment, stdout=subprocess.PIPE) as worker:
        assert worker.stdout is not None
        assert b"Stratiform is ready" in worker.stdout.readline()
        assert not (cli.home / "address").exists()
    assert {name: (cli.home / name).read_bytes() for name in before} == before
    assert catalog_urls(cli.home) == catalog


def test_two_homes_never_share_a_port(tmp_path: Path) -> None:
    """They start at once; a server of the same user could bind the port of the other."""
    port = free_port()
    commands = [[*PROGRAM, "--home", str(tmp_path / name), "api", "--port", str(port)] for name in ("a", "b")]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": clean_environment()}
    with running(commands[0], **options) as first, running(commands[1], **options) as second:
        wait_until(lambda: first.poll() is not None or second.poll() is not None, "both share the port")
        refused, serving = (first, second) if first.poll() is not None else (second, first)
        assert refused.stderr is not None
        assert "Address already in use" in refused.stderr.read()
        assert serving.stdout is not None
        assert "Stratiform is ready" in serving.stdout.readline()


def test_running_home_is_reached_without_a_proxy(cli: Cli) -> None:
    cli("up", "--detach", "--port", free_port())
    with impostor() as proxy:
        environment = clean_environment(HTTP_PROXY=proxy.url, http_proxy=proxy.url, ALL_PROXY=proxy.url)
        command = [*PROGRAM, "account", "list", "--format", "json", "--home", str(cli.home)]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert (result.stdout.strip(), proxy.received) == ("[]", [])


def test_command_in_a_home_with_an_older_schema_is_refused(cli: Cli) -> None:
    cli("db", "downgrade", "0086", "--yes")
    assert "`stratiform up`" in cli.error_line("account", "list")


def test_status_does_not_prevent_a_start(tmp_path: Path) -> None:
    """`status` locks the pid file for an instant to see whether the program runs."""
    path = tmp_path / "api.pid"
    path.touch()
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        timer = threading.Timer(0.05, lambda: fcntl.flock(other, fcntl.LOCK_UN))
        timer.start()
        with home_folder.lock_programs(tmp_path, ("api",)):
            assert path.read_text() == str(os.getpid())
        timer.join()
