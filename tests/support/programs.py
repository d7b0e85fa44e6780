"""The `stratiform` program as a person runs it, with a home of its own."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import openstack
import yaml

PROGRAM = [sys.executable, "-m", "stratiform"]


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Shell:
    """Runs `stratiform` with one home, and nothing else from this environment."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def __call__(self, *line: str, fails: int = 0) -> str:
        """What it prints. `fails` is the exit code that it must end with."""
        done = self.both(*line)
        assert done.returncode == fails, done.stdout + done.stderr
        return done.stdout if fails == 0 else done.stdout + done.stderr

    def both(self, *line: str) -> subprocess.CompletedProcess[str]:
        """What it prints on standard output and on standard error, and how it ends."""
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("OS_", "STRATIFORM_"))}
        clean["STRATIFORM_BCRYPT_ROUNDS"] = "4"  # each command signs in, and these tests run dozens
        command = [*PROGRAM, *line, "--home", str(self.home)]
        return subprocess.run(command, capture_output=True, text=True, check=False, env=clean)

    def password(self, entry: str = "stratiform-demo") -> str:
        return str(self._entry(entry)["auth"]["password"])

    def connect(self, entry: str = "stratiform-demo") -> openstack.connection.Connection:
        """openstacksdk, signed in."""
        return openstack.connection.Connection(**self._entry(entry))

    def stop(self) -> None:
        subprocess.run([*PROGRAM, "--home", str(self.home), "down"], check=False, capture_output=True)

    def _entry(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = yaml.safe_load((self.home / "clouds.yaml").read_text())["clouds"][name]
        return found
