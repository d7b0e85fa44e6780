"""`stratiform period close` and `account assign`, `unassign`, `set`: what cannot be undone is shown first."""

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
from support.rest import Rest, rest
from support.stacks import ServiceHarness

NOVEMBER = "2026-11-01T00:00:00.000000Z to 2026-12-01T00:00:00.000000Z"


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Rest]:
    """A server in December with the customer account "acme" and usage of its project and another one in November."""
    service_harness.clock.at = parse_iso("2026-12-02")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        (tmp_path / "prices.toml").write_text(PLAN)
        run("price", "set", tmp_path / "prices.toml")
        run("invoice", "seller", "--legal-name", "Seller")
        run("account", "create", "acme", "--currency", "EUR", "--plan", "standard", "--tax-rate", "20")
        with service_harness.services.database.transaction() as db:
            events = [machine("m1", api.demo_project, "2026-11-10"), machine("m9", "stray", "2026-11-20")]
            service_harness.services.ingest.own_events.ingest(db, events, service_harness.clock.now())
        yield api


def invoke(*line: object) -> Result:
    result = CliRunner().invoke(create_app(COMMANDS), [str(argument) for argument in line])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def run(*line: object) -> str:
    result = invoke(*line)
    assert result.exit_code == 0, result.output
    return result.output


def assign(api: Rest) -> None:
    run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-01")


def test_an_assignment_names_its_start_and_the_usage_that_stays_unbilled(api: Rest) -> None:
    with pytest.raises(CliError, match="that no customer account pays for") as error:
        run("account", "assign", "acme", "--project", "demo")
    assert "has usage since 2026-11-10T00:00:00.000000Z" in error.value.message
    assert (
        error.value.hint
        == "assign it from 2026-11-10T00:00:00.000000Z to bill the usage, or from `now` to leave it unbilled"
    )
    output = run("account", "assign", "acme", "--project", "demo", "--from", "now")
    assert f"Customer account 'acme' pays for project {api.demo_project} from 2026-12-02" in output
    expected = "1 resource from 2026-11-10T00:00:00.000000Z to 2026-12-02T00:00:00.000000Z; no customer account pays"
    assert expected in output
    output = run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-10")
    assert "from 2026-11-10T00:00:00.000000Z" in output
    assert "Unassigned" not in output


def test_projects_without_a_customer_account_are_listed(api: Rest) -> None:
    assign(api)
    (usage,) = json.loads(run("account", "unassigned", "--month", "2026-11", "-f", "json"))
    assert (usage["project_id"], usage["resources"], usage["end"]) == ("stray", 1, "2026-12-01T00:00:00.000000Z")
    assert json.loads(run("account", "unassigned", "-f", "json"))[0]["end"] == "2026-12-02T00:00:00.000000Z"
    assert "stray" in run("account", "unassigned")


def test_a_project_is_unassigned(api: Rest) -> None:
    assign(api)
    output = run("account", "unassign", "acme", "--project", "demo", "--until", "2026-11-20")
    assert "from 2026-11-01T00:00:00.000000Z until 2026-11-20T00:00:00.000000Z" in output
    run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-25")
    assert "no longer pays" in run("account", "unassign", "acme", "--project", "demo", "--until", "2026-11-22")
    with pytest.raises(CliError, match="is not assigned to customer account 'acme'"):
        run("account", "unassign", "acme", "--project", "demo")


def test_an_account_is_changed(api: Rest) -> None:
    output = run("account", "set", "acme", "--tax-rate", "19", "--address", "Road 1", "--address", "City")
    assert "19" in output
    assert "Road 1" in output
    account = json.loads(run("account", "set", "acme", "--name", "Acme", "-f", "json"))
    assert (account["name"], account["address"], account["tax_rate"]) == ("Acme", ["Road 1", "City"], "19")
    with pytest.raises(CliError, match="nothing to change"):
        run("account", "set", "Acme")


