"""`stratiform usage`."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from stratiform.faces.cli import usage
from stratiform.faces.cli.client import Client, CliError, session
from stratiform.faces.rest.usage import handlers
from support.ledger import expected, recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """The commands talk to this server, as the operator."""
    with rest(stack_bench, handlers) as made:
        monkeypatch.setattr(session, "_client", Client(made.http, made.admin))
        yield made


def run(*line: str) -> str:
    """What the command prints. Raises CliError as `main.run` would get it."""
    done = CliRunner().invoke(usage.app, line)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "notifications.jsonl"
    made.write_bytes(b"\n".join(recorded()) + b"\n")
    return made


def test_import_and_list(api: Rest, file: Path) -> None:
    assert run("list", "--format", "json") == "[]\n"
    assert run("import", str(file)) == "382 new, 0 known already, 714 about nothing that is metered, 0 kept aside\n"
    assert run("list", "--format", "json") == expected()


def test_twice_and_shuffled_are_the_same_bytes(api: Rest, file: Path) -> None:
    run("import", str(file))
    run("import", str(file))
    assert run("list", "--format", "json") == expected()


def test_shuffled_is_the_same_bytes(api: Rest, tmp_path: Path) -> None:
    lines = list(recorded())
    random.Random(1).shuffle(lines)
    shuffled = tmp_path / "shuffled"
    shuffled.write_bytes(b"\n".join(lines))
    run("import", str(shuffled))
    assert run("list", "--format", "json") == expected()


def test_json_is_an_array_with_what_is_promised(api: Rest, file: Path) -> None:
    run("import", str(file), "--cloud", "lab")
    items = json.loads(run("list", "--format", "json", "--resource-type", "volume", "--cloud", "lab"))
    assert {"resource_type", "resource_id", "project_id", "cloud", "start", "end", "state", "attributes"} <= set(
        items[0]
    )
    assert {one["resource_type"] for one in items} == {"volume"}
    assert items == sorted(items, key=lambda one: (one["resource_id"], one["start"]))
    assert json.dumps(items, indent=2) + "\n" == run("list", "--format", "json", "--resource-type", "volume")


def test_a_table_for_people(api: Rest, file: Path) -> None:
    run("import", str(file))
    told = run("list", "--resource", "818029a3-c1e5-45f8-b09d-7b588196ac30")
    assert told.startswith("volume 818029a3-c1e5-45f8-b09d-7b588196ac30 vol80271\n  cloud openstack\n  1 GiB 8e92e9ee")
    assert "    2026-11-20T13:12:02.887640Z  2026-11-20T13:12:04.003531Z  available\n" in told
    assert "  2 GiB 1150aef3-f058-4657-9102-c1e99869f90f\n" in told
    everything = run("list")
    assert "  lab.small 1 vCPU 128 MiB 2 GiB\n" in everything
    assert max(len(line) for line in everything.splitlines()) <= 80
    assert "project" not in everything


def test_the_table_names_projects_where_there_are_several(api: Rest, stack_bench: Bench) -> None:
    with stack_bench.stack.database.transaction() as db:
        events = [machine("m1", "p1", "2026-11-01"), disk("v1", "p2", "2026-11-01")]
        stack_bench.stack.metering.ingest(db, events, stack_bench.clock.now())
    told = run("list")
    assert "  cloud dc-1 project p1\n  m1.small 2 vCPU 2 GiB 20 GiB\n" in told
    assert "    2026-11-01T00:00:00.000000Z  open                         active\n" in told
    assert "  cloud dc-1 project p2\n  100 GiB fast\n" in told


def test_rejected(api: Rest, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"{\n[markup]\n")
    assert "2 kept aside" in run("import", str(bad))
    assert "not JSON" in run("rejected", "list")
    assert sorted(one["body"] for one in json.loads(run("rejected", "list", "--format", "json"))) == ["[markup]", "{"]
    assert "2 kept aside" in run("rejected", "replay")


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cant_be_read_is_told_in_one_line(api: Rest, tmp_path: Path, name: str) -> None:
    with pytest.raises(CliError) as refused:
        run("import", str(tmp_path / name))
    assert refused.value.message.startswith("can't read")
    assert "\n" not in refused.value.message
    assert refused.value.hint


def test_a_server_that_is_gone_is_told_in_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client(base_url="http://127.0.0.1:9") as http:
        monkeypatch.setattr(session, "_client", Client(http, "token"))
        for line in (("import", str(file)), ("list",), ("rejected", "list"), ("rejected", "replay")):
            with pytest.raises(CliError) as refused:
                run(*line)
            assert refused.value.message.startswith("no answer from http://127.0.0.1:9")
            assert "\n" not in refused.value.message


def test_a_bad_filter_is_told(api: Rest) -> None:
    with pytest.raises(CliError) as refused:
        run("list", "--from", "soon")
    assert refused.value.message == "from is no time: 'soon'"
