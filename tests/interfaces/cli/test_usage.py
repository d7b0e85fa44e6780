"""`stratiform usage`."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client, CliError, session
from support.ledger import expected, recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """Send the requests of the commands to a test server, as an operator."""
    with rest(stack_bench) as api_client:
        monkeypatch.setattr(session, "_client", Client(api_client.http, api_client.admin))
        yield api_client


def run(*line: str) -> str:
    """Return the output of a command. Raises: CliError."""
    result = CliRunner().invoke(usage.app, line)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "notifications.jsonl"
    path.write_bytes(b"\n".join(recorded()) + b"\n")
    return path


def test_import_and_list(api: Rest, file: Path) -> None:
    assert run("list", "--format", "json") == "[]\n"
    assert run("import", str(file)) == "576 ingested, 0 duplicates, 540 ignored, 0 rejected\n"
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


def test_json_is_a_sorted_array_with_the_documented_fields(api: Rest, file: Path) -> None:
    run("import", str(file), "--cloud", "lab")
    items = json.loads(run("list", "--format", "json", "--resource-type", "volume", "--cloud", "lab"))
    assert {"resource_type", "resource_id", "project_id", "cloud", "start", "end", "state", "attributes"} <= set(
        items[0]
    )
    assert {item["resource_type"] for item in items} == {"volume"}
    assert items == sorted(items, key=lambda item: (item["resource_id"], item["start"]))
    assert json.dumps(items, indent=2) + "\n" == run("list", "--format", "json", "--resource-type", "volume")


def test_table(api: Rest, file: Path) -> None:
    run("import", str(file))
    output = run("list", "--resource", "818029a3-c1e5-45f8-b09d-7b588196ac30")
    assert output.startswith(
        "volume 818029a3-c1e5-45f8-b09d-7b588196ac30 vol80271\n  cloud openstack\n  1 GiB 8e92e9ee"
    )
    assert "    2026-11-20T13:12:02.887640Z  2026-11-20T13:12:04.003531Z  available\n" in output
    assert "  2 GiB 1150aef3-f058-4657-9102-c1e99869f90f\n" in output
    everything = run("list")
    assert "  lab.small 1 vCPU 128 MiB 2 GiB\n" in everything
    assert max(len(line) for line in everything.splitlines()) <= 80
    assert "project" not in everything


def test_the_table_names_projects_if_there_are_several(api: Rest, stack_bench: Bench) -> None:
    with stack_bench.services.database.transaction() as db:
        events = [machine("m1", "p1", "2026-11-01"), disk("v1", "p2", "2026-11-01")]
        stack_bench.services.ingest.events.ingest(db, events, stack_bench.clock.now())
    output = run("list")
    assert "  cloud dc-1 project p1\n  m1.small 2 vCPU 2 GiB 20 GiB\n" in output
    assert "    2026-11-01T00:00:00.000000Z  open                         active\n" in output
    assert "  cloud dc-1 project p2\n  100 GiB fast\n" in output


def test_control_characters_of_names_are_replaced(api: Rest, stack_bench: Bench) -> None:
    with stack_bench.services.database.transaction() as db:
        event = machine("m1", "p1", "2026-11-01", display_name="web\n    2026-11-01T00:00:00.000000Z  open")
        stack_bench.services.ingest.events.ingest(db, [event], stack_bench.clock.now())
    assert run("list").splitlines()[0].startswith("instance m1 web\ufffd    2026")


def test_rejected(api: Rest, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(b"{\n[markup]\n" + recorded()[0])
    output = run("import", str(bad))
    assert "2 rejected" in output
    assert "List rejected messages with `stratiform usage rejected list`; delete them with `rejected drop`." in output
    assert "not JSON" in run("rejected", "list")
    assert sorted(message["body"] for message in json.loads(run("rejected", "list", "--format", "json"))) == [
        "[markup]",
        "{",
    ]
    assert "2 rejected" in run("rejected", "replay")
    first, second = (message["id"] for message in json.loads(run("rejected", "list", "--format", "json")))
    assert first in run("rejected", "show", first[:12])
    assert json.loads(run("rejected", "show", first[:12], "--format", "json"))["id"] == first
    assert run("rejected", "drop", first[:12]) == "1 deleted\n"
    assert [message["id"] for message in json.loads(run("rejected", "list", "--format", "json"))] == [second]
    assert run("rejected", "drop", "--reason", "no event") == "0 deleted\n"
    assert run("rejected", "drop", "--reason", "not JSON", "--cloud", "openstack") == "1 deleted\n"
    assert run("rejected", "drop", "--all") == "0 deleted\n"


@pytest.mark.parametrize("line", [(), ("x", "--all"), ("--all", "--cloud", "a"), ("x", "--reason", "not")])
def test_drop_requires_one_selection(api: Rest, line: tuple[str, ...]) -> None:
    with pytest.raises(CliError) as refused:
        run("rejected", "drop", *line)
    assert refused.value.message == "No messages are selected"
    assert "--all" in refused.value.hint


def test_a_file_without_notifications_is_refused(api: Rest, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    with pytest.raises(CliError) as refused:
        run("import", str(picture))
    assert "lines is a notification: not JSON" in refused.value.message
    assert "\n" not in refused.value.message + refused.value.hint
    assert json.loads(run("rejected", "list", "--format", "json")) == []


@pytest.mark.parametrize("name", ["missing", "."])
def test_an_unreadable_file_is_an_error_of_one_line(api: Rest, tmp_path: Path, name: str) -> None:
    with pytest.raises(CliError) as refused:
        run("import", str(tmp_path / name))
    assert refused.value.message.startswith("Cannot read")
    assert "\n" not in refused.value.message
    assert refused.value.hint


def test_an_unreachable_server_is_an_error_of_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client(base_url="http://127.0.0.1:9") as http:
        monkeypatch.setattr(session, "_client", Client(http, "token"))
        for line in (("import", str(file)), ("list",), ("rejected", "list"), ("rejected", "replay")):
            with pytest.raises(CliError) as refused:
                run(*line)
            assert refused.value.message.startswith("No response from http://127.0.0.1:9")
            assert "\n" not in refused.value.message


def test_an_invalid_filter_is_an_error(api: Rest) -> None:
    with pytest.raises(CliError) as refused:
        run("list", "--from", "soon")
    assert refused.value.message == "--from is not a valid timestamp: 'soon'"


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        (("list", "--as-of", "7"), "--as-of is 7, but the ledger is at position 0", "use a position"),
        (
            ("sums", "--as-of", "x"),
            "--as-of is neither a position of the ledger nor a timestamp: 'x'",
            "a non-negative",
        ),
        (("sums", "--as-of", "2999-01-01"), "--as-of is in the future: 2999-01-01T00:00:00.000000Z", "use a time"),
        (("sums", "--bucket", "day"), "--bucket requires --from", "add --from, such as 2026-11-01T00:00:00Z"),
        (("sums", "--bucket", "week", "--from", "1999-01-01"), "--bucket must be hour, day or month, not 'week'", ""),
        (
            ("sums", "--from", "2999-01-01"),
            "--from is 2999-01-01T00:00:00.000000Z, after the end of the period",
            "add --to",
        ),
        (("list", "--from", "2026-02-01", "--to", "2026-01-01"), "--to is before --from", "--from must be"),
        (("list", "--tag", "x"), "--tag is not key:value: 'x'", ""),
        (("list", "--cloud", "x"), "Cloud 'x' is neither connected nor in the ledger.", "there are none yet"),
        (
            ("list", "--resource-type", "volum"),
            "Resource type 'volum' is neither metered nor in the ledger",
            "known: volume",
        ),
        (("list", "--project", "admin"), "Project admin could not be found", "'admin' is a name; use the id: "),
    ],
)
def test_an_error_names_its_option(api: Rest, line: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(CliError) as refused:
        run(*line)
    assert refused.value.message.startswith(message)
    assert refused.value.hint.startswith(hint)
    assert "`" not in refused.value.message + refused.value.hint


def test_insert_and_sums(api: Rest, tmp_path: Path) -> None:
    def event(number: int, kind: str, day: int, **data: object) -> dict[str, object]:
        payload = {"resource_type": "box", "resource_id": "b1", **data}
        at = f"2026-11-{day:02}T00:00:00Z"
        return {"specversion": "1.0", "id": f"{number}", "source": "/t", "type": kind, "time": at, "data": payload}

    events = [
        event(1, "usage.started", 1, project_id="p", attributes={"size": 2}),
        event(2, "usage.ended", 3),
        event(3, "usage.started", 3),
    ]
    array, lines, single = tmp_path / "array", tmp_path / "lines", tmp_path / "single"
    array.write_text(json.dumps(events[:2], indent=2))
    lines.write_text("\n\n".join(json.dumps(event) for event in events))
    single.write_text(json.dumps(events[0], indent=2))
    assert run("insert", str(array)) == "2 ingested, 0 duplicates, 0 ignored, 0 rejected\n"
    assert run("insert", str(single)).startswith("0 ingested, 1 duplicates")
    refused = CliRunner().invoke(usage.app, ["insert", str(lines)])
    assert refused.exit_code == 1
    assert refused.output.splitlines()[0] == "event 3: rejected: project_id is missing"
    until = ("--to", "2026-12-01")
    output = run("sums", "--group-by", "resource_type", "--measure", "duration,attributes.size,attributes.none", *until)
    assert "box            172800        345600" in output
    assert "172800 seconds of usage without attribute none" in output
    assert json.loads(run("sums", "--bucket", "day", "--from", "2026-11-02", *until, "--format", "json"))[0][
        "sums"
    ] == {"duration": "86400"}
    assert run("list", "--as-of", "0", "--format", "json") == "[]\n"
    for name, text in (("missing", None), ("bad", "{\nx")):
        file = tmp_path / name
        if text is not None:
            file.write_text(text)
        with pytest.raises(CliError):
            run("insert", str(file))
