"""Atomia's resource description with two OpenStack installations: imported and bound."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from stratiform.app.import_command import import_file
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from support.cloud_files import atomia_file, atomia_resource
from support.rest import Rest, rest
from support.server import ADMIN_PASSWORD, Live, live_server
from support.stacks import ServiceHarness


@pytest.fixture(scope="module")
def openstack_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    """The OpenStack that Atomia is connected to: another installation."""
    with live_server(tmp_path_factory.mktemp("openstack")) as live:
        yield live


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the command, which runs as the operator."""
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


@pytest.fixture
def file(openstack_cloud: Live, tmp_path: Path) -> Path:
    """A file as Atomia documents it, with the address of the OpenStack in place of its host names."""
    file = tmp_path / "Resources.OpenStack.xml"
    write_file(file, openstack_cloud.url, ADMIN_PASSWORD)
    return file


def write_file(file: Path, url: str, password: str) -> None:
    resources = [
        atomia_resource(
            name,
            AdminUser="admin",
            AdminPassword=password,
            OSDomain="Default",
            IdentityUri=f"{url}/identity",
            ComputeUri=f"{url}/compute",
            NetworkUri=f"{url}/network",
            CeilometerUri="http://hostname-of-ceilometer:8777",
            CinderUri=f"{url}/volume",
            Hypervisor="kvm",
            ExternalGatewayId="",
        )
        for name in ("OpenStack1", "OpenStack2")
    ]
    file.write_text(atomia_file(*resources))


def run_import(*args: object) -> str:
    app = typer.Typer()
    app.command()(import_file)
    result = CliRunner().invoke(app, [str(argument) for argument in args])
    if result.exception is not None:
        raise result.exception
    return result.output


def test_resources_become_clouds_of_all_projects(api: Rest, file: Path) -> None:
    output = run_import(file, "--default")
    for name in ("openstack1", "openstack2"):
        assert f"Cloud {name} added: " in output
        assert f"Projects without bindings bound to {name} in availability zone {name}" in output
    assert ADMIN_PASSWORD not in output
    clouds = api("GET", "clouds").json()["clouds"]
    assert [(cloud["name"], cloud["kind"]) for cloud in clouds] == [
        ("openstack1", "openstack"),
        ("openstack2", "openstack"),
    ]
    assert ADMIN_PASSWORD not in json.dumps(clouds)
    bindings = api("GET", "bindings").json()["bindings"]
    assert [(binding["project_id"], binding["zone"]) for binding in bindings] == [
        ("*", "openstack1"),
        ("*", "openstack2"),
    ]
    repeated = run_import(file, "--default")
    assert "Cloud openstack1 unchanged" in repeated
    assert api("GET", "clouds").json()["clouds"] == clouds


def test_rejected_credentials_are_not_stored(api: Rest, file: Path, openstack_cloud: Live) -> None:
    write_file(file, openstack_cloud.url, "hush-wrong")
    with pytest.raises(CliError, match="2 of 2 clouds failed: openstack1, openstack2"):
        run_import(file)
    assert api("GET", "clouds").json()["clouds"] == []
