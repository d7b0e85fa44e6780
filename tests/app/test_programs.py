"""The programs as a person starts and stops them."""

import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from support.programs import PROGRAM, Shell, free_port


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    made = Shell(tmp_path / "home")
    yield made
    made.stop()


def test_first_start_makes_what_later_starts_keep(shell: Shell) -> None:
    port = free_port()
    assert "Stratiform is ready" in shell("up", "--detach", "--port", port)
    first = yaml.safe_load((shell.home / "clouds.yaml").read_text())["clouds"]
    assert set(first) == {"stratiform-admin", "stratiform-demo"}
    assert (shell.home / "clouds.yaml").stat().st_mode & 0o077 == 0
    assert "export OS_AUTH_URL" in (shell.home / "openrc").read_text()
    assert f"http://127.0.0.1:{port}" in shell("status")
    assert "Stopped" in shell("down")
    assert "not running" in shell("status", fails=3)

    shell("up", "--detach", "--port", port)
    assert yaml.safe_load((shell.home / "clouds.yaml").read_text())["clouds"] == first


def test_a_second_up_on_the_same_home_is_refused_in_one_line(shell: Shell) -> None:
    shell("up", "--detach", "--port", free_port())
    told = shell("up", "--port", free_port(), fails=1)
    assert "is already running" in told
    assert len(told.strip().splitlines()) == 1


def test_a_taken_port_is_told_in_one_line(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        told = shell("up", "--port", str(taken.getsockname()[1]), fails=1)
    assert "Address already in use" in told
    assert len(told.strip().splitlines()) == 1


def test_sigterm_ends_cleanly(shell: Shell) -> None:
    port = free_port()
    process = subprocess.Popen([*PROGRAM, "--home", str(shell.home), "up", "--port", port], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert b"Stratiform is ready" in process.stdout.readline()
    assert httpx.get(f"http://127.0.0.1:{port}/identity/v3").status_code == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    process.stdout.close()


def test_the_three_programs_run_each_alone(shell: Shell) -> None:
    port = free_port()
    lines = (["api", "--port", port], ["worker"])
    processes = [
        subprocess.Popen([*PROGRAM, "--home", str(shell.home), *line], stdout=subprocess.DEVNULL) for line in lines
    ]
    until = time.monotonic() + 30
    while not (shell.home / "address").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert shell("status").count("running, process") == 2
    assert "No message bus is configured" in shell("collector", fails=1)
    for process in processes:
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("prot = 1", "unknown setting 'prot'"),
        ('port = "x"', "port in"),
        ('database_url = "nosuch://x"', "database"),
        ('database_url = "sqlite:///"', "database"),
        ('database_url = "postgresql+psycopg://u@h:port/x"', "database"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line(shell: Shell, setting: str, told: str) -> None:
    shell.home.mkdir()
    (shell.home / "stratiform.toml").write_text(setting + "\n")
    said = shell("up", fails=1)
    assert told in said
    assert len(said.strip().splitlines()) == 1


def test_a_database_that_does_not_answer_is_told_in_one_line(shell: Shell) -> None:
    shell.home.mkdir()
    url = f"postgresql+psycopg://nobody:hunter2@127.0.0.1:{free_port()}/x"
    (shell.home / "stratiform.toml").write_text(f'database_url = "{url}"\n')
    said = shell("up", "--port", free_port(), fails=1)
    assert "the database is not available" in said
    assert "hunter2" not in said
    assert len(said.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('collector_url = "rabbit://guest:hunter2@127.0.0.1:x/"', "collector_url"),
        ('[[sources]]\nurl = "rabbit://one/"\n[[sources]]\nurl = "rabbit://guest:hunter2@two:x/"', "number 2"),
    ],
)
@pytest.mark.parametrize("program", ["collector", "up"])
def test_a_bad_bus_is_told_in_one_line_before_anything_runs(shell: Shell, program: str, text: str, key: str) -> None:
    shell.home.mkdir()
    (shell.home / "stratiform.toml").write_text(text + "\n")
    said = shell(program, fails=1)
    assert f"{key} is not understood" in said
    assert "hunter2" not in said
    assert len(said.strip().splitlines()) == 1
    assert not (shell.home / "stratiform.db").exists()


def test_a_home_that_is_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    for command in (["up"], ["db", "list"], ["usage", "list"]):
        said = Shell(file)(*command, fails=1)
        assert str(file) in said
        assert len(said.strip().splitlines()) == 1


def test_another_home_s_database_is_refused_until_its_keys_are_here(shell: Shell, tmp_path: Path) -> None:
    shell("up", "--detach", "--port", free_port())
    other = Shell(tmp_path / "other")
    other.home.mkdir()
    (other.home / "stratiform.toml").write_text(f'database_url = "sqlite:///{shell.home}/stratiform.db"\n')
    said = other("up", "--port", free_port(), fails=1)
    assert "belongs to another home" in said
    assert len(said.strip().splitlines()) == 1
    assert not (other.home / "clouds.yaml").exists()

    shutil.copytree(shell.home / "keys", other.home / "keys", dirs_exist_ok=True)
    shutil.copy(shell.home / "clouds.yaml", other.home)
    other("up", "--detach", "--port", free_port())
    try:
        assert "memory:memory" in other("clouds", "check", "memory")
    finally:
        other.stop()


def test_what_was_removed_stays_so_at_a_later_start(shell: Shell) -> None:
    shell("up", "--detach", "--port", free_port())
    admin = shell.connect("stratiform-admin")
    demo = admin.identity.find_user("demo")
    assert demo is not None
    admin.identity.delete_user(demo.id)
    shell("down")
    shell("up", "--detach", "--port", free_port())
    assert shell.connect("stratiform-admin").identity.find_user("demo") is None


def test_an_option_without_its_value_is_told(shell: Shell) -> None:
    said = subprocess.run([*PROGRAM, "status", "--home"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stderr) == (1, "stratiform: Option --home requires a value\n")


def test_what_is_in_a_home_is_its_owner_s_only(shell: Shell) -> None:
    shell.home.mkdir(mode=0o755)
    shell("up", "--detach", "--port", free_port())
    files = [path for path in shell.home.rglob("*") if path.is_file()]
    assert files
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_the_schema_stays_while_programs_run(shell: Shell) -> None:
    shell("up", "--detach", "--port", free_port())
    assert "stratiform down" in shell("db", "downgrade", "base", fails=1)
    shell("down")
    shell("db", "downgrade", "base")
    assert shell("db", "list").startswith("  0001")


def test_the_log_hides_secrets_whatever_else_runs_in_the_process(shell: Shell) -> None:
    """Libraries that set up the log for themselves must not take our formatter away."""
    shell.home.mkdir()
    url = f"rabbit://guest:hunter2@127.0.0.1:{free_port()}/"
    (shell.home / "stratiform.toml").write_text(f'collector_url = "{url}"\n')
    shell("up", "--detach", "--port", free_port())
    log = shell.home / "stratiform.log"
    until = time.monotonic() + 20
    while "no broker" not in log.read_text() and time.monotonic() < until:
        time.sleep(0.1)
    line = next(line for line in log.read_text().splitlines() if "no broker" in line)
    assert re.match(r"\d{4}-\d\d-\d\d [\d:,]+ WARNING stratiform\.app\.bus\.hearing: ", line)


def test_the_client_answers_without_a_server(shell: Shell) -> None:
    assert "no installation" in shell("usage", "list", fails=1)
    shell("up", "--detach", "--port", free_port())
    shell("down")
    told = shell.both("usage", "list", "--format", "json")
    assert (told.stdout.strip(), told.stderr) == ("[]", "")
