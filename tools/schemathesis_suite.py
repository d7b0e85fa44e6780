"""Run Schemathesis against the REST API of a fresh Stratiform: no request may cause an internal server error.

    python tools/schemathesis_suite.py [--seconds N] [--seed N]

Schemathesis is installed from the package index into `.cache`. Exits with 1 if a request fails.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import openstack
from openstack.connection import Connection

ROOT = Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tests"))  # for running the program

from support.ports import free_port  # noqa: E402 - see above
from support.processes import PROGRAM, clean_environment, running, wait_until  # noqa: E402

CACHE = ROOT / ".cache" / "schemathesis"
VERSION = "4.32.5"

#: Streams that do not end, and requests that call other servers.
EXCLUDED = ("/api/v1/usage/changes", "/api/v1/usage/polls")


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description="Run Schemathesis against the REST API.")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    program, port = _install(), free_port()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        environment = clean_environment(STRATIFORM_PORT=str(port))
        with running([*PROGRAM, "up", "--home", str(home)], env=environment):
            wait_until(lambda: _find_token(home) is not None, "Stratiform does not start")
            command = [str(program), "run", f"http://127.0.0.1:{port}/api/docs/openapi.json"]
            command += ["--checks", "not_a_server_error", "--max-time", str(options.seconds)]
            command += ["--seed", str(options.seed), "--phases", "examples,coverage,fuzzing", "--workers", "1"]
            command += ["--header", f"X-Auth-Token: {_find_token(home)}", "--request-timeout", "30"]
            command += [argument for path in EXCLUDED for argument in ("--exclude-path", path)]
            return subprocess.run(command, cwd=folder, check=False).returncode


def _install() -> Path:
    """Return Schemathesis in an environment of its own."""
    program = CACHE / "environment" / "bin" / "schemathesis"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(program.parent.parent)], check=True)
        pip = [str(program.parent / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, f"schemathesis=={VERSION}"], check=True)
    return program


def _find_token(home: Path) -> str | None:
    """Return a token of the operator, or None while the server starts."""
    if not (home / "clouds.yaml").exists():
        return None
    try:
        config = openstack.config.OpenStackConfig(config_files=[str(home / "clouds.yaml")])
        return str(Connection(config=config.get_one("stratiform-admin")).authorize())
    except Exception:  # the client has many errors for a server that does not listen yet
        return None


if __name__ == "__main__":
    sys.exit(main())
