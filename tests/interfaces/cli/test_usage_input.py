"""`stratiform usage import` and `insert`: what they are given, and how it is sent."""

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client, CliError, session


class Server:
    """Answers as the API does, and keeps what it was sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.lengths: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.read())
        self.lengths.append(request.headers.get("content-length"))
        counts = dict.fromkeys(("accepted", "repeated", "ignored", "rejected"), 0)
        return httpx.Response(200, json={**counts, "events": []})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    made = Server()
    with httpx.Client(base_url="http://here", transport=httpx.MockTransport(made)) as http:
        monkeypatch.setattr(session, "_client", Client(http, "token"))
        yield made


def run(*line: str) -> None:
    done = CliRunner().invoke(usage.app, line)
    if done.exception is not None:
        raise done.exception


def test_what_comes_through_a_pipe_is_sent_whole(server: Server, tmp_path: Path) -> None:
    pipe, told = tmp_path / "pipe", b'{"event_type":"x"}\n' * 20_000
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(told,))
    writer.start()
    run("import", str(pipe))
    writer.join()
    assert server.bodies == [told]
    assert server.lengths in ([None], [str(len(told))])


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"{number}", "source": "/t", "type": "usage.started", **more}


def test_no_request_is_larger_than_the_server_takes(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events"
    events = [event(number, data={"note": "x" * 20_000}) for number in range(1000)]
    file.write_text(json.dumps(events))
    run("insert", str(file))
    assert max(map(len, server.bodies)) < 16 << 20
    assert [one for body in server.bodies for one in json.loads(body)] == events


def test_a_thousand_events_are_one_request(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_text("\n".join(json.dumps(event(number)) for number in range(1001)))
    run("insert", str(file))
    assert [len(json.loads(body)) for body in server.bodies] == [1000, 1]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1", "\ufffd"])
def test_a_file_that_is_no_json_is_refused_in_one_line(server: Server, tmp_path: Path, text: str) -> None:
    file = tmp_path / "events"
    file.write_text(text)
    with pytest.raises(CliError) as refused:
        run("insert", str(file))
    assert refused.value.message == f"{file}, line 1: not valid JSON"
    assert server.bodies == []


def test_an_empty_id_is_no_message(server: Server) -> None:
    with pytest.raises(CliError) as refused:
        run("rejected", "show", "")
    assert refused.value.message == "The ID of a message is required"
    assert server.bodies == []
