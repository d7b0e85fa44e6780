"""`stratiform usage audit`, `correct`, `corrections`."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml
from typer.testing import CliRunner, Result

from stratiform.connectors.memory.usage import MemoryUsageDriver
from stratiform.contract.usage import InventoryItem
from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.errors import Unavailable
from stratiform.services.ledger import repository
from support.money import machine
from support.rest import Rest, rest
from support.servers import with_servers
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator, with an instance that its cloud does not list."""
    service_harness.clock.at = parse_iso("2026-11-10T10:00:00")
    servers = with_servers(service_harness)
    server = servers.create_active()
    service_harness.clock.advance(HOUR_US)
    with rest(service_harness) as api:
        unlisted = machine("m1", api.demo_project, "2026-11-09T00:00:00", display_name="web\x1b[31m")
        listed = machine(server.id, "p1", "2026-11-10T10:00:00", memory_mb=512, vcpus=1, root_gb=1)
        with service_harness.services.database.transaction() as db:
            for event in (unlisted, listed):
                service_harness.services.ingest.own_events.ingest(
                    db, [replace(event, cloud="sim")], service_harness.clock.now()
                )
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


def run(*args: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(usage.app, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result


def test_projects_are_named_in_audits_and_corrections(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    item = InventoryItem("instance", "foreign", "p9", "web", "active", parse_iso("2026-11-09"), {"vcpus": 2})
    monkeypatch.setattr(MemoryUsageDriver, "list_inventory", lambda _: iter([item]))
    run("names", "set", "project", "p9", "sh\nop", "--cloud", "sim", "--from", "2026-11-01")
    assert "project_id=sh\ufffdop (p9)" in run("audit", "--period", "2026-11", exit_code=1).stdout
    correction = ("correct", "instance", "m1", "--project", "p9", "--from", "2026-11-09", "--to", "2026-11-10")
    assert "sh\ufffdop (p9)" in run(*correction, "--reason", "moved").stdout
    (listed,) = json.loads(run("corrections", "-f", "json").stdout)
    assert listed["project_names"] == {"p9": "sh\nop"}
    assert "(p9)" in run("corrections").stdout


def test_audit_and_apply(api: Rest) -> None:
    result = run("audit", "--period", "2026-11", exit_code=1)
    assert "sim: 1 resources listed\n" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[:2] == ["instance m1 web\ufffd[31m", "  cloud sim"]
    assert lines[2].startswith("  surplus  2026-11-09T00:00:00.000000Z  2026-11-10T11:00:")
    assert re.search(r"  up to [0-9.]+ s$", lines[2])
    assert lines[3].startswith("    inventory of sim at 2026-11-10T11:00:")
    assert lines[4].startswith("  proposed: gone at 2026-11-10T11:00:")
    assert lines[-1] == "corrections proposed: 1; create them with --apply"
    applied = run("audit", "--period", "2026-11", "--cloud", "sim", "--apply", exit_code=1)
    assert "  corrected: gone at " in applied.stdout
    assert applied.stdout.splitlines()[-1] == "corrections created: 1 of 1"
    clean = run("audit", "--period", "2026-11")
    assert clean.stdout.splitlines() == [
        "2 resources compared; inventories: sim (1)",
        "cloud sim: 2 resources, 2 covered by the inventory, 0 covered by .exists notifications",
        "No discrepancies found with these sources.",
    ]


def test_agreement_names_what_was_not_compared(api: Rest, service_harness: ServiceHarness) -> None:
    """An inventory of one cloud does not cover the resources of another."""
    run("audit", "--period", "2026-11", "--apply", exit_code=1)
    north = machine("m2", api.demo_project, "2026-11-09T00:00:00")
    period = {"audit_period_beginning": "2026-11-09 00:00:00", "audit_period_ending": "2026-11-10 00:00:00"}
    mention = machine("m2", api.demo_project, "2026-11-09T00:00:00", at="2026-11-10T00:00:20", **period)
    exists = replace(mention, event_type="compute.instance.exists", message_id="exists-m2")
    lost = machine("m3", api.demo_project, "2026-11-10T00:30:00")
    with service_harness.services.database.transaction() as db:
        events = [replace(event, cloud="north") for event in (north, exists, lost)]
        service_harness.services.ingest.own_events.ingest(db, events, service_harness.clock.now())
    assert run("audit", "--period", "2026-11").stdout.splitlines() == [
        "4 resources compared; inventories: sim (1)",
        (
            "cloud north: 2 resources, none covered by an inventory (not connected), "
            "1 covered by .exists notifications; 1 covered by neither"
        ),
        "cloud sim: 2 resources, 2 covered by the inventory, 0 covered by .exists notifications",
        (
            "No discrepancies found with these sources. "
            "Clouds without an inventory, compared only with messages: north. "
            "Resources not covered by any source: 1."
        ),
    ]


def test_ledger_without_any_source_is_not_called_correct(
    api: Rest, service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(service_harness.services.clouds.accounts), "list_all", lambda *_: [])
    lines = run("audit", "--period", "2026-11").stdout.splitlines()
    assert lines[0] == "2 resources compared; inventories: none"
    assert lines[-1] == "No discrepancies found, but nothing was checked: no source covers the usage of this period."


def test_audit_as_json(api: Rest) -> None:
    document = json.loads(run("audit", "--period", "2026-11", "--format", "json", exit_code=1).stdout)
    assert [resource["resource_id"] for resource in document["resources"]] == ["m1"]
    assert document["summary"]["clean"] is False
    text = run("audit", "--period", "2026-11", "--format", "yaml", exit_code=1).stdout
    assert yaml.safe_load(text)["resources"] == document["resources"]
    run("audit", "--period", "2026-11", "--apply", exit_code=1)
    document = json.loads(run("audit", "--period", "2026-11", "--format", "json").stdout)
    assert (document["resources"], document["summary"]["clean"]) == ([], True)


def test_failed_audit(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(repository.resources, "list_page", fail)
    with pytest.raises(CliError, match="The audit failed: the database does not answer"):
        run("audit", "--period", "2026-11")
    with pytest.raises(CliError, match="november"):
        run("audit", "--period", "november")


def test_create_list_and_revoke_corrections(api: Rest) -> None:
    args = ["correct", "instance", "m1", "--reason", "outage", "--end", "2026-11-09T12:00:00Z"]
    lines = run(*args).stdout.splitlines()
    assert lines[0] == "before:"
    assert lines[1].startswith("  2026-11-09T00:00:00.000000Z  open ")
    assert lines[2] == "after:"
    assert lines[3].startswith("  2026-11-09T00:00:00.000000Z  2026-11-09T12:00:00.000000Z  active")
    key = lines[4].removeprefix("correction ")
    table = run("corrections", "--resource", "m1").stdout
    assert "end=2026-11-09T12:00:00.000000Z" in table
    assert "outage" in table
    revocation = json.loads(
        run("correct", "instance", "m1", "--reason", "no", "--revoke", key, "--format", "json").stdout
    )
    assert revocation["after"][0]["end"] is None
    (second, first) = json.loads(run("corrections", "--format", "json").stdout)
    assert (first["id"], first["revoked_by"], second["content"]) == (key, revocation["id"], {"revokes": key})


def test_removing_all_usage_needs_absent(api: Rest) -> None:
    args = ["correct", "instance", "m1", "--reason", "a wrong year"]
    with pytest.raises(CliError, match=r"--end: 2025-11-09T12:00:00.000000Z is not after the start") as raised:
        run(*args, "--end", "2025-11-09T12:00:00Z")
    assert "absent" in raised.value.hint
    assert run(*args, "--absent").stdout.splitlines()[2:4] == ["after:", "  not used"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--from", "2027-01-01", "--absent"], "--from: 2027-01-01T00:00:00.000000Z is in the future"),
        (["--from", "2026-11-09", "--to", "2026-11-08", "--absent"], "--to: must be after the start of the interval"),
        (["--set", "vcpus=-4"], "--set vcpus: '-4' is not a non-negative integer"),
        (["--set", "vcpus"], "'vcpus' is not a valid attribute"),
        (["--revoke", "x"], "--revoke: instance m1 has no correction 'x'"),
        (["--meter", "bytes_out", "--quantity", "-5"], "--at: missing"),
        (["--quantity", "-5", "--at", "2026-11-09"], "--meter: missing"),
    ],
)
def test_errors_have_the_option(api: Rest, args: list[str], message: str) -> None:
    with pytest.raises(CliError, match=message):
        run("correct", "instance", "m1", "--reason", "r", *args)


def test_attribute_values(api: Rest) -> None:
    args = ["correct", "instance", "m1", "--reason", "r", "--set", "vcpus=8", "--set", "flavor_id=007"]
    lines = run(*args, "--set", "ram_mib=").stdout.splitlines()
    assert lines[1].endswith("  flavor_id=2  ram_mib=2048  vcpus=2")
    assert lines[3].endswith("  flavor_id=007  ram_mib=  vcpus=8")


def test_correction_of_a_new_resource(api: Rest) -> None:
    args = ["--cloud", "sim", "--start", "2026-11-09", "--project", "p9", "--set", "vcpus=4"]
    lines = run("correct", "instance", "m9", "--reason", "r", *args).stdout.splitlines()
    assert lines[:3] == ["new resource: instance m9 of sim was not in the ledger", "before:", "  not used"]
    assert lines[4].endswith("  active  p9  vcpus=4")
    second = run("correct", "instance", "m9", "--reason", "r", "--state", "active").stdout.splitlines()
    assert second[4] == "The correction currently changes nothing, but it takes precedence over later messages."


def test_adjust_a_meter(api: Rest) -> None:
    args = ["correct", "instance", "m1", "--reason", "r", "--meter", "bytes_out", "--at", "2026-11-09T12:00:00Z"]
    assert run(*args, "--quantity", "500").stdout.startswith("bytes_out (B): before 0, after 500\ncorrection ")
    assert run(*args, "--quantity", "-123.4").stdout.startswith("bytes_out (B): before 500, after 376.6\n")
    table = run("corrections", "--resource", "m1").stdout
    assert "meter=bytes_out, quantity=-123.4, unit=B, at=2026-11-09T12:00:00.000000Z" in table


def test_existing_correction(api: Rest) -> None:
    args = ["correct", "instance", "m1", "--reason", "r", "--state", "stopped", "--id", "ticket-17"]
    assert run(*args).stdout.endswith("correction ticket-17\n")
    assert run(*args).stdout.endswith("correction ticket-17 already exists\n")
