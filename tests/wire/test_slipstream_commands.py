"""SlipStream's `openstack-…-instances`, with their own options, against an OpenStack API with a simulated cloud."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.demo_server import demo_server
from support.moto import PUBLIC_KEY
from support.processes import wait_until
from support.server import DEMO_PASSWORD, Live

HEADER = "id, state, ip, cpu [nb], ram [MB], root disk [GB], instance-type [name]"


@dataclass(frozen=True, slots=True)
class Commands:
    """Runs the console scripts as SlipStream's server does."""

    live: Live
    image_id: str

    def __call__(self, action: str, *arguments: str, password: str = DEMO_PASSWORD) -> tuple[int, str, str]:
        """Return the exit status, standard output and standard error of `openstack-ACTION-instances`."""
        program = str(Path(sys.executable).with_name(f"openstack-{action}-instances"))
        options = ["--endpoint", f"{self.live.url}/identity", "--region", "RegionOne", "--project", "demo"]
        environment = {
            **os.environ,
            "__SLIPSTREAM_CLOUD_PASSWORD": password,
            "SLIPSTREAM_NODE_INSTANCE_NAME": "web.1",
            "SLIPSTREAM_SSH_PUB_KEY": PUBLIC_KEY,
        }
        result = subprocess.run(
            [program, "--username", "demo", *options, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return result.returncode, result.stdout, result.stderr

    def list_machines(self) -> list[str]:
        status, output, error = self("describe")
        assert status == 0, error
        header, *rows = output.splitlines()
        assert header == HEADER
        return rows


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commands]:
    with demo_server(tmp_path_factory.mktemp("slipstream")) as (live, image_id):
        yield Commands(live, image_id)


def test_life_of_a_machine(command: Commands, tmp_path: Path) -> None:
    arguments = ("--image-id", command.image_id, "--instance-type", "m1.tiny", "--security-groups", "default")
    status, output, error = command("run", *arguments, "--network-private", "private", "--network-type", "Private")
    assert status == 0, error
    machine_id, address = output.strip().split(",")
    assert command.list_machines() == [f"{machine_id}, Running, {address}, 1, 512, 1, m1.tiny"]
    server = command.live.json("server", "show", machine_id, user="demo")
    assert server["name"] == "web.1"
    assert list(server["addresses"]) == ["private"]
    assert command.live.json("keypair", "list", user="demo") == []
    ids = tmp_path / "ids"
    ids.write_text(f"{machine_id}\n")
    assert command("terminate", "--instance-ids-file", str(ids), "--instance-ids", machine_id) == (0, "", "")
    wait_until(lambda: command.list_machines() == [], "the machine was not terminated")
    assert command("terminate", "--instance-ids", machine_id)[0] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"--instance-type": "huge"}, "Instance type 'huge' not found (m1.large, m1.medium"),
        ({"--network-private": "nowhere"}, "Network 'nowhere' not found"),
        ({"--image-id": "11111111-2222-4333-8444-555555555555"}, "11111111-2222-4333-8444-555555555555"),
        ({"--disk": "20"}, "--disk is not supported for OpenStack"),
        ({"--password": "hush"}, "--password must not be passed on the command line"),
    ],
)
def test_refused_requests(command: Commands, changes: dict[str, str], message: str) -> None:
    options = {
        "--image-id": command.image_id,
        "--instance-type": "m1.tiny",
        "--network-private": "private",
        "--network-type": "Private",
        **changes,
    }
    status, output, error = command("run", *(text for option in options.items() for text in option))
    assert (status, output) == (2, "")
    assert message in error
    assert len(error.splitlines()) == 1
    assert "hush" not in error
    assert command.live.json("server", "list", user="demo") == []
    assert command.live.json("keypair", "list", user="demo") == []


def test_wrong_password(command: Commands) -> None:
    error = "Keystone rejected the user name or the password\n"
    assert command("describe", password="hush") == (2, "", error)
