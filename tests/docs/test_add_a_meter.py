"""`docs/howto/add-a-meter.md`: its meter files are checked and used, and its commands print what the page shows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.session import session
from stratiform.kit.errors import Invalid
from support.rest import Rest, rest
from support.stacks import build_harness

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "add-a-meter.md").read_text()
DRAFT, IGNORED_EVENTS = re.findall(r"^```toml\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
ENTRIES = DRAFT.split("[[events]]")
FILE = "[[events]]".join([*ENTRIES[:3], IGNORED_EVENTS.removeprefix("[[events]]") + "\n", ENTRIES[4]])
MESSAGE: dict[str, Any] = json.loads(re.findall(r"^```json\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)[0])

#: The first columns of the list of unknown messages.
UNKNOWN_MESSAGES = re.findall(r"^(share\.\S+) +(\S+) +(\d+) +…$", PAGE, re.MULTILINE)


def expected_outputs(command: str) -> list[str]:
    """Return the output of each use of `command` on the page."""
    blocks = "".join(re.findall(r"^```console\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL))
    uses = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", blocks, re.MULTILINE)
    return [output for used, output in uses if used == command]


def run(*arguments: str) -> str:
    result = CliRunner().invoke(usage.app, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def notifications() -> bytes:
    """Return the message of the page, and those of a later extension and deletion of the share."""
    contents = [("create.end", 10, "10:00:00.250000"), ("extend.end", 20, "12:00:00"), ("delete.end", 20, "15:30:00")]
    messages = [
        MESSAGE
        | {"event_type": f"share.{operation}", "message_id": operation, "timestamp": f"2026-11-20 {time}"}
        | {"payload": MESSAGE["payload"] | {"size": size}}
        for operation, size, time in contents
    ]
    return b"\n".join(json.dumps(message).encode() for message in messages)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "meters").mkdir(parents=True)
    return home


def sign_in(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command line use `api`, as an operator."""
    monkeypatch.setattr(session, "_client", Client(api.http, api.admin))


def test_meter_check_rejects_the_draft_and_accepts_the_file(folder: Path) -> None:
    rejected, accepted = expected_outputs("stratiform usage meter check share.toml")
    (folder / "share.toml").write_text(DRAFT)
    with pytest.raises(Invalid) as raised:
        run("meter", "check", "share.toml")
    assert f"stratiform: {raised.value.message}" == " ".join(rejected.split())
    (folder / "share.toml").write_text(FILE)
    assert run("meter", "check", "share.toml") == accepted.rstrip("\n") + "\n"


def test_replay_ingests_stored_notifications(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_meter = build_harness(home)
    with rest(without_meter) as api:
        sign_in(api, monkeypatch)
        headers = {"X-Auth-Token": api.admin}
        response = api.http.post("/api/v1/usage/notifications", content=notifications(), headers=headers)
        assert response.json()["ignored"] == 3
        rows = [line.split() for line in run("ignored", "list").splitlines()[1:]]
        assert [tuple(row[:3]) for row in rows] == UNKNOWN_MESSAGES
        assert len(UNKNOWN_MESSAGES) == 3
    without_meter.services.database.close()
    (home / "meters" / "share.toml").write_text(FILE)
    with_meter = build_harness(home, tables=False)
    with rest(with_meter) as api:
        sign_in(api, monkeypatch)
        assert [run("ignored", "replay")] == expected_outputs("stratiform usage ignored replay")
        assert run("ignored", "replay") == "0 ingested\n"
        assert run("ignored", "list").splitlines()[1:] == []
        command = "usage list --resource-type share -c Start -c Attributes"
        lines = [line.rstrip() + "\n" for line in run(*command.split()[1:]).splitlines()]
        assert ["".join(lines)] == expected_outputs(f"stratiform {command}")
        assert "Shared file systems" in run("meter", "list")
    with_meter.services.database.close()
