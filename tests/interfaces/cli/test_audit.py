"""`stratiform usage audit`, `correct`, `corrections`."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from typer.testing import CliRunner, Result

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client, CliError, session
from stratiform.kit.clock import HOUR_US, parse_iso
from stratiform.kit.errors import Unavailable
from stratiform.services.ledger import repository
from support.money import machine
from support.rest import Rest, rest
from support.servers import with_servers
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """The API as an operator, with a machine in the ledger that its cloud doesn't list."""
    stack_bench.clock.at = parse_iso("2026-11-10T10:00:00")
    servers = with_servers(stack_bench)
    server = servers.create_active()
    stack_bench.clock.advance(HOUR_US)
    with rest(stack_bench) as api_client:
        lost = machine("m1", api_client.demo_project, "2026-11-09T00:00:00", display_name="web\x1b[31m")
        present = machine(server.id, "p1", "2026-11-10T10:00:00", memory_mb=512, vcpus=1, root_gb=1)
        with stack_bench.services.database.transaction() as db:
            for event in (lost, present):
                stack_bench.services.ingest.events.ingest(db, [replace(event, cloud="sim")], stack_bench.clock.now())
        monkeypatch.setattr(session, "_client", Client(api_client.http, api_client.admin))
        yield api_client


def run(*line: str, exit_code: int = 0) -> Result:
    result = CliRunner().invoke(usage.app, line)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result


def test_an_audit_prints_and_corrects_discrepancies(api: Rest) -> None:
    audit = run("audit", "--period", "2026-11", exit_code=1)
    assert "sim: 1 resources listed\n" in audit.stderr
    lines = audit.stdout.splitlines()
    assert lines[:2] == ["instance m1 web\ufffd[31m", "  cloud sim"]
    assert lines[2].startswith("  surplus  2026-11-09T00:00:00.000000Z  2026-11-10T11:00:")
    assert lines[2].endswith(" s, for a part of it")
    assert lines[3].startswith("    inventory of sim at 2026-11-10T11:00:")
    assert lines[4].startswith("  proposed: gone at 2026-11-10T11:00:")
    assert lines[-1] == "1 corrections proposed; create them with --apply"
    api_client = run("audit", "--period", "2026-11", "--cloud", "sim", "--apply", exit_code=1)
    assert "  corrected: gone at " in api_client.stdout
    assert api_client.stdout.splitlines()[-1] == "1 of 1 corrections created"
    clean = run("audit", "--period", "2026-11")
    assert clean.stdout.splitlines() == [
        "2 resources compared; inventories: sim (1)",
        "The ledger agrees with its sources.",
    ]


def test_an_audit_as_json(api: Rest) -> None:
    output = json.loads(run("audit", "--period", "2026-11", "--format", "json", exit_code=1).stdout)
    assert [resource["resource_id"] for resource in output["resources"]] == ["m1"]
    assert output["summary"]["clean"] is False
    run("audit", "--period", "2026-11", "--apply", exit_code=1)
    output = json.loads(run("audit", "--period", "2026-11", "--format", "json").stdout)
    assert (output["resources"], output["summary"]["clean"]) == ([], True)


