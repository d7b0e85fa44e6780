"""An AWS endpoint for tests: moto's server in a subprocess."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from stratiform.connectors.aws.connector import AwsCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SystemClock
from support.ports import free_port
from support.processes import WAIT_S

REGION, ZONE = "eu-central-1", "eu-central-1a"

#: Images that moto provides; each needs a 15 GiB disk.
IMAGE, OTHER_IMAGE = "ami-12c6146b", "ami-1e749f67"

#: A public key without a private key.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"


@contextmanager
def moto_server(folder: Path, *, check_keys: bool = False) -> Iterator[str]:
    """Run a moto server and return its URL. With `check_keys` it knows no access key and so rejects every one."""
    port = free_port()
    environment = dict(os.environ)
    if check_keys:
        environment["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    log = folder / f"moto-{port}.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, port, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"moto server did not start: {log.read_text()[-2000:]}")


def aws_settings(url: str, **overrides: str) -> dict[str, str]:
    """Return connector settings for the moto server at `url`."""
    defaults = {
        "access_key": "AKIAEXAMPLE",
        "secret_key": "not-a-secret",
        "region": REGION,
        "az": ZONE,
        "endpoint": url,
    }
    return {**defaults, **overrides}


def connect_aws(url: str, home: Path, installation: str = "", **overrides: str) -> AwsCloud:
    """Connect to the moto server at `url`, as a new installation unless `installation` is set."""
    account = CloudAccount(id="cloud-1", name="aws-test", settings=aws_settings(url, **overrides))
    return connector.connect(account, Installation(installation or uuid4().hex, home, SystemClock()))
