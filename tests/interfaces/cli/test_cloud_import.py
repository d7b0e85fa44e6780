"""`stratiform import` of cloud accounts: they are added, bound, and, when it is repeated, left unchanged."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from stratiform.app import import_command
from stratiform.app.import_command import import_file
from stratiform.interfaces.cli import clouds
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.cloud_import import application
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from support import moto
from support.moto import aws_settings
from support.rest import Rest, rest
from support.stacks import ServiceHarness

NAME = f"aws-{moto.ZONE}"


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator."""
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


@pytest.fixture
def nova_conf(tmp_path: Path, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of Omni for moto's server, whose address comes from the environment."""
    monkeypatch.setenv("STRATIFORM_CLOUD_ENDPOINT", moto_url)
    file = tmp_path / "nova.conf"
    write_conf(file, aws_settings(moto_url)["secret_key"])
    return file


def write_conf(file: Path, secret_key: str) -> None:
    settings = aws_settings("")
    file.write_text(
        f"[DEFAULT]\ndebug = true\n[AWS]\naccess_key = {settings['access_key']}\nsecret_key = {secret_key}\n"
        f"region_name = {moto.REGION}\naz = {moto.ZONE}\nuse_credsmgr = false\n"
    )


def run(app: typer.Typer, *args: object) -> str:
    """Return the output of a command. Raises CliError as `app.commands` gets it."""
    result = CliRunner().invoke(app, [str(argument) for argument in args])
    if result.exception is not None:
        raise result.exception
    return result.output


def run_import(*args: object) -> str:
    app = typer.Typer()
    app.command()(import_file)
    return run(app, *args)


def list_clouds() -> list[dict[str, object]]:
    items: list[dict[str, object]] = json.loads(run(clouds.app, "list", "--format", "json"))
    return items


def test_account_is_added_and_secrets_are_not_printed(api: Rest, nova_conf: Path, moto_url: str) -> None:
    secret = aws_settings(moto_url)["secret_key"]
    output = run_import(nova_conf)
    assert f"Cloud {NAME} added: arn:aws:" in output
    assert "AWS.secret_key" in output
    assert "- AWS.use_credsmgr" in output
    assert "secret_key = ***" in output
    assert secret not in output
    (cloud,) = list_clouds()
    assert (cloud["name"], cloud["kind"]) == (NAME, "aws")
    assert secret not in json.dumps(cloud)


def test_repeated_import_changes_only_what_differs(api: Rest, nova_conf: Path) -> None:
    run_import(nova_conf, "--default")
    before = list_clouds()
    assert f"Cloud {NAME} unchanged" in run_import(nova_conf, "--default")
    assert list_clouds() == before
    write_conf(nova_conf, "another-key")
    assert f"Cloud {NAME} updated" in run_import(nova_conf, "--default")
    bindings = json.loads(run(clouds.app, "bindings", "--format", "json"))
    assert [(binding["project_id"], binding["zone"]) for binding in bindings] == [("*", NAME)]


def test_project_is_bound(api: Rest, nova_conf: Path) -> None:
    output = run_import(nova_conf, "--project", "admin")
    assert f"Project admin bound to {NAME} in availability zone {NAME}" in output


def test_unknown_project_is_reported_before_the_first_account(api: Rest, nova_conf: Path) -> None:
    with pytest.raises(CliError, match="project 'nowhere' not found"):
        run_import(nova_conf, "--project", "admin", "--project", "nowhere")
    assert list_clouds() == []


def test_account_that_is_added_but_not_bound(api: Rest, nova_conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> str:
        raise CliError("quota exceeded")

    monkeypatch.setattr(application, "_bind", refuse)
    lines: list[str] = []
    monkeypatch.setattr(import_command, "print_line", lines.append)
    with pytest.raises(CliError, match="1 of 1 clouds failed"):
        run_import(nova_conf, "--project", "admin")
    assert lines[-1] == f"Cloud {NAME} added, but not bound: quota exceeded"
    assert [cloud["name"] for cloud in list_clouds()] == [NAME]


def test_dry_run_changes_nothing(api: Rest, nova_conf: Path) -> None:
    output = run_import(nova_conf, "--dry-run", "--default")
    assert "Dry run: nothing was changed." in output
    assert "region = " in output
    assert list_clouds() == []


def test_incomplete_account_prevents_the_others(api: Rest, nova_conf: Path) -> None:
    nova_conf.write_text(nova_conf.read_text() + "[GCE]\nzone = z1\n")
    with pytest.raises(CliError, match="1 of 2 clouds cannot be imported; nothing was changed"):
        run_import(nova_conf)
    assert list_clouds() == []
    run_import(nova_conf, "--cloud", NAME)
    assert [cloud["name"] for cloud in list_clouds()] == [NAME]


def test_unknown_cloud_is_an_error(api: Rest, nova_conf: Path) -> None:
    with pytest.raises(CliError, match="does not describe a cloud 'x'") as error:
        run_import(nova_conf, "--cloud", "x")
    assert NAME in error.value.hint


def test_cloud_of_another_kind_is_not_replaced(api: Rest, nova_conf: Path) -> None:
    run(clouds.app, "add", "memory", "--name", NAME)
    with pytest.raises(CliError, match="1 of 1 clouds failed"):
        run_import(nova_conf)
    assert [cloud["kind"] for cloud in list_clouds()] == ["memory"]


def test_unreachable_cloud_is_not_stored(
    api: Rest, nova_conf: Path, monkeypatch: pytest.MonkeyPatch, refused_url: str
) -> None:
    monkeypatch.setenv("STRATIFORM_CLOUD_ENDPOINT", refused_url)
    with pytest.raises(CliError, match=f"1 of 1 clouds failed: {NAME}"):
        run_import(nova_conf)
    assert list_clouds() == []


@pytest.fixture
def refused_url() -> str:
    """An address at which no server listens."""
    from support.ports import free_port

    return f"http://127.0.0.1:{free_port()}"
