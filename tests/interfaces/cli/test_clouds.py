"""`stratiform clouds`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stratiform.interfaces.cli import clouds
from stratiform.interfaces.cli.client import Client, CliError, session
from stratiform.interfaces.rest.clouds import handlers
from support import moto
from support.moto import aws_settings
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """The commands talk to this server, as the operator."""
    with rest(stack_bench, handlers) as made:
        monkeypatch.setattr(session, "_client", Client(made.http, made.admin))
        yield made


def run(*line: str, given: str = "") -> str:
    """What the command prints. Raises CliError as `main.run` would get it."""
    done: Result = CliRunner().invoke(clouds.app, line, input=given)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def add_aws(url: str, *more: str, given: str = "") -> str:
    told = aws_settings(url)
    named = ("--access-key", told["access_key"], "--region", moto.REGION, "--az", moto.ZONE, "--endpoint", url)
    return run("add", "aws", "--name", "aws-1", *named, *more, given=given)


def names() -> list[str]:
    return [cloud["name"] for cloud in json.loads(run("list", "--format", "json"))]


def test_the_secret_is_asked_for_and_not_shown(api: Rest, moto_url: str) -> None:
    told = add_aws(moto_url, given="not-a-secret\n")
    assert "arn:aws:" in told
    assert "not-a-secret" not in told
    assert names() == ["aws-1"]


@pytest.mark.parametrize("form", ["{file}", "secret_key={file}"])
def test_the_secret_comes_from_a_file(api: Rest, moto_url: str, tmp_path: Path, form: str) -> None:
    file = tmp_path / "secret"
    file.write_text("not-a-secret\n")
    add_aws(moto_url, "--secret-file", form.format(file=file))
    assert names() == ["aws-1"]


@pytest.mark.parametrize("variable", ["STRATIFORM_SECRET_KEY", "STRATIFORM_CLOUD_SECRET_KEY"])
def test_the_secret_comes_from_the_environment(
    api: Rest, moto_url: str, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "not-a-secret")
    add_aws(moto_url)
    assert names() == ["aws-1"]


def test_a_secret_on_the_command_line_is_refused(api: Rest, moto_url: str) -> None:
    with pytest.raises(CliError, match="never stands on the command line") as told:
        add_aws(moto_url, "--setting", "secret_key=hush", given="x\n")
    assert "hush" not in told.value.message + told.value.hint
    assert "STRATIFORM_SECRET_KEY" in told.value.hint
    assert names() == []


def test_a_wrong_key_is_one_line_and_nothing_is_stored(api: Rest, strict_moto_url: str) -> None:
    with pytest.raises(CliError, match="AWS rejects these credentials") as told:
        add_aws(strict_moto_url, given="hush\n")
    assert "\n" not in told.value.message
    assert names() == []


def test_no_secret_at_all_says_where_it_may_come_from(api: Rest, moto_url: str) -> None:
    with pytest.raises(CliError, match="secret_key is missing"):
        add_aws(moto_url)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (("add", "vax", "--name", "x"), "unknown kind of cloud: vax"),
        (("add", "memory", "--name", "x", "--setting", "colour=red"), "no setting 'colour'"),
        (("add", "memory", "--name", "x", "--setting", "colour"), "KEY=VALUE is needed"),
        (("add", "memory", "--name", "x", "--region", "r"), "no setting 'region'"),
        (("add", "memory", "--name", "x", "--secret-file", "seed=x"), "seed is no secret"),
        (("add", "memory", "--name", "x", "--secret-file", "/not/there"), "No such file"),
        (("add", "memory", "--name", "X!"), "is not a valid cloud name"),
        (("set", "sim"), "nothing to change"),
        (("show", "nowhere"), "Cloud 'nowhere' not found"),
        (("images", "register", "--cloud", "sim", "--native", "x"), "either an image that exists"),
        (("images", "register", "--cloud", "sim", "--native", "x", "--name", "y"), "Image 'x' not found in the cloud"),
        (("bind", "--project", "nobody", "--cloud", "sim"), "no project 'nobody'"),
    ],
)
def test_bad_input_is_one_clear_line(api: Rest, line: tuple[str, ...], told: str) -> None:
    run("add", "memory", "--name", "sim")
    with pytest.raises(CliError, match=told) as said:
        run(*line)
    assert "\n" not in said.value.message + said.value.hint
    assert names() == ["sim"]


def test_an_empty_file_holds_no_secret(api: Rest, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("\n")
    with pytest.raises(CliError, match="is empty"):
        run("add", "memory", "--name", "sim", "--secret-file", str(tmp_path / "secret"))


def test_settings_of_any_kind(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATIFORM_CLOUD_SEED", "7")
    monkeypatch.setenv("STRATIFORM_CLOUD_LATENCY_MS", "9")
    run("add", "memory", "--name", "sim", "--setting", "zones=a,b", "--setting", "latency_ms=5")
    shown = json.loads(run("show", "sim", "--format", "json"))
    assert shown["settings"] == {"zones": "a,b", "latency_ms": "5", "seed": "7"}
    assert "zones=a,b" in run("show", "sim")


def test_settings_are_changed_when_the_cloud_agrees(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRATIFORM_CLOUD_PASSWORD", "right")
    run("add", "memory", "--name", "sim")
    run("set", "sim", "--setting", "zones=a,b")
    assert json.loads(run("check", "sim", "-f", "json"))["zones"] == ["a", "b"]
    run("set", "sim", "--ask", "password", given="right\n")
    with pytest.raises(CliError, match="rejects the password"):
        run("set", "sim", "--ask", "password", given="wrong\n")
    assert "memory:sim" in run("check", "sim")
    with pytest.raises(CliError, match="never stands on the command line"):
        run("set", "sim", "--setting", "password=x")


def test_a_table_in_a_pipe_cuts_nothing(api: Rest) -> None:
    run("add", "memory", "--name", "sim", "--setting", f"zones={'a-rather-long-zone,' * 20}")
    cloud = json.loads(run("show", "sim", "-f", "json"))
    assert f"zones={cloud['settings']['zones']}" in run("list")
    assert cloud["id"] in run("list")


def test_kinds_show_what_must_be_told(api: Rest) -> None:
    told = run("kinds")
    assert "secret_key (secret)" in told
    assert "endpoint (optional)" in told
    assert {kind["kind"] for kind in json.loads(run("kinds", "--format", "json"))} >= {"aws", "memory"}


def test_bind_list_and_unbind(api: Rest) -> None:
    run("add", "memory", "--name", "sim")
    assert "near" in run("bind", "--project", "demo", "--cloud", "sim", "--zone", "near")
    assert json.loads(run("bindings", "--project", "demo", "-f", "json"))[0]["cloud"] == "sim"
    assert f"{api.demo_project} in near" in run("show", "sim")
    with pytest.raises(CliError, match="serves projects"):
        run("remove", "sim")
    run("unbind", "--project", "demo", "--cloud", "sim")
    assert json.loads(run("bindings", "-f", "json")) == []
    assert "forgotten" in run("remove", "sim")
    assert names() == []


def test_natives_are_registered_and_taken_back(api: Rest, stack_bench: Bench) -> None:
    with stack_bench.services.database.transaction() as db:
        stack_bench.services.compute.ensure_flavors(stack_bench.ctx(db))
        stack_bench.services.volume.volume_types.ensure_initial(stack_bench.ctx(db))
    run("add", "memory", "--name", "sim")
    where = ("--cloud", "sim", "--native")
    run("images", "register", *where, "memory-debian-12", "--name", "debian")
    run("images", "register", *where, "memory-ubuntu-24.04", "--image", "debian")
    assert "flavor 2 is t3.small" in run("flavors", "register", *where, "t3.small", "--flavor", "m1.small")
    run("volume-types", "register", *where, "gp3", "--volume-type", "fast")
    natives = json.loads(run("show", "sim", "-f", "json"))["natives"]
    assert sorted(one["native"] for one in natives) == ["gp3", "memory-ubuntu-24.04", "t3.small"]
    ours = {one["kind"]: one["ours"] for one in natives}
    run("images", "unregister", "--cloud", "sim", "--image", ours["image"])
    run("flavors", "unregister", "--cloud", "sim", "--flavor", ours["flavor"])
    run("volume-types", "unregister", "--cloud", "sim", "--volume-type", ours["volume_type"])
    assert json.loads(run("show", "sim", "-f", "json"))["natives"] == []
