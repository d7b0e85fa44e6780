"""The input of `stratiform usage import` and `insert`, and the requests they send."""

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
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.errors import CliError
from stratiform.interfaces.cli.session import session


class Server:
    """Responds as the API does, and records the requests."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.lengths: list[str | None] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.bodies.append(request.read())
        self.lengths.append(request.headers.get("content-length"))
        counts = dict.fromkeys(("ingested", "duplicates", "ignored", "rejected"), 0)
        return httpx.Response(200, json={**counts, "events": []})


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    with httpx.Client(base_url="http://here", transport=httpx.MockTransport(server)) as http:
        monkeypatch.setattr(session, "_client", Client(http, "token"))
        yield server


def run(*args: str) -> None:
    result = CliRunner().invoke(usage.app, args)
    if result.exception is not None:
        raise result.exception


def test_import_from_a_pipe(server: Server, tmp_path: Path) -> None:
    pipe, content = tmp_path / "pipe", b'{"event_type":"x"}\n' * 20_000
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    run("import", str(pipe))
    writer.join()
    assert server.bodies == [content]
    assert server.lengths in ([None], [str(len(content))])


def event(number: int, **fields: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": f"{number}", "source": "/t", "type": "usage.started", **fields}


def test_size_of_requests(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events"
    events = [event(number, data={"note": "x" * 20_000}) for number in range(1000)]
    file.write_text(json.dumps(events))
    run("insert", str(file))
    assert max(map(len, server.bodies)) < 16 << 20
    assert [document for body in server.bodies for document in json.loads(body)] == events


def test_events_per_request(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "events"
    file.write_text("\n".join(json.dumps(event(number)) for number in range(1001)))
    run("insert", str(file))
    assert [len(json.loads(body)) for body in server.bodies] == [1000, 1]


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[1", "\ufffd"])
def test_insert_of_another_file(server: Server, tmp_path: Path, text: str) -> None:
    file = tmp_path / "events"
    file.write_text(text)
    with pytest.raises(CliError) as error:
        run("insert", str(file))
    assert error.value.message == f"{file}, line 1: not valid JSON"
    assert server.bodies == []


def test_empty_message_id(server: Server) -> None:
    with pytest.raises(CliError) as error:
        run("rejected", "show", "")
    assert error.value.message == "A message ID is required"
    assert server.bodies == []
