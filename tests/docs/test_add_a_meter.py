"""`docs/howto/add-a-meter.md` tells the truth: its file is refused and taken as it says, and prints what it shows."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client, session
from stratiform.kit.errors import Invalid
from support.rest import Rest, rest
from support.stacks import bench

PAGE = (Path(__file__).parents[2] / "docs" / "howto" / "add-a-meter.md").read_text()
FIRST, REPLACED = re.findall(r"^```toml\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)
ENTRIES = FIRST.split("[[events]]")
FILE = "[[events]]".join([*ENTRIES[:3], REPLACED.removeprefix("[[events]]") + "\n", ENTRIES[4]])
MESSAGE: dict[str, Any] = json.loads(re.findall(r"^```json\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL)[0])


def shown(command: str) -> list[str]:
    """What the page says that each use of `command` prints."""
    blocks = "".join(re.findall(r"^```console\n(.*?)```$", PAGE, re.MULTILINE | re.DOTALL))
    uses = re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", blocks, re.MULTILINE)
    return [printed for used, printed in uses if used == command]


def run(*line: str) -> str:
    done = CliRunner().invoke(usage.app, line)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def messages() -> bytes:
    """The page's message, and two more that Manila sends later: it is made larger, and deleted."""
    later = [("create.end", 10, "10:00:00.250000"), ("extend.end", 20, "12:00:00"), ("delete.end", 20, "15:30:00")]
    made = [
        MESSAGE
        | {"event_type": f"share.{verb}", "message_id": verb, "timestamp": f"2026-11-20 {at}"}
        | {"payload": MESSAGE["payload"] | {"size": size}}
        for verb, size, at in later
    ]
    return b"\n".join(json.dumps(one).encode() for one in made)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    (made / "meters").mkdir(parents=True)
    return made


def talking(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_client", Client(api.http, api.admin))


def test_the_file_is_refused_and_taken_as_it_says(folder: Path) -> None:
    refused, taken = shown("stratiform usage meter check share.toml")
    (folder / "share.toml").write_text(FIRST)
    with pytest.raises(Invalid) as told:
        run("meter", "check", "share.toml")
    assert f"stratiform: {told.value.message}\n" == refused.rstrip("\n") + "\n"
    (folder / "share.toml").write_text(FILE)
    assert run("meter", "check", "share.toml") == taken.rstrip("\n") + "\n"


def test_what_came_before_is_listed_and_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = bench(home)
    with rest(before) as api:
        talking(api, monkeypatch)
        sent = api.http.post("/api/v1/usage/notifications", content=messages(), headers={"X-Auth-Token": api.admin})
        assert sent.json()["ignored"] == 3
        listed = [line.split() for line in run("unknown", "list").splitlines()[1:]]
        assert [(one[0], one[2], " ".join(one[5:])) for one in listed] == [
            (f"share.{verb}.end", "1", "nobody decided") for verb in ("create", "delete", "extend")
        ]
    before.services.database.close()
    (home / "meters" / "share.toml").write_text(FILE)
    after = bench(home, tables=False)
    with rest(after) as api:
        talking(api, monkeypatch)
        assert [run("unknown", "replay")] == shown("stratiform usage unknown replay")
        assert run("unknown", "replay") == "0 new\n"
        assert run("unknown", "list").splitlines()[1:] == []
        assert [run("list", "--resource-type", "share")] == shown("stratiform usage list --resource-type share")
        assert "Shared file systems" in run("meter", "list")
    after.services.database.close()
