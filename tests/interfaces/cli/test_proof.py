"""`stratiform usage export` and `verify`, and the ledger's keys."""

import gzip
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from typer.testing import CliRunner

from stratiform.app import key_commands
from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import parse_iso
from stratiform.kit.signed_notes import Signer
from stratiform.services.ingest.parsing import encode_event
from support.ledger import recorded
from support.money import disk, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness, prepare


@pytest.fixture
def api(service_harness: ServiceHarness, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator from its home."""
    service_harness.clock.at = parse_iso("2026-12-15T00:00:00Z")
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        monkeypatch.setattr(session, "home", home)
        prepare(service_harness, "recorded notifications", lambda harness: ingest(harness, *recorded()))
        yield api


def ingest(harness: ServiceHarness, *messages: bytes) -> None:
    with harness.services.database.transaction() as db:
        harness.services.ingest.messages.ingest(db, "openstack", messages, harness.clock.now())


def run(*args: object, exit_code: int = 0) -> str:
    """Return the output of a command with this exit code. Raises CliError, as `main.start` gets it."""
    result = CliRunner().invoke(usage.app, [str(argument) for argument in args])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == exit_code, result.output
    return result.output


def list_keys() -> list[str]:
    return CliRunner().invoke(key_commands.app, ["show", "ledger"]).output.split()


@pytest.fixture
def exported(api: Rest, tmp_path: Path) -> Path:
    file = tmp_path / "usage.ndjson"
    output = run("export", file)
    assert output == f"{file}: {file.stat().st_size} bytes; verify it with `stratiform usage verify {file}`\n"
    return file


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server, and an empty home."""
    monkeypatch.setattr(session, "_client", None)
    monkeypatch.setattr(session, "home", tmp_path / "nothing")


def test_export_verifies(exported: Path) -> None:
    output = run("verify", exported)
    assert "Verified: no event of the log is missing\n" in output
    assert "WRONG" not in output


def test_export_to_a_pipe_leaves_the_pipe(exported: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()), daemon=True)
    reader.start()
    assert run("export", pipe) == ""
    assert pipe.is_fifo()  # else the reader waits for a writer that never comes
    reader.join(30)
    assert received == [exported.read_bytes()]


