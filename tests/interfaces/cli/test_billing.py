"""`stratiform price, account, period, invoice, cost`: the way from a plan to a paid machine."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from stratiform.interfaces.cli.client import Client, CliError, session
from stratiform.interfaces.cli.main import app
from stratiform.interfaces.rest import costs, prices
from stratiform.kit.clock import parse_iso
from support.money import PLAN, machine
from support.rest import Rest, rest
from support.stacks import Bench

HANDLERS = [*costs.handlers, *prices.handlers]


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    stack_bench.clock.at = parse_iso("2026-11-10T01:00:00")
    with rest(stack_bench, HANDLERS) as made:
        monkeypatch.setattr(session, "_client", Client(made.http, made.admin))
        yield made


@pytest.fixture
def plan(tmp_path: Path) -> str:
    file = tmp_path / "prices.toml"
    file.write_text(PLAN)
    return str(file)


def run(*line: str) -> str:
    done: Result = CliRunner().invoke(app, line)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def begin(api: Rest, plan: str, of: Bench) -> None:
    """An account, its project, and an hour of a machine."""
    run("price", "set", plan)
    run("account", "create", "acme", "--currency", "EUR", "--plan", "standard", "--tax-rate", "20", "--country", "DE")
    run("account", "assign", "acme", "--project", "demo", "--from", "2026-11-10")
    with of.services.database.transaction() as db:
        of.services.ingest.events.ingest(db, [machine("m1", api.demo_project, "2026-11-10")], of.clock.now())


def test_from_a_plan_to_an_invoice(api: Rest, plan: str, stack_bench: Bench, tmp_path: Path) -> None:
    begin(api, plan, stack_bench)
    assert "name of m1: 0.022 EUR" in run("cost", "show", "m1")
    assert json.loads(run("cost", "show", "m1", "--format", "json"))["per_hour"] == "0.022"
    assert "2026-11: 0.022 EUR" in run("cost", "month", "--project", "demo")
    closed = json.loads(run("period", "close", "--account", "acme", "--until", "now", "--format", "json"))
    number = closed["number"]
    assert "open" in run("period", "list", "--account", "acme")
    assert number in run("invoice", "list")
    shown = run("invoice", "show", number)
    assert "Root disk" in shown
    assert "0.022" in shown
    document = tmp_path / "invoice.json"
    run("invoice", "download", number, "--output", str(document))
    assert json.loads(document.read_text()) == json.loads(run("invoice", "show", number, "--format", "json"))
    run("invoice", "download", number, "-o", str(tmp_path / "invoice.pdf"))
    assert (tmp_path / "invoice.pdf").read_bytes().startswith(b"%PDF-")
    with pytest.raises(CliError, match=r"does not end in \.pdf or \.json"):
        run("invoice", "download", number, "-o", str(tmp_path / "invoice.txt"))


def test_no_name_steers_the_terminal(api: Rest, plan: str, stack_bench: Bench) -> None:
    begin(api, plan, stack_bench)
    with stack_bench.services.database.transaction() as db:
        event = machine("m2", api.demo_project, "2026-11-10", display_name="a\x1b[31m\x9b株")
        stack_bench.services.ingest.events.ingest(db, [event], stack_bench.clock.now())
    for told in (run("cost", "show", "m2"), run("cost", "month", "--project", "demo")):
        assert "a\ufffd[31m\ufffd株" in told
        assert "\x1b" not in told


def test_plans_are_listed_and_shown(api: Rest, plan: str) -> None:
    assert "plan 'standard' in EUR, versions from 2026-01-01" in run("price", "set", plan)
    assert [one["name"] for one in json.loads(run("price", "list", "--format", "json"))] == ["standard"]
    shown = run("price", "show", "standard")
    assert "up to the second" in shown
    assert "volume_type=fast" in shown
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


def test_accounts_are_listed_and_shown(api: Rest, plan: str, stack_bench: Bench) -> None:
    begin(api, plan, stack_bench)
    assert "acme" in run("account", "list")
    shown = run("account", "show", "acme")
    assert f"{api.demo_project} from 2026-11-10" in shown
    with pytest.raises(CliError, match="no account 'nobody'"):
        run("account", "show", "nobody")


def test_the_seller_is_set_bit_by_bit(api: Rest) -> None:
    run("invoice", "seller", "--legal-name", "Seller AG", "--address", "Street 1", "--address", "Town")
    run("invoice", "seller", "--country", "CH")
    told = json.loads(run("invoice", "seller", "--format", "json"))
    assert told == {"legal_name": "Seller AG", "address": ["Street 1", "Town"], "country": "CH", "tax_id": ""}
