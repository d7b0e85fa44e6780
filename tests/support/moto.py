"""moto's server: an AWS that is only as large as the tests need, in a process of its own."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from stratiform.connectors.aws.connector import AwsCloud, connector
from stratiform.contract.connector import CloudAccount, Installation
from stratiform.kit.clock import SystemClock

REGION, ZONE = "eu-central-1", "eu-central-1a"

#: Images that moto has from the start; 15 GiB each.
IMAGE, OTHER_IMAGE = "ami-12c6146b", "ami-1e749f67"

#: A key that nobody holds the other half of.
PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAUvLI9mXdKLRyHozbgasiH63sk85vKv+J1+g6K3IT2f test"

_START_S = 30


@contextmanager
def moto(folder: Path, *, checks_keys: bool = False) -> Iterator[str]:
    """The URL of a server of our own. With `checks_keys` it knows no access key, so that each is a wrong one."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = dict(os.environ)
    if checks_keys:
        environment["INITIAL_NO_AUTH_ACTION_COUNT"] = "0"
    with (folder / f"moto-{port}.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait(server, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait(server: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + _START_S
    while time.monotonic() < end and server.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("moto's server does not start")


@pytest.fixture(scope="session")
def moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server for the whole run; tests stay apart by their installation's id."""
    with moto(tmp_path_factory.mktemp("moto")) as url:
        yield url


@pytest.fixture(scope="session")
def strict_moto_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that rejects every key."""
    with moto(tmp_path_factory.mktemp("moto"), checks_keys=True) as url:
        yield url


def aws_settings(url: str, **other: str) -> dict[str, str]:
    """The settings of an account on moto's server at `url`."""
    known = {"access_key": "AKIAEXAMPLE", "secret_key": "not-a-secret", "region": REGION, "az": ZONE, "endpoint": url}
    return {**known, **other}


def connect_aws(url: str, home: Path, installation: str = "", **other: str) -> AwsCloud:
    """A connected account, with an installation of its own where none is named."""
    account = CloudAccount(id="cloud-1", name="aws-test", settings=aws_settings(url, **other))
    return connector.connect(account, Installation(installation or uuid4().hex, home, SystemClock()))
