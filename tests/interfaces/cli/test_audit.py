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
    """A machine that its cloud doesn't list, as the operator."""
    stack_bench.clock.at = parse_iso("2026-11-10T10:00:00")
    servers = with_servers(stack_bench)
    server = servers.create_active()
    stack_bench.clock.advance(HOUR_US)
    with rest(stack_bench) as made:
        lost = machine("m1", made.demo_project, "2026-11-09T00:00:00", display_name="web\x1b[31m")
        there = machine(server.id, "p1", "2026-11-10T10:00:00", memory_mb=512, vcpus=1, root_gb=1)
        with stack_bench.services.database.transaction() as db:
            for one in (lost, there):
                stack_bench.services.ingest.events.ingest(db, [replace(one, cloud="sim")], stack_bench.clock.now())
        monkeypatch.setattr(session, "_client", Client(made.http, made.admin))
        yield made


def run(*line: str, ends: int = 0) -> Result:
    done = CliRunner().invoke(usage.app, line)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == ends, done.output
    return done


def test_an_audit_tells_what_it_finds_and_corrects_it(api: Rest) -> None:
    found = run("audit", "--period", "2026-11", ends=1)
    assert "sim: 1 resources listed\n" in found.stderr
    lines = found.stdout.splitlines()
    assert lines[:2] == ["instance m1 web\ufffd[31m", "  cloud sim"]
    assert lines[2].startswith("  surplus  2026-11-09T00:00:00.000000Z  2026-11-10T11:00:")
    assert lines[2].endswith(" s, for a part of it")
    assert lines[3].startswith("    inventory of sim at 2026-11-10T11:00:")
    assert lines[4].startswith("  proposed: gone at 2026-11-10T11:00:")
    assert lines[-1] == "1 corrections proposed; create them with --apply"
    made = run("audit", "--period", "2026-11", "--cloud", "sim", "--apply", ends=1)
    assert "  corrected: gone at " in made.stdout
    assert made.stdout.splitlines()[-1] == "1 of 1 corrections created"
    clean = run("audit", "--period", "2026-11")
    assert clean.stdout.splitlines() == [
        "2 resources compared; inventories: sim (1)",
        "The ledger agrees with its sources.",
    ]


def test_an_audit_for_programs(api: Rest) -> None:
    told = json.loads(run("audit", "--period", "2026-11", "--format", "json", ends=1).stdout)
    assert [one["resource_id"] for one in told["resources"]] == ["m1"]
    assert told["summary"]["clean"] is False
    run("audit", "--period", "2026-11", "--apply", ends=1)
    told = json.loads(run("audit", "--period", "2026-11", "--format", "json").stdout)
    assert (told["resources"], told["summary"]["clean"]) == ([], True)


def test_an_audit_that_breaks_off_ends_with_what_was_wrong(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise Unavailable("the database does not answer")

    monkeypatch.setattr(repository.resources, "list_page", broken)
    with pytest.raises(CliError, match="The audit failed: the database does not answer"):
        run("audit", "--period", "2026-11")
    with pytest.raises(CliError, match="november"):
        run("audit", "--period", "november")


def test_corrections_are_made_listed_and_taken_back(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "outage", "--end", "2026-11-09T12:00:00Z"]
    told = run(*said).stdout.splitlines()
    assert told[0] == "before:"
    assert told[1].startswith("  2026-11-09T00:00:00.000000Z  open ")
    assert told[2] == "after:"
    assert told[3].startswith("  2026-11-09T00:00:00.000000Z  2026-11-09T12:00:00.000000Z  active")
    key = told[4].removeprefix("correction ")
    shown = run("corrections", "--resource", "m1").stdout
    assert "end=2026-11-09T12:00:00.000000Z" in shown
    assert "outage" in shown
    back = json.loads(run("correct", "instance", "m1", "--reason", "no", "--revoke", key, "--format", "json").stdout)
    assert back["after"][0]["end"] is None
    (second, first) = json.loads(run("corrections", "--format", "json").stdout)
    assert (first["id"], first["revoked_by"], second["says"]) == (key, back["id"], {"revokes": key})


def test_use_is_wiped_out_only_by_who_says_so(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "a wrong year"]
    with pytest.raises(CliError, match=r"--end: 2025-11-09T12:00:00.000000Z is not after the start") as raised:
        run(*said, "--end", "2025-11-09T12:00:00Z")
    assert "absent" in raised.value.hint
    assert run(*said, "--absent").stdout.splitlines()[2:4] == ["after:", "  not used"]


@pytest.mark.parametrize(
    ("said", "why"),
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
def test_a_message_names_the_option(api: Rest, said: list[str], why: str) -> None:
    with pytest.raises(CliError, match=why):
        run("correct", "instance", "m1", "--reason", "r", *said)


def test_attributes_are_texts_numbers_or_taken_away(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "r", "--set", "vcpus=8", "--set", "flavor_id=007"]
    told = run(*said, "--set", "ram_mib=").stdout.splitlines()
    assert told[1].endswith("  flavor_id=2  ram_mib=2048  vcpus=2")
    assert told[3].endswith("  flavor_id=007  ram_mib=  vcpus=8")


def test_what_the_ledger_did_not_know_is_said_to_be_new(api: Rest) -> None:
    said = ["--cloud", "sim", "--start", "2026-11-09", "--project", "p9", "--set", "vcpus=4"]
    told = run("correct", "instance", "m9", "--reason", "r", *said).stdout.splitlines()
    assert told[:3] == ["new resource: instance m9 of sim was not in the ledger", "before:", "  not used"]
    assert told[4].endswith("  active  p9  vcpus=4")
    same = run("correct", "instance", "m9", "--reason", "r", "--state", "active").stdout.splitlines()
    assert same[4] == "The correction has no effect now; it overrides later messages."


def test_what_a_meter_counted_is_corrected(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "r", "--meter", "bytes_out", "--at", "2026-11-09T12:00:00Z"]
    assert run(*said, "--quantity", "500").stdout.startswith("bytes_out (B): before 0, after 500\ncorrection ")
    assert run(*said, "--quantity", "-123.4").stdout.startswith("bytes_out (B): before 500, after 376.6\n")
    shown = run("corrections", "--resource", "m1").stdout
    assert "meter=bytes_out, quantity=-123.4, unit=B, at=2026-11-09T12:00:00.000000Z" in shown


def test_the_same_id_is_told(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "r", "--state", "stopped", "--id", "ticket-17"]
    assert run(*said).stdout.endswith("correction ticket-17\n")
    assert run(*said).stdout.endswith("correction ticket-17 already exists\n")
