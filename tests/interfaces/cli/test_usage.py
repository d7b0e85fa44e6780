"""`stratiform usage`."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from support.ledger import expected, recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator."""
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


def run(*args: str) -> str:
    """Return the output of a command. Raises CliError, as `main.start` gets it."""
    result = CliRunner().invoke(usage.app, args)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "notifications.jsonl"
    file.write_bytes(b"\n".join(recorded()) + b"\n")
    return file


def list_without_names() -> list[dict[str, object]]:
    """Return all segments without the names that other messages have."""
    segments = json.loads(run("list", "--format", "json"))
    return [{key: value for key, value in segment.items() if key != "names"} for segment in segments]


def test_import_and_list(api: Rest, file: Path) -> None:
    assert run("list", "--format", "json") == "[]\n"
    assert run("import", str(file)) == "576 ingested, 0 duplicates, 540 ignored, 0 rejected\n"
    assert list_without_names() == json.loads(expected())


def test_import_twice(api: Rest, file: Path) -> None:
    run("import", str(file))
    run("import", str(file))
    assert list_without_names() == json.loads(expected())


def test_import_in_another_order(api: Rest, tmp_path: Path) -> None:
    lines = list(recorded())
    random.Random(1).shuffle(lines)
    shuffled = tmp_path / "shuffled"
    shuffled.write_bytes(b"\n".join(lines))
    run("import", str(shuffled))
    assert list_without_names() == json.loads(expected())


def test_json_of_list(api: Rest, file: Path) -> None:
    run("import", str(file), "--cloud", "lab")
    items = json.loads(run("list", "--format", "json", "--resource-type", "volume", "--cloud", "lab"))
    assert {"resource_type", "resource_id", "project_id", "cloud", "start", "end", "state", "attributes"} <= set(
        items[0]
    )
    assert {segment["resource_type"] for segment in items} == {"volume"}
    assert items == sorted(items, key=lambda segment: (segment["resource_id"], segment["start"]))
    assert json.dumps(items, indent=2) + "\n" == run("list", "--format", "json", "--resource-type", "volume")


def test_text_of_list(api: Rest, file: Path) -> None:
    run("import", str(file))
    output = [line.rstrip() for line in run("list", "--resource", "818029a3-c1e5-45f8-b09d-7b588196ac30").splitlines()]
    assert output[0].split() == ["Type", "ID", "Name", "Cloud", "Project", "Start", "End", "Status", "Attributes"]
    assert output[1].startswith("volume  818029a3-c1e5-45f8-b09d-7b588196ac30  vol80271  openstack  ")
    (row,) = (line for line in output if "2026-11-20T13:12:02.887640Z  2026-11-20T13:12:04.003531Z  available" in line)
    assert row.endswith("  2 GiB 8e92e9ee-879e-4c28-b238-a3467aa0b039")
    assert any(line.endswith("  2 GiB vt80271") for line in output)
    assert "lab.small 1 vCPU 128 MiB 2 GiB\n" in run("list", "-f", "value", "-c", "Attributes")
    count = len(json.loads(run("list", "--format", "json")))
    assert len(run("list").splitlines()) == count + 1


