"""`stratiform price set --dry-run` and `--retroactive`, and `price changes`."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.main import COMMANDS, create_app
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import parse_iso
from support.money import PLAN, machine
from support.rest import rest
from support.stacks import ServiceHarness

RAISED = PLAN.replace("2026-01-01", "2026-11-15").replace('"0.01"', '"0.03"')


@pytest.fixture
def file(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A plan that changes the cost of a machine of "acme", which a server has since November 10; it is the 20th."""
    service_harness.clock.at = parse_iso("2026-11-20")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        path = tmp_path / "prices.toml"
        path.write_text(PLAN)
        run("price", "set", path)
        run("account", "create", "acme", "--currency", "EUR", "--plan", "standard")
        run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-01")
        with service_harness.services.database.transaction() as db:
            event = machine("m1", api.demo_project, "2026-11-10")
            service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
        path.write_text(RAISED)
        yield path


def invoke(*line: object) -> Result:
    result = CliRunner().invoke(create_app(COMMANDS), [str(argument) for argument in line])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run(*line: object) -> str:
    result = invoke(*line)
    assert result.exit_code == 0, result.output
    return result.output


def count_versions() -> int:
    return len(json.loads(run("price", "show", "standard", "-f", "json"))["versions"])


def test_a_change_of_past_costs_is_refused_in_one_line_with_a_hint(file: Path) -> None:
    with pytest.raises(CliError) as error:
        run("price", "set", file)
    assert (
        "would change the cost of past usage of customer account 'acme' from 5.28 to 10.08 EUR" in error.value.message
    )
    assert "\n" not in error.value.message
    assert "`stratiform price set FILE --dry-run`" in error.value.hint
    assert "set --retroactive and --reason" in error.value.hint
    assert count_versions() == 1


def test_a_dry_run_shows_the_differences_and_changes_nothing(file: Path) -> None:
    output = run("price", "set", file, "--dry-run").splitlines()
    assert output[0].split("  ")[0] == "Account"
    assert output[1].split() == [
        "acme", "2026-11-01T00:00:00.000000Z", "2026-11-20T00:00:00.000000Z", "5.28", "10.08", "4.80", "4.8", "EUR",
    ]  # fmt: skip
    (difference,) = json.loads(run("price", "set", file, "--dry-run", "-f", "json"))["differences"]
    assert difference["difference"] == "4.80"
    assert count_versions() == 1
    file.write_text(PLAN)
    assert run("price", "set", file, "--dry-run") == "The cost of past usage does not change.\n"


def test_a_retroactive_change_is_shown_confirmed_and_recorded(file: Path) -> None:
    with pytest.raises(CliError) as error:
        run("price", "set", file, "--retroactive", "--reason", "agreed")
    assert error.value.message == (
        "Publish plan 'standard' and change the cost of past usage of 1 customer account: not confirmed"
    )
    assert count_versions() == 1
    output = run("price", "set", file, "--retroactive", "--reason", "agreed", "--yes")
    assert output.index("10.08") < output.index("plan 'standard' in EUR") < output.index("Recorded as price change")
    assert count_versions() == 2
    (change,) = json.loads(run("price", "changes", "-f", "json"))
    assert (change["reason"], change["differences"][0]["difference"]) == ("agreed", "4.80")
    table = run("price", "changes")
    assert "acme: 4.80 EUR" in table
    assert "agreed" in table


def test_a_change_of_nothing_needs_no_confirmation(file: Path) -> None:
    file.write_text(PLAN)
    assert "does not change" in run("price", "set", file, "--retroactive", "--reason", "agreed")
    assert json.loads(run("price", "changes", "-f", "json")) == []


@pytest.mark.parametrize("options", [["--retroactive"], ["--retroactive", "--reason", " "], ["--reason", "agreed"]])
def test_a_reason_and_a_retroactive_change_need_each_other(file: Path, options: list[str]) -> None:
    with pytest.raises(CliError):
        run("price", "set", file, *options, "--yes")
    assert count_versions() == 1


def test_an_account_moves_to_another_plan(file: Path) -> None:
    file.write_text(PLAN.replace('"standard"', '"premium"').replace('"0.01"', '"0.03"'))
    run("price", "set", file)
    with pytest.raises(CliError) as error:
        run("account", "set", "acme", "--plan", "premium")
    assert (
        "would change the cost of past usage of customer account 'acme' from 5.28 to 14.88 EUR" in error.value.message
    )
    assert "set --retroactive and --reason" in error.value.hint
    assert "14.88" in run("account", "set", "acme", "--plan", "premium", "--dry-run")
    with pytest.raises(CliError, match="Move customer account 'acme' to plan 'premium' and change the cost of past"):
        run("account", "set", "acme", "--plan", "premium", "--retroactive", "--reason", "agreed")
    output = run("account", "set", "acme", "--plan", "premium", "--retroactive", "--reason", "agreed", "--yes")
    assert "Recorded as price change" in output
    assert "standard → premium" in run("price", "changes")
    assert json.loads(run("account", "show", "acme", "-f", "json"))["plan"] == "premium"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--plan", "standard", "--name", "other"], "--plan cannot be combined with other changes"),
        (["--name", "other", "--dry-run"], "only with --plan"),
        (["--plan", "standard", "--retroactive"], "needs a reason"),
    ],
)
def test_options_of_a_move_are_checked(file: Path, options: list[str], problem: str) -> None:
    with pytest.raises(CliError, match=problem):
        run("account", "set", "acme", *options)