def test_a_failed_audit_ends_with_the_error(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(repository.resources, "list_page", broken)
    with pytest.raises(CliError, match="The audit failed: the database does not answer"):
        run("audit", "--period", "2026-11")
    with pytest.raises(CliError, match="november"):
        run("audit", "--period", "november")


def test_corrections_are_created_listed_and_revoked(api: Rest) -> None:
    arguments = ["correct", "instance", "m1", "--reason", "outage", "--end", "2026-11-09T12:00:00Z"]
    output = run(*arguments).stdout.splitlines()
    assert output[0] == "before:"
    assert output[1].startswith("  2026-11-09T00:00:00.000000Z  open ")
    assert output[2] == "after:"
    assert output[3].startswith("  2026-11-09T00:00:00.000000Z  2026-11-09T12:00:00.000000Z  active")
    key = output[4].removeprefix("correction ")
    listed = run("corrections", "--resource", "m1").stdout
    assert "end=2026-11-09T12:00:00.000000Z" in listed
    assert "outage" in listed
    back = json.loads(run("correct", "instance", "m1", "--reason", "no", "--revoke", key, "--format", "json").stdout)
    assert back["after"][0]["end"] is None
    (second, first) = json.loads(run("corrections", "--format", "json").stdout)
    assert (first["id"], first["revoked_by"], second["says"]) == (key, back["id"], {"revokes": key})


def test_usage_is_removed_only_with_absent(api: Rest) -> None:
    arguments = ["correct", "instance", "m1", "--reason", "a wrong year"]
    with pytest.raises(CliError, match=r"--end: 2025-11-09T12:00:00.000000Z is not after the start") as raised:
        run(*arguments, "--end", "2025-11-09T12:00:00Z")
    assert "absent" in raised.value.hint
    assert run(*arguments, "--absent").stdout.splitlines()[2:4] == ["after:", "  not used"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--from", "2027-01-01", "--absent"], "--from: 2027-01-01T00:00:00.000000Z is in the future"),
        (["--from", "2026-11-09", "--to", "2026-11-08", "--absent"], "--to: the window must end"),
        (["--set", "vcpus=-4"], "--set vcpus: '-4' is not a non-negative integer"),
        (["--set", "vcpus"], "'vcpus' is not a valid attribute"),
        (["--revoke", "x"], "--revoke: instance m1 has no correction 'x'"),
        (["--meter", "bytes_out", "--quantity", "-5"], "--at: missing"),
        (["--quantity", "-5", "--at", "2026-11-09"], "--meter: missing"),
    ],
)
def test_an_error_names_the_option(api: Rest, options: list[str], error: str) -> None:
    with pytest.raises(CliError, match=error):
        run("correct", "instance", "m1", "--reason", "r", *options)


def test_attributes_are_strings_numbers_or_removed(api: Rest) -> None:
    arguments = ["correct", "instance", "m1", "--reason", "r", "--set", "vcpus=8", "--set", "flavor_id=007"]
    output = run(*arguments, "--set", "ram_mib=").stdout.splitlines()
    assert output[1].endswith("  flavor_id=2  ram_mib=2048  vcpus=2")
    assert output[3].endswith("  flavor_id=007  ram_mib=  vcpus=8")


def test_a_correction_of_a_new_resource(api: Rest) -> None:
    arguments = ["--cloud", "sim", "--start", "2026-11-09", "--project", "p9", "--set", "vcpus=4"]
    output = run("correct", "instance", "m9", "--reason", "r", *arguments).stdout.splitlines()
    assert output[:3] == ["new resource: instance m9 of sim was not in the ledger", "before:", "  not used"]
    assert output[4].endswith("  active  p9  vcpus=4")
    same = run("correct", "instance", "m9", "--reason", "r", "--state", "active").stdout.splitlines()
    assert same[4] == "The correction has no effect now; it overrides later messages."


def test_a_counter_is_corrected(api: Rest) -> None:
    arguments = ["correct", "instance", "m1", "--reason", "r", "--meter", "bytes_out", "--at", "2026-11-09T12:00:00Z"]
    assert run(*arguments, "--quantity", "500").stdout.startswith("bytes_out (B): before 0, after 500\ncorrection ")
    assert run(*arguments, "--quantity", "-123.4").stdout.startswith("bytes_out (B): before 500, after 376.6\n")
    listed = run("corrections", "--resource", "m1").stdout
    assert "meter=bytes_out, quantity=-123.4, unit=B, at=2026-11-09T12:00:00.000000Z" in listed


def test_the_same_id_already_exists(api: Rest) -> None:
    arguments = ["correct", "instance", "m1", "--reason", "r", "--state", "stopped", "--id", "ticket-17"]
    assert run(*arguments).stdout.endswith("correction ticket-17\n")
    assert run(*arguments).stdout.endswith("correction ticket-17 already exists\n")
