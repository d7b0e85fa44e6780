"""`stratiform usage export` and `verify`, and the ledger's keys."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from typer.testing import CliRunner

from stratiform.app import keys as key_commands
from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client, CliError, session
from stratiform.kit.clock import parse_iso
from stratiform.kit.signed_notes import Signer
from stratiform.services.ingest.events import encode_event
from support.ledger import recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """Send the requests of the commands to a test server, as an operator, from its home."""
    stack_bench.clock.at = parse_iso("2026-12-15T00:00:00Z")
    with rest(stack_bench) as api_client:
        monkeypatch.setattr(session, "_client", Client(api_client.http, api_client.admin))
        monkeypatch.setattr(session, "home", home)
        ingest(stack_bench, *recorded())
        yield api_client


def ingest(api_client: Bench, *messages: bytes) -> None:
    with api_client.services.database.transaction() as db:
        api_client.services.ingest.messages.ingest(db, "openstack", messages, api_client.clock.now())


def run(*line: object, exit_code: int = 0) -> str:
    """Return the output of a command that exits with `fails`. Raises: CliError."""
    result = CliRunner().invoke(usage.app, [str(argument) for argument in line])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def shown_keys() -> list[str]:
    return CliRunner().invoke(key_commands.app, ["show", "ledger"]).output.split()


@pytest.fixture
def exported(api: Rest, tmp_path: Path) -> Path:
    file = tmp_path / "usage.ndjson"
    output = run("export", file)
    assert output == f"{file}: {file.stat().st_size} bytes; verify it with `stratiform usage verify {file}`\n"
    return file


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Use no server and an empty home."""
    monkeypatch.setattr(session, "_client", None)
    monkeypatch.setattr(session, "home", tmp_path / "nothing")


def test_an_export_verifies(exported: Path) -> None:
    output = run("verify", exported)
    assert "Verified: no event of the log is missing\n" in output
    assert "WRONG" not in output


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_compressed_files(api: Rest, exported: Path, tmp_path: Path, ending: str) -> None:
    compressed = tmp_path / f"usage.ndjson{ending}"
    run("export", compressed)
    assert compressed.stat().st_size < exported.stat().st_size / 3
    uncompressed = gzip.decompress(compressed.read_bytes()) if ending == ".gz" else _unzst(compressed.read_bytes())
    assert uncompressed == exported.read_bytes()
    assert "Verified" in run("verify", compressed)
    compressed.write_bytes(compressed.read_bytes()[:-2000])
    try:
        assert "the end line is missing" in run("verify", compressed, exit_code=1)
    except CliError as error:
        assert error.message == f"Cannot read {compressed}: it is truncated or damaged"