def test_text_of_several_projects(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        events = [machine("m1", "p1", "2026-11-01"), disk("v1", "p2", "2026-11-01")]
        service_harness.services.ingest.own_events.ingest(db, events, service_harness.clock.now())
    output = run("list", "-f", "csv", "-c", "project", "-c", "START", "-c", "End", "-c", "Attributes")
    assert output.splitlines() == [
        "Project,Start,End,Attributes",
        "p1,2026-11-01T00:00:00.000000Z,,m1.small 2 vCPU 2 GiB 20 GiB",
        "p2,2026-11-01T00:00:00.000000Z,,100 GiB fast",
    ]


def test_names_cannot_add_lines(api: Rest, service_harness: ServiceHarness) -> None:
    with service_harness.services.database.transaction() as db:
        event = machine("m1", "p1", "2026-11-01", display_name="web\n    2026-11-01T00:00:00.000000Z  open")
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    lines = run("list").splitlines()
    assert len(lines) == 2
    assert "web\ufffd    2026" in lines[1]


def test_rejected(api: Rest, tmp_path: Path) -> None:
    file = tmp_path / "bad"
    file.write_bytes(b"{\n[markup]\n" + recorded()[0])
    output = run("import", str(file))
    assert "2 rejected" in output
    assert "List rejected messages with `stratiform usage rejected list`; delete them with `rejected delete`." in output
    assert "not JSON" in run("rejected", "list")
    assert sorted(message["body"] for message in json.loads(run("rejected", "list", "--format", "json"))) == [
        "[markup]",
        "{",
    ]
    assert "2 rejected" in run("rejected", "replay")
    first, second = (message["id"] for message in json.loads(run("rejected", "list", "--format", "json")))
    assert first in run("rejected", "show", first[:12])
    assert json.loads(run("rejected", "show", first[:12], "--format", "json"))["id"] == first
    assert run("rejected", "delete", first[:12], "--yes") == "1 deleted\n"
    assert [message["id"] for message in json.loads(run("rejected", "list", "--format", "json"))] == [second]
    assert run("rejected", "delete", "--reason", "no event", "--yes") == "0 deleted\n"
    assert run("rejected", "delete", "--reason", "not JSON", "--cloud", "openstack", "--yes") == "1 deleted\n"
    assert run("rejected", "delete", "--all", "--yes") == "0 deleted\n"


@pytest.mark.parametrize("args", [("--all",), ("--cloud", "openstack"), ("--reason", "not JSON"), ("ID",)])
def test_rejected_messages_are_deleted_only_after_confirmation(
    api: Rest, tmp_path: Path, args: tuple[str, ...]
) -> None:
    file = tmp_path / "bad"
    file.write_bytes(b"{\n" + recorded()[0])
    run("import", str(file))
    (message,) = json.loads(run("rejected", "list", "--format", "json"))
    with pytest.raises(CliError, match="permanently: not confirmed"):
        run("rejected", "delete", *(message["id"] if arg == "ID" else arg for arg in args))
    assert json.loads(run("rejected", "list", "--format", "json")) == [message]


@pytest.mark.parametrize("args", [(), ("x", "--all"), ("--all", "--cloud", "a"), ("x", "--reason", "not")])
def test_delete_needs_a_selection(api: Rest, args: tuple[str, ...]) -> None:
    with pytest.raises(CliError) as error:
        run("rejected", "delete", *args)
    assert error.value.message == "No messages selected"
    assert "--all" in error.value.hint


def test_import_of_another_file(api: Rest, tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40)
    with pytest.raises(CliError) as error:
        run("import", str(picture))
    assert "lines is a notification: not JSON" in error.value.message
    assert "\n" not in error.value.message + error.value.hint
    assert json.loads(run("rejected", "list", "--format", "json")) == []


@pytest.mark.parametrize("name", ["missing", "."])
def test_import_of_an_unreadable_file(api: Rest, tmp_path: Path, name: str) -> None:
    with pytest.raises(CliError) as error:
        run("import", str(tmp_path / name))
    assert error.value.message.startswith("Cannot read")
    assert "\n" not in error.value.message
    assert error.value.hint


def test_unreachable_server(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with httpx.Client(base_url="http://127.0.0.1:9") as http:
        monkeypatch.setattr(session, "_client", Client(http, "token"))
        for args in (("import", str(file)), ("list",), ("rejected", "list"), ("rejected", "replay")):
            with pytest.raises(CliError) as error:
                run(*args)
            assert error.value.message.startswith("No response from http://127.0.0.1:9")
            assert "\n" not in error.value.message


def test_invalid_filter(api: Rest) -> None:
    with pytest.raises(CliError) as error:
        run("list", "--from", "soon")
    assert error.value.message == "--from is not a valid timestamp: 'soon'"


@pytest.mark.parametrize(
    ("args", "message", "hint"),
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
        (("list", "--project", "admin"), "Project admin could not be found", "'admin' is a name; use the ID: "),
    ],
)
def test_errors_have_the_option(api: Rest, args: tuple[str, ...], message: str, hint: str) -> None:
    with pytest.raises(CliError) as error:
        run(*args)
    assert error.value.message.startswith(message)
    assert error.value.hint.startswith(hint)
    assert "`" not in error.value.message + error.value.hint


def test_insert_and_sums(api: Rest, tmp_path: Path) -> None:
    def event(number: int, event_type: str, day: int, **data: object) -> dict[str, object]:
        fields = {"resource_type": "box", "resource_id": "b1", **data}
        at = f"2026-11-{day:02}T00:00:00Z"
        return {"specversion": "1.0", "id": f"{number}", "source": "/t", "type": event_type, "time": at, "data": fields}

    events = [
        event(1, "usage.started", 1, project_id="p", attributes={"size": 2}),
        event(2, "usage.ended", 3),
        event(3, "usage.started", 3),
    ]
    array, lines, single = tmp_path / "array", tmp_path / "lines", tmp_path / "one"
    array.write_text(json.dumps(events[:2], indent=2))
    lines.write_text("\n\n".join(json.dumps(event) for event in events))
    single.write_text(json.dumps(events[0], indent=2))
    assert run("insert", str(array)) == "2 ingested, 0 duplicates, 0 ignored, 0 rejected\n"
    assert run("insert", str(single)).startswith("0 ingested, 1 duplicates")
    rejected = CliRunner().invoke(usage.app, ["insert", str(lines)])
    assert rejected.exit_code == 1
    assert rejected.output.splitlines()[0] == "event 3: rejected: project_id is missing"
    until = ("--to", "2026-12-01")
    fields = run("sums", "--group-by", "resource_type", "--measure", "duration,attributes.size,attributes.none", *until)
    assert "box            172800        345600" in fields
    assert "172800 seconds of usage without attribute none" in fields
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


def test_undecided_ignored_messages_are_listed(api: Rest, tmp_path: Path) -> None:
    file = tmp_path / "messages"
    message = {"message_id": "m1", "event_type": "dns.zone.create", "timestamp": "2026-01-01T10:00:00", "payload": {}}
    authentication = message | {"message_id": "m2", "event_type": "identity.authenticate"}
    file.write_text("\n".join(json.dumps(each) for each in (message, authentication)))
    run("import", str(file))
    rows = [line.split() for line in run("ignored", "list", "--undecided").splitlines()]
    assert [row[0] for row in rows[1:]] == ["dns.zone.create"]
    assert rows[1][3] == "2026-01-01T10:00:00.000000Z"
    assert len(run("ignored", "list").splitlines()) == 3
