"""Start and stop the programs from the command line."""

import json
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from support.ports import free_port
from support.processes import PROGRAM, WAIT_S, running, wait_until
from support.programs import Cli, copy_home


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "home")
    yield cli
    cli.stop()


@pytest.fixture
def stopped(cli: Cli, stopped_home: Path) -> Cli:
    """A home that was started once and stopped."""
    copy_home(stopped_home, cli.home)
    return cli


def test_first_start_creates_credentials_and_later_starts_keep_them(cli: Cli) -> None:
    port = free_port()
    assert "Stratiform is ready" in cli("up", "--detach", "--port", port)
    assert "Stratiform is ready" in (cli.home / "stratiform.log").read_text()
    entries = yaml.safe_load((cli.home / "clouds.yaml").read_text())["clouds"]
    assert set(entries) == {"stratiform-admin", "stratiform-demo"}
    assert (cli.home / "clouds.yaml").stat().st_mode & 0o077 == 0
    assert "export OS_AUTH_URL" in (cli.home / "openrc").read_text()
    assert f"http://127.0.0.1:{port}" in cli("status")
    assert "Stopped" in cli("down")
    assert "not running" in cli("status", exit_code=3)

    cli("up", "--detach", "--port", port)
    assert yaml.safe_load((cli.home / "clouds.yaml").read_text())["clouds"] == entries


def test_second_start_in_the_same_home_is_refused(stopped: Cli) -> None:
    stopped("up", "--detach", "--port", free_port())
    assert "is already running" in stopped.error_line("up", "--port", free_port())


def test_start_on_a_port_in_use_is_refused(cli: Cli) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert "Address already in use" in cli.error_line("up", "--port", listener.getsockname()[1])


def test_sigterm_ends_the_program_with_exit_code_0(cli: Cli) -> None:
    port = free_port()
    command = [*PROGRAM, "--home", str(cli.home), "up", "--port", str(port)]
    with running(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "Stratiform is ready" in process.stdout.readline()
        assert httpx.get(f"http://127.0.0.1:{port}/identity/v3", timeout=WAIT_S).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_S) == 0


def test_api_and_worker_run_as_separate_programs(cli: Cli) -> None:
    command = [*PROGRAM, "--home", str(cli.home)]
    with (
        running([*command, "api", "--port", str(free_port())], stdout=subprocess.DEVNULL) as api,
        running([*command, "worker"], stdout=subprocess.DEVNULL) as worker,
    ):
        wait_until((cli.home / "address").exists, "the API did not start")
        wait_until(lambda: cli("status").count("running, process") == 2, "API and worker do not run")
        assert "No message bus is configured" in cli("collector", exit_code=1)
        for process in (api, worker):
            process.terminate()
            assert process.wait(WAIT_S) == 0


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("prot = 1", "unknown setting 'prot'"),
        ('port = "x"', "port in"),
        ('database_url = "nosuch://x"', "database"),
        ('database_url = "sqlite:///"', "database"),
        ('database_url = "postgresql+psycopg://u@h:port/x"', "database"),
    ],
)
def test_invalid_settings_are_refused(cli: Cli, setting: str, message: str) -> None:
    cli.write_settings(setting + "\n")
    assert message in cli.error_line("up", "--port", free_port())


def test_settings_are_checked_before_the_port_is_bound(cli: Cli) -> None:
    cli.write_settings('database_url = "nosuch://x"\n')
    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert "database" in cli.error_line("up", "--port", listener.getsockname()[1])


def test_start_without_the_database_server_is_refused(cli: Cli) -> None:
    url = f"postgresql+psycopg://nobody:hunter2@127.0.0.1:{free_port()}/x"
    cli.write_settings(f'database_url = "{url}"\n')
    error = cli.error_line("up", "--port", free_port())
    assert "the database is not available" in error
    assert "hunter2" not in error


