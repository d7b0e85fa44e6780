"""Names in `stratiform cost` and `stratiform account`, of projects and machines that only messages of a cloud have."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.main import COMMANDS, create_app
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import format_iso_naive, parse_iso
from stratiform.kit.outbox import Event
from stratiform.services.ledger.model import Resource
from support.money import PLAN, disk, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness

PROJECT = "8782449b8ab1452ba506264c4923f734"


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server whose customer account "hosted" pays for a project of another cloud."""
    service_harness.clock.at = parse_iso("2026-11-10T01:00:00")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        headers = {"X-Auth-Token": api.admin, "Content-Type": "application/toml"}
        assert api.http.post("/api/v1/prices", content=PLAN.encode(), headers=headers).status_code == 200
        assert api("POST", "accounts", {"name": "hosted", "currency": "EUR", "plan": "standard"}).status_code == 201
        yield api


def run(*line: str) -> str:
    result: Result = CliRunner().invoke(create_app(COMMANDS), line)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def receive(harness: ServiceHarness, *events: Event, project: str = "acme") -> None:
    context = {"_context_project_id": PROJECT, "_context_project_name": project}
    messages = [
        json.dumps(
            {
                "message_id": event.message_id,
                "publisher_id": event.publisher_id,
                "event_type": event.event_type,
                "timestamp": format_iso_naive(event.at),
                "payload": event.payload,
                **context,
            }
        ).encode()
        for event in events
    ]
    with harness.services.database.transaction() as db:
        harness.services.ingest.messages.ingest(db, "dc-1", messages, harness.clock.now())


def test_project_of_a_cloud_is_assigned_and_shown_by_its_name(api: Rest, service_harness: ServiceHarness) -> None:
    receive(service_harness, machine("m1", PROJECT, "2026-11-10T00:00:00"))
    with pytest.raises(CliError, match=rf"Project 'acme' \({PROJECT}\) has no customer account"):
        run("cost", "month", "--project", "acme")
    assigned = run("account", "assign", "hosted", "--project", "acme", "--from", "2026-11-10T00:00:00Z")
    assert f"acme ({PROJECT}) from 2026-11-10" in assigned
    assert f"acme ({PROJECT}) from 2026-11-10" in run("account", "show", "hosted")
    output = run("cost", "month", "--project", "acme")
    assert f"Project acme ({PROJECT}), 2026-11: 0.022 EUR" in output
    assert output == run("cost", "month", "--project", PROJECT)


def test_costs_are_rounded_and_in_the_order_in_which_people_count(api: Rest, service_harness: ServiceHarness) -> None:
    start = "2026-11-10T00:00:01"
    machines = [machine(f"m{each}", PROJECT, start, display_name=f"srv-{each}") for each in (10, 2, 1)]
    short = disk("v1", PROJECT, start, display_name="srv-3", state="deleted", deleted_at="2026-11-10T00:00:01.000001")
    receive(service_harness, *machines, short)
    run("account", "assign", "hosted", "--project", PROJECT, "--from", "2026-11-10T00:00:00Z")
    lines = run("cost", "month", "--project", PROJECT).splitlines()
    assert [line.split()[0] for line in lines[1:5]] == ["srv-1", "srv-2", "srv-3", "srv-10"]
    assert lines[1].split()[-1] == "0.022"
    assert lines[3].endswith("< 0.0001")
    exact = json.loads(run("cost", "month", "--project", PROJECT, "-f", "json"))["resources"][0]["amount"]
    assert exact.startswith("0.0219938")
    assert run("cost", "month", "--project", PROJECT, "-f", "value", "-c", "Amount").splitlines()[0] == exact
    table = run("cost", "month", "--project", PROJECT, "-c", "Resource")
    assert [line.strip() for line in table.splitlines()] == ["Resource", "srv-1", "srv-2", "srv-3", "srv-10"]


def test_name_of_several_projects_is_ambiguous(api: Rest, service_harness: ServiceHarness) -> None:
    receive(service_harness, machine("m1", PROJECT, "2026-11-10T00:00:00"))
    other = "909e77526b324d87900a4bf26ce5d28e"
    with service_harness.services.database.transaction() as db:
        ctx = service_harness.ctx(db)
        names = service_harness.services.ingest.resource_names
        names.set_name(ctx, Resource("", "project", other), "acme", ctx.now)
    with pytest.raises(CliError, match="2 projects are named 'acme'"):
        run("cost", "month", "--project", "acme")


def test_name_of_a_project_here_and_in_a_cloud_is_ambiguous(api: Rest, service_harness: ServiceHarness) -> None:
    receive(service_harness, machine("m1", PROJECT, "2026-11-10T00:00:00"), project="admin")
    with pytest.raises(CliError, match="2 projects are named 'admin'") as raised:
        run("account", "assign", "hosted", "--project", "admin")
    assert PROJECT in str(raised.value.hint)


def test_machine_of_a_cloud_is_shown_by_its_name_and_its_end(api: Rest, service_harness: ServiceHarness) -> None:
    receive(
        service_harness,
        machine("m1", PROJECT, "2026-11-10T00:00:00", display_name="boot-0"),
        machine("m2", PROJECT, "2026-11-01T00:00:00", display_name="boot-0", state="deleted", deleted_at="2026-11-02"),
        machine("m3", PROJECT, "2026-11-01T00:00:00", display_name="old", state="deleted", deleted_at="2026-11-02"),
        disk("v1", PROJECT, "2026-11-10T00:00:00", display_name="data"),
    )
    run("account", "assign", "hosted", "--project", PROJECT, "--from", "2026-11-01T00:00:00Z")
    assert "boot-0 cost 0.022 EUR" in run("cost", "show", "boot-0")
    assert "Current cost per hour: 0.022 EUR" in run("cost", "show", "m1")
    assert "data cost 0.02 EUR" in run("cost", "show", "data")
    output = run("cost", "show", "old")
    assert "old ended 2026-11-02T00:00:00.000000Z" in output
    assert "per hour" not in output
    assert json.loads(run("cost", "show", "old", "--format", "json"))["ended_at"] == "2026-11-02T00:00:00.000000Z"
    with pytest.raises(CliError, match="'nothing' has no cost"):
        run("cost", "show", "nothing")


def test_name_of_several_machines_in_use_is_ambiguous(api: Rest, service_harness: ServiceHarness) -> None:
    machines = [machine(each, PROJECT, "2026-11-10T00:00:00", display_name="web") for each in ("m1", "m2")]
    receive(service_harness, *machines)
    with pytest.raises(CliError, match="2 resources are named 'web'") as raised:
        run("cost", "show", "web")
    assert "m1, m2" in str(raised.value.hint)


def test_customer_finds_only_machines_of_the_own_project(api: Rest, service_harness: ServiceHarness) -> None:
    receive(
        service_harness,
        machine("m1", PROJECT, "2026-11-10T00:00:00", display_name="web"),
        machine("m2", api.demo_project, "2026-11-10T00:00:00", display_name="web"),
        machine("m3", PROJECT, "2026-11-10T00:00:00", display_name="db"),
    )
    run("account", "assign", "hosted", "--project", "demo", "--from", "2026-11-01T00:00:00Z")
    assert api("GET", "costs/servers/web", token=api.demo).json()["resource_id"] == "m2"
    assert api("GET", "costs/servers/db", token=api.demo).status_code == 404
