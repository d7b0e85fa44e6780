"""SlipStream's procedure for CloudStack: its connector file is imported, and its commands run machines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from stratiform.app.import_command import import_file
from stratiform.contract.network import SubnetSpec
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from support.cloud_files import SLIPSTREAM
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.catalog import API_KEY, SECRET_KEY, TEMPLATE, ZONE
from support.moto import PUBLIC_KEY
from support.processes import wait_until
from support.rest import Rest, rest
from support.stacks import ServiceHarness

NAME = "exoscale-ch-gva"
HEADER = "id, state, ip, cpu [nb], ram [MB], root disk [GB], instance-type [name]"


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for `stratiform import`, which runs as the operator."""
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


def run_import(*args: object) -> str:
    app = typer.Typer()
    app.command()(import_file)
    result = CliRunner().invoke(app, [str(argument) for argument in args])
    if result.exception is not None:
        raise result.exception
    return result.output


def write_file(folder: Path, server: ApiServer) -> Path:
    """Write the file of SlipStream's page with the address and the zone of the test."""
    file = folder / f"{NAME}.conf"
    file.write_text(SLIPSTREAM.replace("https://api.exoscale.ch/compute", server.url).replace("CH-GV2", ZONE))
    return file


def test_connector_file_of_the_page(
    api: Rest, tmp_path: Path, cloudstack_server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_file(tmp_path, cloudstack_server)
    with pytest.raises(CliError, match="1 of 1 clouds cannot be imported"):
        run_import(file)
    monkeypatch.setenv("STRATIFORM_CLOUD_EXOSCALE_CH_GVA_API_KEY", API_KEY)
    monkeypatch.setenv("STRATIFORM_CLOUD_EXOSCALE_CH_GVA_SECRET_KEY", SECRET_KEY)
    output = run_import(file, "--project", "demo")
    assert f"Cloud {NAME} added: " in output
    assert f"Project demo bound to {NAME}" in output
    assert SECRET_KEY not in output
    cloud = api("GET", f"clouds/{NAME}").json()
    assert (cloud["kind"], cloud["settings"]["zone"]) == ("cloudstack", ZONE)
    assert f"Cloud {NAME} unchanged" in run_import(file, "--project", "demo")


def run_command(server: ApiServer, action: str, *arguments: str, password: str = SECRET_KEY) -> tuple[int, str, str]:
    """Return exit status, standard output and standard error of `cloudstack-ACTION-instances`."""
    program = str(Path(sys.executable).with_name(f"cloudstack-{action}-instances"))
    options = ["--endpoint", server.url, "--zone", ZONE, "--username", API_KEY]
    environment = {
        **os.environ,
        "__SLIPSTREAM_CLOUD_PASSWORD": password,
        "SLIPSTREAM_NODE_INSTANCE_NAME": "web.1",
        "SLIPSTREAM_SSH_PUB_KEY": PUBLIC_KEY,
    }
    result = subprocess.run(
        [program, *options, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    return result.returncode, result.stdout, result.stderr


def find_template(server: ApiServer) -> str:
    return next(str(row["id"]) for row in server.state.rows("templates") if row["name"] == TEMPLATE)


def test_machine_in_a_basic_zone(basic_cloudstack_server: ApiServer) -> None:
    check_life_of_a_machine(basic_cloudstack_server, "--security-groups", "default")


def test_machine_in_an_advanced_zone(cloudstack_server: ApiServer, home: Path) -> None:
    networks = connect_cloudstack(cloudstack_server.url, home).network
    assert networks is not None
    networks.ensure_subnet(SubnetSpec("subnet", "network", "lan", "10.7.0.0/24", "10.7.0.1"))
    (row,) = cloudstack_server.state.rows("networks")
    check_life_of_a_machine(cloudstack_server, "--zone-type", "Advanced", "--networks", str(row["name"]))


def check_life_of_a_machine(server: ApiServer, *arguments: str) -> None:
    image = ("--image-id", find_template(server), "--instance-type", "Micro", "-t", "60")
    status, output, error = run_command(server, "run", *image, *arguments)
    assert status == 0, error
    machine_id, address = output.strip().split(",")

    def list_machines() -> list[str]:
        status, output, error = run_command(server, "describe")
        assert status == 0, error
        header, *rows = output.splitlines()
        assert header == HEADER
        return rows

    (row,) = list_machines()
    values = row.split(", ")
    assert values[:5] == [machine_id, "Running", address, "1", "512"]
    assert values[6] == "Micro"
    assert run_command(server, "terminate", "--instance-ids", machine_id) == (0, "", "")
    wait_until(lambda: list_machines() == [], "the machine was not terminated")


def test_refused_requests(cloudstack_server: ApiServer) -> None:
    template = find_template(cloudstack_server)
    for arguments, message in (
        (("--image-id", template, "--instance-type", "Huge"), "Huge"),
        (("--image-id", template, "--instance-type", "Micro", "--security-groups", "web"), "security groups are not"),
    ):
        status, output, error = run_command(cloudstack_server, "run", *arguments)
        assert (status, output) == (2, "")
        assert message in error
    status, output, error = run_command(cloudstack_server, "describe", password="hush")
    assert (status, output) == (2, "")
    assert "hush" not in error
