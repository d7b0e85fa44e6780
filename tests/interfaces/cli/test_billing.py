"""`stratiform price`, `account`, `period`, `invoice` and `cost`."""

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


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    service_harness.clock.at = parse_iso("2026-11-10T01:00:00")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


@pytest.fixture
def plan(tmp_path: Path) -> str:
    file = tmp_path / "prices.toml"
    file.write_text(PLAN)
    return str(file)


def run(*line: str) -> str:
    result: Result = CliRunner().invoke(create_app(COMMANDS), line)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def create_usage(api: Rest, plan: str, stack: ServiceHarness) -> None:
    """Create a customer account, assign the demo project, and record one hour of a server."""
    run("price", "set", plan)
    run("invoice", "seller", "--legal-name", "Seller")
    run("account", "create", "acme", "--currency", "EUR", "--plan", "standard", "--tax-rate", "20", "--country", "DE")
    run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-10")
    with stack.services.database.transaction() as db:
        stack.services.ingest.own_events.ingest(db, [machine("m1", api.demo_project, "2026-11-10")], stack.clock.now())


def test_from_a_plan_to_an_invoice(api: Rest, plan: str, service_harness: ServiceHarness, tmp_path: Path) -> None:
    create_usage(api, plan, service_harness)
    assert "name of m1 cost 0.022 EUR" in run("cost", "show", "m1")
    assert json.loads(run("cost", "show", "m1", "--format", "json"))["per_hour"] == "0.022"
    assert "2026-11: 0.022 EUR" in run("cost", "month", "--project", "demo")
    closed = json.loads(run("period", "close", "--account", "acme", "--until", "now", "--yes", "--format", "json"))
    number = closed["number"]
    periods = run("period", "list", "--account", "acme")
    assert "open" in periods
    assert "As-of position" not in periods
    assert number in run("invoice", "list")
    output = run("invoice", "show", number)
    assert "Root disk" in output
    assert "0.022" in output
    assert run("invoice", "show", number, "-f", "csv", "-c", "Resource").splitlines()[:2] == ["Resource", "name of m1"]
    assert run("price", "show", "standard", "-f", "csv").count("plan '") == 0
    document = tmp_path / "invoice.json"
    run("invoice", "download", number, "--output", str(document))
    assert json.loads(document.read_text()) == json.loads(run("invoice", "show", number, "--format", "json"))
    run("invoice", "download", number, "-o", str(tmp_path / "invoice.pdf"))
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(CliError, match=r"must end in \.pdf or \.json"):
        run("invoice", "download", number, "-o", str(tmp_path / "invoice.txt"))


def test_control_characters_in_names_are_replaced(api: Rest, plan: str, service_harness: ServiceHarness) -> None:
    create_usage(api, plan, service_harness)
    with service_harness.services.database.transaction() as db:
        event = machine("m2", api.demo_project, "2026-11-10", display_name="a\x1b[31m\x9b株")
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    for output in (run("cost", "show", "m2"), run("cost", "month", "--project", "demo")):
        assert "a\ufffd[31m\ufffd株" in output
        assert "\x1b" not in output


def test_plans_are_listed_and_shown(api: Rest, plan: str) -> None:
    assert "plan 'standard' in EUR, versions from 2026-01-01" in run("price", "set", plan)
    assert [plan["name"] for plan in json.loads(run("price", "list", "--format", "json"))] == ["standard"]
    output = run("price", "show", "standard")
    assert "up to the second" in output
    assert "volume_type=fast" in output
    assert json.loads(run("price", "show", "standard", "--format", "json"))["name"] == "standard"
    with pytest.raises(CliError, match=r"Price plan 'gold\?limit=1' not found"):
        run("price", "show", "gold?limit=1")
    with pytest.raises(CliError, match="no such file"):
        run("price", "set", plan + ".missing")


def test_a_mistake_in_a_plan_is_one_line_and_changes_nothing(api: Rest, tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(PLAN.replace('"0.01"', '"-1"'))
    with pytest.raises(CliError, match=r"wrong\.toml: price 1 of version 1: price: -1 is negative"):
        run("price", "set", str(file))
    assert json.loads(run("price", "list", "--format", "json")) == []


def test_accounts_are_listed_and_shown(api: Rest, plan: str, service_harness: ServiceHarness) -> None:
    create_usage(api, plan, service_harness)
    assert "acme" in run("account", "list")
    output = run("account", "show", "acme")
    assert f"{api.demo_project} from 2026-11-10" in output
    with pytest.raises(CliError, match="Customer account 'unknown' not found"):
        run("account", "show", "unknown")


def test_options_change_only_their_fields_of_the_seller(api: Rest) -> None:
    run("invoice", "seller", "--legal-name", "Seller AG", "--address", "Street 1", "--address", "Town")
    run("invoice", "seller", "--country", "CH")
    seller = json.loads(run("invoice", "seller", "--format", "json"))
    assert seller == {"legal_name": "Seller AG", "address": ["Street 1", "Town"], "country": "CH", "tax_id": ""}