@pytest.mark.parametrize(
    ("settings", "subject"),
    [
        ('collector_url = "rabbit://guest:hunter2@127.0.0.1:x/"', "collector_url"),
        ('[[sources]]\nurl = "rabbit://one/"\n[[sources]]\nurl = "rabbit://guest:hunter2@two:x/"', "number 2"),
    ],
)
@pytest.mark.parametrize("program", ["collector", "up"])
def test_invalid_bus_addresses_are_refused_before_the_start(
    cli: Cli, program: str, settings: str, subject: str
) -> None:
    cli.write_settings(settings + "\n")
    arguments = ("--port", free_port()) if program == "up" else ()
    error = cli.error_line(program, *arguments)
    assert f"{subject} is not a valid transport URL" in error
    assert "hunter2" not in error
    assert not (cli.home / "stratiform.db").exists()


def test_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for command in (["up", "--port", free_port()], ["db", "list"], ["usage", "list"]):
        assert str(file) in Cli(file).error_line(*command)


def test_database_of_another_home_is_refused_without_its_keys(stopped: Cli, tmp_path: Path) -> None:
    stopped("up", "--detach")
    other = Cli(tmp_path / "other")
    other.home.mkdir()
    (other.home / "stratiform.toml").write_text(f'database_url = "sqlite:///{stopped.home}/stratiform.db"\n')
    assert "are lost or corrupt" in other("up", "--port", free_port(), exit_code=1)
    assert not (other.home / "clouds.yaml").exists()
    assert not (other.home / "keys").exists()

    shutil.copytree(stopped.home / "keys", other.home / "keys")
    assert "does not contain the operator's password" in other.error_line("up", "--port", free_port())
    shutil.copy(stopped.home / "clouds.yaml", other.home)
    try:
        other("up", "--detach", "--port", free_port())
        assert "memory:memory" in other("clouds", "check", "memory")
    finally:
        other.stop()


def test_user_deleted_by_the_operator_is_not_created_again(stopped: Cli) -> None:
    stopped("up", "--detach", "--port", free_port())
    admin = stopped.connect("stratiform-admin")
    demo = admin.identity.find_user("demo")
    assert demo is not None
    admin.identity.delete_user(demo.id)
    stopped("down")
    stopped("up", "--detach", "--port", free_port())
    assert stopped.connect("stratiform-admin").identity.find_user("demo") is None


def test_option_home_requires_a_value() -> None:
    result = subprocess.run([*PROGRAM, "status", "--home"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (1, "stratiform: Option --home requires a value\n")


def test_files_in_a_home_are_readable_by_their_owner_only(cli: Cli) -> None:
    cli.home.mkdir(mode=0o755)
    cli("up", "--detach", "--port", free_port())
    files = [path for path in cli.home.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_schema_cannot_be_downgraded_while_a_program_runs(stopped: Cli) -> None:
    stopped("up", "--detach", "--port", free_port())
    assert "stratiform down" in stopped("db", "downgrade", "base", exit_code=1)
    stopped("down")
    refused = stopped.error_line("db", "downgrade", "base")
    assert re.search(r"Downgrade to base and delete .*projects \(3\), users \(2\), clouds \(1\)", refused)
    assert "run the command again with --yes" in refused
    assert stopped("db", "list").startswith("* 0086")
    assert "Revision: none" in stopped("db", "downgrade", "base", "--yes")
    assert stopped("db", "list").startswith("  0086")
    stopped("db", "upgrade")
    assert "Revision: 0089" in stopped("db", "downgrade", "0089")  # without rows to delete


def test_log_hides_the_password_of_the_bus(cli: Cli) -> None:
    """The log's format stays when a library configures logging."""
    url = f"rabbit://guest:hunter2@127.0.0.1:{free_port()}/"
    cli.write_settings(f'collector_url = "{url}"\n')
    cli("up", "--detach", "--port", free_port())
    log = cli.home / "stratiform.log"
    wait_until(lambda: "broker unreachable" in log.read_text(), "the collector did not log the lost broker")
    line = next(line for line in log.read_text().splitlines() if "broker unreachable" in line)
    assert re.match(r"\d{4}-\d\d-\d\d [\d:,]+ WARNING stratiform\.", line)
    assert "hunter2" not in log.read_text()


def test_client_needs_no_running_server(cli: Cli, stopped_home: Path) -> None:
    assert "No installation found" in cli("usage", "list", exit_code=1)
    copy_home(stopped_home, cli.home)
    result = cli.run("usage", "list", "--format", "json")
    assert result.stderr == ""
    assert {each["resource_type"] for each in json.loads(result.stdout)} == {"network", "subnet"}
