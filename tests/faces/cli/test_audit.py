"""`stratiform usage audit`, `correct`, `corrections`."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from typer.testing import CliRunner, Result

from stratiform.faces.cli import usage
from stratiform.faces.cli.client import Client, CliError, session
from stratiform.faces.rest import audits, corrections
from stratiform.kit.clock import HOUR_US, parse
from stratiform.kit.errors import Unavailable
from stratiform.services.metering import repository
from support.money import machine
from support.rest import Rest, rest
from support.servers import with_servers
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A machine that its cloud doesn't list, as the operator."""
    stack_bench.clock.at = parse("2026-11-10T10:00:00")
    servers = with_servers(stack_bench)
    server = servers.active()
    stack_bench.clock.advance(HOUR_US)
    with rest(stack_bench, [*audits.handlers, *corrections.handlers]) as made:
        lost = machine("m1", made.demo_project, "2026-11-09T00:00:00", display_name="web\x1b[31m")
        there = machine(server.id, "p1", "2026-11-10T10:00:00", memory_mb=512, vcpus=1, root_gb=1)
        with stack_bench.stack.database.transaction() as db:
            for one in (lost, there):
                stack_bench.stack.metering.ingest(db, [replace(one, cloud="sim")], stack_bench.clock.now())
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
    assert "sim: 1 things listed\n" in found.stderr
    lines = found.stdout.splitlines()
    assert lines[:2] == ["instance m1 web\ufffd[31m", "  cloud sim"]
    assert lines[2].startswith("  surplus  2026-11-09T00:00:00.000000Z  2026-11-10T11:00:")
    assert lines[2].endswith(" s, in a part of it")
    assert lines[3].startswith("    inventory of sim at 2026-11-10T11:00:")
    assert lines[4].startswith("  proposed: gone at 2026-11-10T11:00:")
    assert lines[-1] == "1 corrections proposed; --apply makes them"
    made = run("audit", "--period", "2026-11", "--cloud", "sim", "--apply", ends=1)
    assert "  corrected: gone at " in made.stdout
    assert made.stdout.splitlines()[-1] == "1 of 1 corrections made"
    clean = run("audit", "--period", "2026-11")
    assert clean.stdout.splitlines() == [
        "2 resources compared; clouds asked: sim (1)",
        "the ledger agrees with its sources",
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

    monkeypatch.setattr(repository.audits, "resources", broken)
    with pytest.raises(CliError, match="the audit broke off: the database does not answer"):
        run("audit", "--period", "2026-11")
    with pytest.raises(CliError, match="november"):
        run("audit", "--period", "november")


def test_corrections_are_made_listed_and_taken_back(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "outage", "--end", "2026-11-09T12:00:00Z"]
    told = run(*said).stdout.splitlines()
    assert told[0] == "before:"
    assert told[1].startswith("  2026-11-09T00:00:00.000000Z  open ")
    assert told[2] == "now:"
    assert told[3].startswith("  2026-11-09T00:00:00.000000Z  2026-11-09T12:00:00.000000Z  active")
    key = told[4].removeprefix("correction ")
    shown = run("corrections", "--resource", "m1").stdout
    assert "end=2026-11-09T12:00:00.000000Z" in shown
    assert "outage" in shown
    back = json.loads(run("correct", "instance", "m1", "--reason", "no", "--revoke", key, "--format", "json").stdout)
    assert back["after"][0]["end"] is None
    (second, first) = json.loads(run("corrections", "--format", "json").stdout)
    assert (first["id"], first["revoked_by"], second["says"]) == (key, back["id"], {"revokes": key})


def test_a_correction_that_leaves_no_use_says_so(api: Rest) -> None:
    told = run("correct", "instance", "m1", "--reason", "a wrong year", "--end", "2025-11-09T12:00:00Z").stdout
    assert told.splitlines()[2:4] == ["now:", "  not used"]


def test_attributes_are_texts_numbers_or_taken_away(api: Rest) -> None:
    said = [
        "correct",
        "instance",
        "m1",
        "--reason",
        "r",
        "--set",
        "vcpus=8",
        "--set",
        "flavor=big",
        "--set",
        "ram_mib=",
    ]
    done = json.loads(run(*said, "--format", "json").stdout)
    attributes = done["after"][0]["attributes"]
    assert (attributes["vcpus"], attributes["flavor"], "ram_mib" in attributes) == (8, "big", False)
    with pytest.raises(CliError, match="is no attribute"):
        run("correct", "instance", "m1", "--reason", "r", "--set", "vcpus")


def test_the_same_id_is_told(api: Rest) -> None:
    said = ["correct", "instance", "m1", "--reason", "r", "--state", "stopped", "--id", "ticket-17"]
    assert run(*said).stdout.endswith("correction ticket-17\n")
    assert run(*said).stdout.endswith("correction ticket-17 had been made before\n")
