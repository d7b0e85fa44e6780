"""Secrets of a home that other users can access are reported with the command that protects them."""

import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from stratiform.app.home_permissions import find_permission_warning
from support.ports import free_port
from support.programs import Cli


@pytest.fixture
def private_home(tmp_path: Path) -> Path:
    """A home whose files only its owner can access."""
    home = tmp_path / "home of tests"
    for name in ("keys/tokens/1", "keys/ledger/1", "keys/ledger/1.pub", "clouds.yaml", "openrc", "stratiform.toml"):
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)
    for folder in ("keys", "keys/tokens", "keys/ledger"):
        (home / folder).chmod(0o700)
    return home


def require_warning(home: Path, *names: str) -> None:
    """Check the files that the warning lists, and that its command protects them."""
    warning = find_permission_warning(home)
    assert warning is not None
    assert warning.startswith(f"Warning: other users can access {', '.join(names)}; protect them with `chmod ")
    assert "\n" not in warning
    subprocess.run(shlex.split(warning.split("`")[1]), check=True)
    assert find_permission_warning(home) is None


def test_private_home_has_no_warning(private_home: Path) -> None:
    assert find_permission_warning(private_home) is None
    assert find_permission_warning(private_home / "missing") is None


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("keys/tokens/1", 0o644),
        ("keys/tokens/1", 0o640),
        ("keys/ledger/1.pub", 0o666),
        ("keys", 0o777),
        ("keys/ledger", 0o770),
        ("clouds.yaml", 0o644),
        ("openrc", 0o604),
        ("stratiform.toml", 0o602),
    ],
)
def test_accessible_file_is_reported(private_home: Path, name: str, mode: int) -> None:
    (private_home / name).chmod(mode)
    require_warning(private_home, name)


@pytest.mark.parametrize(("name", "mode"), [("keys", 0o755), ("keys/ledger/1.pub", 0o644), ("stratiform.toml", 0o644)])
def test_file_without_a_secret_may_be_readable(private_home: Path, name: str, mode: int) -> None:
    (private_home / name).chmod(mode)
    assert find_permission_warning(private_home) is None


def test_many_files_are_one_line(private_home: Path) -> None:
    for number in range(2, 6):
        (private_home / "keys/tokens" / str(number)).touch(0o600)
    for file in (private_home / "keys/tokens").iterdir():
        file.chmod(0o644)
    require_warning(private_home, "keys/tokens/1", "keys/tokens/2", "keys/tokens/3 and 2 more")


@pytest.mark.parametrize(
    ("settings", "is_secret"),
    [
        ("port = 8780\n", False),
        ('database_url = "sqlite:///x.db"\n', False),
        ('database_url = "postgresql+psycopg://u:hush@h/d"\n', True),
        ('almanach_private_key = "hush"\n', True),
        ('almanach_private_key = ""\n', False),
        ('[[sources]]\nurl = "rabbit://u:hush@h:5672/"\n', True),
        ('[[sources]]\nurl = "rabbit://h:5672/"\n', False),
    ],
)
def test_settings_with_a_secret_must_not_be_readable(private_home: Path, settings: str, is_secret: bool) -> None:
    file = private_home / "stratiform.toml"
    file.write_text(settings)
    file.chmod(0o644)
    if is_secret:
        require_warning(private_home, "stratiform.toml")
    else:
        assert find_permission_warning(private_home) is None


@pytest.fixture
def cli(tmp_path: Path) -> Iterator[Cli]:
    cli = Cli(tmp_path / "home")
    yield cli
    cli.stop()


def test_start_and_status_warn(cli: Cli) -> None:
    first = cli.run("up", "--detach", "--port", free_port())
    assert (first.returncode, first.stderr) == (0, "")
    assert "Warning" not in cli("status")
    cli("down")
    (cli.home / "keys/tokens/0").chmod(0o644)
    warning = f"Warning: other users can access keys/tokens/0; protect them with `chmod -R go= {cli.home}/keys`"
    again = cli.run("up", "--detach")
    assert (again.returncode, again.stderr.splitlines()) == (0, [warning])
    assert cli("status").splitlines()[-1] == warning