@pytest.mark.parametrize("suffix", [".gz", ".zst"])
def test_compressed_files(api: Rest, exported: Path, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"usage.ndjson{suffix}"
    run("export", file)
    assert file.stat().st_size < exported.stat().st_size / 3
    content = gzip.decompress(file.read_bytes()) if suffix == ".gz" else _decompress(file.read_bytes())
    assert content == exported.read_bytes()
    assert "Verified" in run("verify", file)
    file.write_bytes(file.read_bytes()[:-2000])
    try:
        assert "the end line is missing" in run("verify", file, exit_code=1)
    except CliError as error:
        assert error.message == f"Cannot read {file}: it is truncated or corrupt"


def _decompress(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def test_verify_offline_with_a_key(exported: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    keys = list_keys()
    request.getfixturevalue("offline")
    with pytest.raises(CliError, match="No public key to verify with"):
        run("verify", exported)
    assert "Verified" in run("verify", exported, "--key", keys[0])
    file = tmp_path / "ledger.pub"
    file.write_text(f"# the ledger of the lab\n\n{keys[0]}\n")
    assert "Verified" in run("verify", exported, "--keyfile", file)
    other = Signer.generate("stratiform/other").verifier
    output = run("verify", exported, "--key", other, exit_code=1)
    assert "not signed by a trusted key" in output
    assert "all as" not in output
    with pytest.raises(CliError, match="not an Ed25519 key"):
        run("verify", exported, "--key", "x")


def test_tampering_is_reported(exported: Path, tmp_path: Path) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    position = next(number for number, line in enumerate(lines) if b'"kind":"event"' in line)
    index, record = json.loads(lines[position])["index"], json.loads(json.loads(lines[position])["record"])
    tampered = tmp_path / "broken"

    def failures(*tampered_lines: bytes) -> str:
        tampered.write_bytes(b"".join(tampered_lines))
        return run("verify", tampered, exit_code=1)

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


def test_export_a_month_of_a_project(api: Rest, service_harness: ServiceHarness, tmp_path: Path) -> None:
    with service_harness.services.database.transaction() as db:
        events = [
            machine("october", "p9", "2026-10-05", terminated_at="2026-10-06 00:00:00", state="deleted"),
            disk("december", "p9", "2026-12-31"),
        ]
        service_harness.services.ingest.own_events.ingest(db, events, service_harness.clock.now())
    for month, resource in (("2026-10", "october"), ("2026-12", "december"), ("2026-11", None)):
        file = tmp_path / f"{month}.ndjson"
        run("export", "--period", month, "--project", "p9", file)
        documents = [json.loads(line) for line in file.read_text().splitlines()]
        assert [line["resource_id"] for line in documents if line["kind"] == "resource"] == (
            [resource] if resource else []
        )
        assert "Verified" in run("verify", file)
    with pytest.raises(CliError, match="'october' is not a valid month"):
        run("export", "--period", "october", tmp_path / "x")


def test_since_an_earlier_export_or_checkpoint(
    api: Rest, service_harness: ServiceHarness, exported: Path, tmp_path: Path
) -> None:
    note = tmp_path / "checkpoint"
    note.write_text(api("GET", "usage/log/checkpoint").text)
    with service_harness.services.database.transaction() as db:
        service_harness.services.ingest.own_events.ingest(
            db, [disk("v1", "p1", "2026-11-01")], service_harness.clock.now()
        )
    later = tmp_path / "later.ndjson.zst"
    run("export", "--since", exported, later)
    assert "Verified" in run("verify", later, "--since", exported)
    assert "Verified" in run("verify", later, "--since", note)
    assert "has more events than the log" in run("verify", exported, "--since", later, exit_code=1)
    run("export", later)
    assert "no proof of consistency" in run("verify", later, "--since", note, exit_code=1)
    note.write_text(note.read_text().replace("\n576\n", "\n575\n"))
    with pytest.raises(CliError, match="does not contain a trusted checkpoint"):
        run("verify", later, "--since", note)


def test_rotated_keys(api: Rest, exported: Path, service_harness: ServiceHarness, tmp_path: Path) -> None:
    before = list_keys()
    rotated = CliRunner().invoke(key_commands.app, ["rotate", "ledger"]).output.strip()
    assert list_keys() == [*before, rotated]
    later = tmp_path / "later"
    run("export", "--since", exported, later)
    assert "Verified" in run("verify", later, "--since", exported)
    ingest(service_harness, recorded()[0].replace(b"e803a374", b"e803a375"))
    run("export", "--since", exported, later)
    assert "Verified" in run("verify", later, "--key", before[0], "--since", exported)
    assert "Verified" in run("verify", later, "--key", rotated)
    refused = CliRunner().invoke(key_commands.app, ["rotate", "ledger", "--stolen"])
    assert "not confirmed" in str(refused.exception)
    assert list_keys() == [*before, rotated]
    stolen = CliRunner().invoke(key_commands.app, ["rotate", "ledger", "--stolen", "--yes"]).output.strip()
    with service_harness.services.database.transaction() as db:
        service_harness.services.ingest.own_events.ingest(
            db, [disk("v1", "p1", "2026-11-01")], service_harness.clock.now()
        )
    run("export", later)
    assert "not signed by a trusted key" in run("verify", later, "--key", before[0], "--key", rotated, exit_code=1)
    assert "Verified" in run("verify", later, "--key", stolen)


def test_unusable_files(api: Rest, tmp_path: Path) -> None:
    with pytest.raises(CliError, match="Cannot read"):
        run("verify", tmp_path / "missing")
    with pytest.raises(CliError, match="Cannot read"):
        run("verify", tmp_path)
    with pytest.raises(CliError, match="Cannot write"):
        run("export", tmp_path / "no" / "folder")
    with pytest.raises(CliError, match="--as-of is neither a position"):
        run("export", "--as-of", "-1", tmp_path / "x")
    assert list(tmp_path.glob(".*")) == []


def test_interrupted_export_leaves_no_file(api: Rest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        Client, "stream_bytes", lambda *_args, **_params: iter([b'{"kind":"export"}\n{"kind":"ev', b'ent"}\n'])
    )
    with pytest.raises(CliError, match="was interrupted"):
        run("export", tmp_path / "x")
    assert list(tmp_path.glob("*x*")) == []


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--period", "2027-01"), "--from is in the future: 2027-01-01T00:00:00.000000Z"),
        (("--as-of", "2"), "--as-of is 2, but the ledger is at position 1"),
        (("--as-of", "2026-12-16"), "--as-of is in the future: 2026-12-16T00:00:00.000000Z"),
        (("--project", "demo"), "Project demo could not be found."),
    ],
)
def test_invalid_exports(api: Rest, tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    with pytest.raises(CliError) as error:
        run("export", *args, tmp_path / "x.ndjson")
    assert error.value.message == message
    assert error.value.hint
    assert list(tmp_path.glob("*x.ndjson*")) == []


def test_export_as_of_a_time_or_position(api: Rest, tmp_path: Path, service_harness: ServiceHarness) -> None:
    service_harness.clock.advance(60_000_000)
    ingest(service_harness, encode_event(machine("late", "p1", "2026-11-30")))
    files = [tmp_path / name for name in ("now", "position", "time")]
    for file, options in zip(files, ([], ["--as-of", "1"], ["--as-of", "2026-12-15T00:00:30Z"]), strict=True):
        run("export", *options, file)
    now, position, time = (file.read_bytes() for file in files)
    assert position == time
    assert b"late" in now
    assert b"late" not in position
