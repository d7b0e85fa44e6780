"""`stratiform clouds`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stratiform.interfaces.cli import clouds
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from support import moto
from support.moto import aws_settings
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator."""
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


def invoke(*args: str, stdin: str = "") -> Result:
    """Run a command. Raises CliError, as `main.start` gets it."""
    result: Result = CliRunner().invoke(clouds.app, args, input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run(*args: str, stdin: str = "") -> str:
    """Return the output of a command that succeeds."""
    result = invoke(*args, stdin=stdin)
    assert result.exit_code == 0, result.output
    return result.output


def add_aws(url: str, *args: str, stdin: str = "") -> str:
    settings = aws_settings(url)
    options = ("--access-key", settings["access_key"], "--region", moto.REGION, "--az", moto.ZONE, "--endpoint", url)
    return run("add", "aws", "--name", "aws-1", *options, *args, stdin=stdin)


def cloud_names() -> list[str]:
    return [cloud["name"] for cloud in json.loads(run("list", "--format", "json"))]


def test_required_secret_is_prompted_and_not_shown(api: Rest, moto_url: str) -> None:
    output = add_aws(moto_url, stdin="not-a-secret\n")
    assert "arn:aws:" in output
    assert "not-a-secret" not in output
    assert cloud_names() == ["aws-1"]


def test_secret_from_file(api: Rest, moto_url: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("not-a-secret\n")
    add_aws(moto_url, "--secret-key-file", str(file))
    assert cloud_names() == ["aws-1"]


def test_secret_from_environment(api: Rest, moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATIFORM_CLOUD_SECRET_KEY", "not-a-secret")
    add_aws(moto_url)
    assert cloud_names() == ["aws-1"]


def test_secret_on_the_command_line_is_refused(api: Rest, moto_url: str) -> None:
    with pytest.raises(CliError, match="must not be passed on the command line") as error:
        add_aws(moto_url, "--secret-key", "hush", stdin="x\n")
    assert "hush" not in error.value.message + error.value.hint
    assert "STRATIFORM_CLOUD_SECRET_KEY" in error.value.hint
    assert "--secret-key-file" in error.value.hint
    assert cloud_names() == []


def test_rejected_credentials_are_not_stored(api: Rest, strict_moto_url: str) -> None:
    with pytest.raises(CliError, match="AWS rejected the credentials") as error:
        add_aws(strict_moto_url, stdin="hush\n")
    assert "\n" not in error.value.message
    assert cloud_names() == []


def test_missing_secret(api: Rest, moto_url: str) -> None:
    with pytest.raises(CliError, match="secret_key is missing") as error:
        add_aws(moto_url)
    assert "--secret-key-file" in error.value.hint


def test_missing_required_setting(api: Rest) -> None:
    result = invoke("add", "aws", "--name", "aws-1", "--access-key", "a", "--az", "b")
    assert result.exit_code == 2
    assert "'--region'" in result.output
    assert cloud_names() == []


@pytest.mark.parametrize("options", [("--colour", "red"), ("--region", "r")])
def test_unknown_setting(api: Rest, options: tuple[str, str]) -> None:
    result = invoke("add", "memory", "--name", "x", *options)
    assert result.exit_code == 2
    assert f"No such option: {options[0]}" in result.output


def test_help_lists_kinds_and_the_settings_of_a_kind(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    kinds = run("add", "--help")
    assert "memory" in kinds
    assert "openstack" in kinds
    memory = run("add", "memory", "--help")
    assert "--latency-ms" in memory
    assert "50" in memory
    assert "--password-file" in memory
    assert "--password " not in memory
    assert "STRATIFORM_CLOUD_ZONES" in memory
    run("add", "memory", "--name", "sim")
    assert "sim" in run("set", "--help")
    assert "--latency-ms" in run("set", "sim", "--help")


def test_help_without_a_server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(session, "_client", None)
    monkeypatch.setattr(session, "home", tmp_path)
    for name in ("OS_CLOUD", "OS_AUTH_URL", "OS_CLIENT_CONFIG_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert "KIND" in run("add", "--help")
    assert "CLOUD" in run("set", "--help")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("add", "vax", "--name", "x"), "unknown kind of cloud: vax"),
        (("add", "memory", "--name", "x", "--prompt", "seed"), "not a secret setting"),
        (("add", "memory", "--name", "x", "--password-file", "/not/there"), "No such file"),
        (("add", "memory", "--name", "X!"), "is not a valid cloud name"),
        (("set", "sim"), "nothing to change"),
        (("set", "nowhere", "--zones", "a"), "Cloud 'nowhere' not found"),
        (("show", "nowhere"), "Cloud 'nowhere' not found"),
        (("images", "register", "--cloud", "sim", "--native", "x"), "either an existing image"),
        (("images", "register", "--cloud", "sim", "--native", "x", "--name", "y"), "Image 'x' not found in the cloud"),
        (("bind", "--project", "missing", "--cloud", "sim"), "project 'missing' not found"),
    ],
)
def test_errors_are_one_line(api: Rest, args: tuple[str, ...], message: str) -> None:
    run("add", "memory", "--name", "sim")
    with pytest.raises(CliError, match=message) as error:
        run(*args)
    assert "\n" not in error.value.message + error.value.hint
    assert cloud_names() == ["sim"]


def test_empty_secret_file(api: Rest, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(CliError, match="is empty"):
        run("add", "memory", "--name", "sim", "--password-file", str(tmp_path / "secret"))


def test_options_take_precedence_over_the_environment(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATIFORM_CLOUD_SEED", "7")
    monkeypatch.setenv("STRATIFORM_CLOUD_LATENCY_MS", "9")
    run("add", "memory", "--name", "sim", "--zones", "a,b", "--latency-ms", "5")
    cloud = json.loads(run("show", "sim", "--format", "json"))
    assert cloud["settings"] == {"zones": "a,b", "latency_ms": "5", "seed": "7"}
    assert "zones=a,b" in run("show", "sim")


def test_update_checks_the_credentials_first(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATIFORM_CLOUD_PASSWORD", "right")
    run("add", "memory", "--name", "sim")
    monkeypatch.setenv("STRATIFORM_CLOUD_PASSWORD", "unused by set")
    run("set", "sim", "--zones", "a,b")
    assert json.loads(run("check", "sim", "-f", "json"))["zones"] == ["a", "b"]
    run("set", "sim", "--prompt", "password", stdin="right\n")
    with pytest.raises(CliError, match="rejected the password"):
        run("set", "sim", "--prompt", "password", stdin="wrong\n")
    assert "memory:sim" in run("check", "sim")
    with pytest.raises(CliError, match="must not be passed on the command line"):
        run("set", "sim", "--password", "x")
    run("set", "sim", "--zones", "")
    assert json.loads(run("show", "sim", "-f", "json"))["settings"] == {}


def test_piped_table_is_not_truncated(api: Rest) -> None:
    run("add", "memory", "--name", "sim", "--zones", "a-rather-long-zone," * 20)
    cloud = json.loads(run("show", "sim", "-f", "json"))
    assert f"zones={cloud['settings']['zones']}" in run("list")
    assert cloud["id"] in run("list")


def test_kinds_list_settings(api: Rest) -> None:
    output = run("kinds")
    assert "secret_key (secret)" in output
    assert "endpoint (optional)" in output
    assert "latency_ms (default 50)" in output
    assert {kind["kind"] for kind in json.loads(run("kinds", "--format", "json"))} >= {"aws", "memory"}


def test_bind_list_and_unbind(api: Rest) -> None:
    run("add", "memory", "--name", "sim")
    assert "near" in run("bind", "--project", "demo", "--cloud", "sim", "--zone", "near")
    assert json.loads(run("bindings", "--project", "demo", "-f", "json"))[0]["cloud"] == "sim"
    api("POST", "usage/names", {"resource_type": "project", "resource_id": api.demo_project, "name": "shop"})
    assert f"shop ({api.demo_project}) in near" in " ".join(run("show", "sim").split())
    assert "shop" in run("bindings")
    with pytest.raises(CliError, match="serves projects"):
        run("remove", "sim", "--yes")
    run("unbind", "--project", "demo", "--cloud", "sim")
    assert json.loads(run("bindings", "-f", "json")) == []
    with pytest.raises(CliError, match=r"Remove cloud 'sim' .*: not confirmed") as error:
        run("remove", "sim")
    assert error.value.hint == "run the command again with --yes"
    assert cloud_names() == ["sim"]
    assert "removed" in run("remove", "sim", "--yes")
    assert cloud_names() == []


def test_register_and_unregister_native_ids(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        service_harness.services.compute.flavors.create_defaults(service_harness.ctx(db))
        service_harness.services.volume.volume_types.ensure_initial_types(service_harness.ctx(db))
    run("add", "memory", "--name", "sim")
    options = ("--cloud", "sim", "--native")
    run("images", "register", *options, "memory-debian-12", "--name", "debian")
    run("images", "register", *options, "memory-ubuntu-24.04", "--image", "debian")
    registered = run("flavors", "register", *options, "t3.small", "--flavor", "m1.small")
    assert registered == "Native ID of flavor m1.small (2) in sim: t3.small\n"
    run("volume-types", "register", *options, "gp3", "--volume-type", "fast")
    natives = json.loads(run("show", "sim", "-f", "json"))["native_ids"]
    ids = {native["resource_type"]: native["resource_id"] for native in natives}
    assert {native["resource_name"] for native in natives} == {"debian", "m1.small", "fast"}
    assert f"image debian ({ids['image']}): memory-ubuntu-24.04" in run("show", "sim")
    assert sorted(native["native_id"] for native in natives) == ["gp3", "memory-ubuntu-24.04", "t3.small"]
    run("images", "unregister", "--cloud", "sim", "--image", ids["image"])
    run("flavors", "unregister", "--cloud", "sim", "--flavor", ids["flavor"])
    run("volume-types", "unregister", "--cloud", "sim", "--volume-type", ids["volume_type"])
    assert json.loads(run("show", "sim", "-f", "json"))["native_ids"] == []


def test_default_cloud(api: Rest) -> None:
    run("add", "memory", "--name", "sim")
    with pytest.raises(CliError, match="Specify either --project or --default"):
        run("bind", "--cloud", "sim")
    binding = json.loads(run("bind", "--default", "--cloud", "sim", "--zone", "nova", "--format", "json"))
    assert (binding["project_id"], binding["cloud"], binding["zone"]) == ("*", "sim", "nova")
    assert "no longer a default" in run("unbind", "--default", "--cloud", "sim")
    assert json.loads(run("bindings", "--format", "json")) == []
