"""Input of `stratiform usage import` and `insert`, and the requests that they send."""

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
    """A double of the API that records the requests."""

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
    double = Server()
    with httpx.Client(base_url="http://here", transport=httpx.MockTransport(double)) as http:
        monkeypatch.setattr(session, "_client", Client(http, "token"))
        yield double


def run(*line: str) -> None:
    result = CliRunner().invoke(usage.app, line)
    if result.exception is not None:
        raise result.exception


def test_a_pipe_is_sent_completely(server: Server, tmp_path: Path) -> None:
    pipe, content = tmp_path / "pipe", b'{"event_type":"x"}\n' * 20_000
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    run("import", str(pipe))
    writer.join()
    assert server.bodies == [content]
    assert server.lengths in ([None], [str(len(content))])


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"{number}", "source": "/t", "type": "usage.started", **more}


def test_requests_stay_below_the_size_limit(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events"
    events = [event(number, data={"note": "x" * 20_000}) for number in range(1000)]
    file.write_text(json.dumps(events))
    run("insert", str(file))
    assert max(map(len, server.bodies)) < 16 << 20
    assert [sent for body in server.bodies for sent in json.loads(body)] == events


def test_a_request_has_at_most_a_thousand_events(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_text("\n".join(json.dumps(event(number)) for number in range(1001)))
    run("insert", str(file))
    assert [len(json.loads(body)) for body in server.bodies] == [1000, 1]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1", "\ufffd"])
def test_a_file_without_json_is_an_error_of_one_line(server: Server, tmp_path: Path, text: str) -> None:
    file = tmp_path / "events"
    file.write_text(text)
    with pytest.raises(CliError) as refused:
        run("insert", str(file))
    assert refused.value.message == f"{file}, line 1: not valid JSON"
    assert server.bodies == []


def test_an_empty_id_is_refused(server: Server) -> None:
    with pytest.raises(CliError) as refused:
        run("rejected", "show", "")
    assert refused.value.message == "The ID of a message is required"
    assert server.bodies == []
