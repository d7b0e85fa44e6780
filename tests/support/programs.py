"""The `stratiform` program with a home directory of its own."""

import os
import shutil
import signal
import subprocess
import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import openstack
import yaml

from support.ports import free_port
from support.processes import (
    PROGRAM,
    clean_environment,
    is_running,
    kill_all,
    list_processes_with_argument,
    wait_until,
)


def copy_home(source: Path, home: Path) -> None:
    """Copy a home that was started once and stopped, with a free port as that of its last start."""
    shutil.copytree(source, home)
    port, previous = free_port(), read_last_port(home)
    for name in ("listen.toml", "clouds.yaml", "openrc"):
        file = home / name
        file.write_text(file.read_text().replace(str(previous), str(port)))


def read_last_port(home: Path) -> int:
    """Return the port of the last start."""
    return int(tomllib.loads((home / "listen.toml").read_text())["port"])


class Cli:
    """Run `stratiform` commands with one home directory, without settings from the environment."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *arguments: object, exit_code: int = 0) -> str:
        """Run a command that ends with `exit_code`. Return standard output, and standard error if it fails."""
        result = self.run(*arguments)
        assert result.returncode == exit_code, result.stdout + result.stderr
        return result.stdout if exit_code == 0 else result.stdout + result.stderr

    def run(self, *arguments: object, **variables: object) -> subprocess.CompletedProcess[str]:
        """Run a command. `variables`: of its environment."""
        texts = {name: str(variable) for name, variable in variables.items()}
        environment = clean_environment(STRATIFORM_BCRYPT_ROUNDS="4", **texts)  # each command authenticates
        command = [*PROGRAM, *map(str, arguments), "--home", str(self.home)]
        return subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, env=environment
        )

    def error_line(self, *arguments: object) -> str:
        """Run a command that fails with one line on standard error. Return that line."""
        output = self(*arguments, exit_code=1)
        assert len(output.strip().splitlines()) == 1, output
        return output

    def write_settings(self, text: str) -> None:
        """Create the home directory with settings that only its owner can read, so that no command warns."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        settings = self.home / "stratiform.toml"
        settings.write_text(text)
        settings.chmod(0o600)

    def password(self, entry: str = "stratiform-demo") -> str:
        return str(self._cloud_entry(entry)["auth"]["password"])

    def connect(self, entry: str = "stratiform-demo") -> openstack.connection.Connection:
        """Return an authenticated connection of openstacksdk."""
        return openstack.connection.Connection(**self._cloud_entry(entry))

    def stop(self) -> None:
        """Stop the programs of this home, also those in the background; kill those that do not stop."""
        pids = list_processes_with_argument(str(self.home))
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        try:
            wait_until(lambda: not any(map(is_running, pids)), "a program did not stop")
        finally:
            kill_all(pids)

    def _cloud_entry(self, name: str) -> dict[str, Any]:
        entries: dict[str, dict[str, Any]] = yaml.safe_load((self.home / "clouds.yaml").read_text())["clouds"]
        return entries[name]