def test_closing_is_previewed_and_confirmed(api: Rest) -> None:
    assign(api)
    output = run("period", "close", "--account", "acme", "2026-11", "--dry-run")
    assert "13.31" in output  # 504 h x 0.022 EUR + 20 %
    assert "Unassigned: project stray, 1 resource from 2026-11-20" in output
    assert "Not audited: cloud dc-1, 1 resource" in output
    assert "open" in output
    with pytest.raises(CliError) as error:
        run("period", "close", "--account", "acme", "2026-11")
    action = f"Close {NOVEMBER} of customer account 'acme' and issue an invoice of 13.31 EUR"
    assert (error.value.message, error.value.hint) == (f"{action}: not confirmed", "run the command again with --yes")
    assert json.loads(run("period", "list", "--account", "acme", "-f", "json"))[0]["state"] == "open"
    assert "2026-000001" in run("period", "close", "--account", "acme", "2026-11", "--yes")
    assert "2026-000001" in run("period", "close", "--account", "acme", "2026-11")  # it is closed already
    preview = json.loads(run("period", "close", "--account", "acme", "2026-11", "--dry-run", "-f", "json"))
    assert (preview["state"], preview["invoice"], preview["total"]) == ("closed", "2026-000001", "13.31")


def test_a_period_that_cannot_be_closed_is_refused_with_the_reason(api: Rest) -> None:
    assign(api)
    run("invoice", "seller", "--legal-name", "")
    result = invoke("period", "close", "--account", "acme", "2026-11", "--dry-run")
    assert result.exit_code == 1
    assert "Cannot be closed: Invoices need a seller, and none is set" in result.output
    with pytest.raises(CliError, match="Invoices need a seller") as error:
        run("period", "close", "--account", "acme", "2026-11", "--yes")
    assert "stratiform invoice seller" in error.value.hint


def test_until_now_closes_what_was_confirmed(api: Rest, service_harness: ServiceHarness) -> None:
    assign(api)
    run("period", "close", "--account", "acme", "2026-11", "--yes")
    closed = json.loads(run("period", "close", "--account", "acme", "--until", "now", "--yes", "-f", "json"))
    assert closed["end"] == "2026-12-02T00:00:00.000000Z"
    assert closed["total"] == "0.64"  # 24 h x 0.022 EUR + 20 %


def test_a_period_without_a_charge_has_no_invoice(api: Rest) -> None:
    run("account", "create", "zeta", "--currency", "EUR", "--plan", "standard")
    run("account", "assign", "zeta", "--project", "admin", "--from", "2026-11-01")
    output = run("period", "close", "--account", "zeta", "2026-11", "--yes")
    assert "Nothing was charged in this period, so it has no invoice." in output
    assert run("invoice", "list", "-f", "json").strip() == "[]"


def test_all_accounts_are_closed_together(api: Rest) -> None:
    assign(api)
    for name in ("unused", "zeta"):
        run("account", "create", name, "--currency", "EUR", "--plan", "standard")
    run("account", "assign", "zeta", "--project", "admin", "--from", "2026-11-01")
    previews = json.loads(run("period", "close", "--all", "2026-11", "--dry-run", "-f", "json"))
    assert [(each["account"], each["total"]) for each in previews] == [("acme", "13.31"), ("zeta", "0.00")]
    with pytest.raises(
        CliError, match="Close the period of 2 customer accounts and issue their invoices: not confirmed"
    ):
        run("period", "close", "--all", "2026-11")
    closed = json.loads(run("period", "close", "--all", "2026-11", "--yes", "-f", "json"))
    assert [(each["account"], each["number"]) for each in closed] == [("acme", "2026-000001"), ("zeta", None)]
    assert "closed" in run("period", "close", "--all", "2026-11", "--yes")
    result = invoke("period", "close", "--all", "2026-12", "--yes")
    assert result.exit_code == 1
    assert "acme: The period does not end until 2027-01-01" in result.output
    for options in ((), ("--all", "--account", "acme")):
        with pytest.raises(CliError, match="Specify either --account or --all"):
            run("period", "close", "2026-11", *options)