def _unzst(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def test_offline_by_key_alone(exported: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    ledger = shown_keys()
    request.getfixturevalue("offline")
    with pytest.raises(CliError, match="No public key to verify with"):
        run("verify", exported)
    assert "Verified" in run("verify", exported, "--key", ledger[0])
    file = tmp_path / "ledger.pub"
    file.write_text(f"# the ledger of the lab\n\n{ledger[0]}\n")
    assert "Verified" in run("verify", exported, "--keyfile", file)
    other = Signer.generate("stratiform/other").verifier
    refused = run("verify", exported, "--key", other, exit_code=1)
    assert "not signed by a trusted key" in refused
    assert "all as" not in refused
    with pytest.raises(CliError, match="not an Ed25519 key"):
        run("verify", exported, "--key", "x")


def test_every_tampering_is_reported_and_exits_with_one(exported: Path, tmp_path: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    position = next(number for number, line in enumerate(lines) if b'"kind":"event"' in line)
    index, record = json.loads(lines[position])["index"], json.loads(json.loads(lines[position])["record"])
    broken = tmp_path / "broken"

    def failures(*changed: bytes) -> str:
        broken.write_bytes(b"".join(changed))
        return run("verify", broken, exit_code=1)

    altered = lines[position].replace(b'\\"nth\\":1,', b'\\"nth\\":2,')
    assert f"(message {record['message_id']}) was altered" in failures(
        *lines[:position], altered, *lines[position + 1 :]
    )
    assert f"FAILED  event {index} was removed" in failures(*lines[:position], *lines[position + 1 :])
    assert "occurs twice" in failures(*lines[: position + 1], *lines[position:])
    assert "the export is truncated" in failures(*lines[:position])
    assert "line 1 is malformed" in failures(b"hello\n")
    assert "not an export" in failures(lines[position])
    assert "the end line is missing" in failures(b"")


def test_a_month_of_a_project(api: Rest, stack_bench: Bench, tmp_path: Path) -> None:
    with stack_bench.services.database.transaction() as db:
        events = [
            machine("october", "p9", "2026-10-05", terminated_at="2026-10-06 00:00:00", state="deleted"),
            disk("december", "p9", "2026-12-31"),
        ]
        stack_bench.services.ingest.events.ingest(db, events, stack_bench.clock.now())
    for month, resource in (("2026-10", "october"), ("2026-12", "december"), ("2026-11", None)):
        file = tmp_path / f"{month}.ndjson"
        run("export", "--period", month, "--project", "p9", file)
        records = [json.loads(line) for line in file.read_text().splitlines()]
        assert [line["resource_id"] for line in records if line["kind"] == "resource"] == (
            [resource] if resource else []
        )
        assert "Verified" in run("verify", file)
    with pytest.raises(CliError, match="'october' is not a valid month"):
        run("export", "--period", "october", tmp_path / "x")


def test_since_an_earlier_export_or_checkpoint(api: Rest, stack_bench: Bench, exported: Path, tmp_path: Path) -> None:
    note = tmp_path / "checkpoint"
    note.write_text(api("GET", "usage/log/checkpoint").text)
    with stack_bench.services.database.transaction() as db:
        stack_bench.services.ingest.events.ingest(db, [disk("v1", "p1", "2026-11-01")], stack_bench.clock.now())
    later = tmp_path / "later.ndjson.zst"
    run("export", "--since", exported, later)
    assert "Verified" in run("verify", later, "--since", exported)
    assert "Verified" in run("verify", later, "--since", note)
    assert "has more events than the log" in run("verify", exported, "--since", later, exit_code=1)
    run("export", later)
    assert "no proof of consistency" in run("verify", later, "--since", note, exit_code=1)
    note.write_text(note.read_text().replace("\n576\n", "\n575\n"))
    with pytest.raises(CliError, match="does not have a trusted checkpoint"):
        run("verify", later, "--since", note)


def test_a_rotated_key(api: Rest, exported: Path, stack_bench: Bench, tmp_path: Path) -> None:
    before = shown_keys()
    rotated = CliRunner().invoke(key_commands.app, ["rotate", "ledger"]).output.strip()
    assert shown_keys() == [*before, rotated]
    later = tmp_path / "later"
    run("export", "--since", exported, later)
    assert "Verified" in run("verify", later, "--since", exported)
    ingest(stack_bench, recorded()[0].replace(b"e803a374", b"e803a375"))
    run("export", "--since", exported, later)
    assert "Verified" in run("verify", later, "--key", before[0], "--since", exported)
    assert "Verified" in run("verify", later, "--key", rotated)
    stolen = CliRunner().invoke(key_commands.app, ["rotate", "ledger", "--stolen"]).output.strip()
    with stack_bench.services.database.transaction() as db:
        stack_bench.services.ingest.events.ingest(db, [disk("v1", "p1", "2026-11-01")], stack_bench.clock.now())
    run("export", later)
    assert "not signed by a trusted key" in run("verify", later, "--key", before[0], "--key", rotated, exit_code=1)
    assert "Verified" in run("verify", later, "--key", stolen)


def test_unusable_files_are_errors(api: Rest, tmp_path: Path) -> None:
    with pytest.raises(CliError, match="Cannot read"):
        run("verify", tmp_path / "missing")
    with pytest.raises(CliError, match="Cannot read"):
        run("verify", tmp_path)
    with pytest.raises(CliError, match="Cannot write"):
        run("export", tmp_path / "no" / "folder")
    with pytest.raises(CliError, match="--as-of is neither a position"):
        run("export", "--as-of", "-1", tmp_path / "x")
    assert list(tmp_path.glob(".*")) == []


def test_an_interrupted_export_leaves_no_file(api: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Client, "stream", lambda *_args, **_options: iter([b'{"kind":"export"}\n{"kind":"ev', b'ent"}\n'])
    )
    with pytest.raises(CliError, match="was interrupted"):
        run("export", tmp_path / "x")
    assert list(tmp_path.glob("*x*")) == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (("--period", "2027-01"), "--from is in the future: 2027-01-01T00:00:00.000000Z"),
        (("--as-of", "2"), "--as-of is 2, but the ledger is at position 1"),
        (("--as-of", "2026-12-16"), "--as-of is in the future: 2026-12-16T00:00:00.000000Z"),
        (("--project", "demo"), "Project demo could not be found."),
    ],
)
def test_an_impossible_export_is_refused(api: Rest, tmp_path: Path, line: tuple[str, ...], message: str) -> None:
    with pytest.raises(CliError) as refused:
        run("export", *line, tmp_path / "x.ndjson")
    assert refused.value.message == message
    assert refused.value.hint
    assert list(tmp_path.glob("*x.ndjson*")) == []


def test_an_export_as_of_a_time_or_a_position(api: Rest, tmp_path: Path, stack_bench: Bench) -> None:
    stack_bench.clock.advance(60_000_000)
    ingest(stack_bench, encode_event(machine("late", "p1", "2026-11-30")))
    files = [tmp_path / name for name in ("now", "position", "time")]
    for file, options in zip(files, ([], ["--as-of", "1"], ["--as-of", "2026-12-15T00:00:30Z"]), strict=True):
        run("export", *options, file)
    now, position, time = (file.read_bytes() for file in files)
    assert position == time
    assert b"late" in now
    assert b"late" not in position
