"""`/api/v1/usage/changes` of a running server."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from support.server import ADMIN_PASSWORD, Live, live_server
from support.usage_events import BATCH, event


@pytest.fixture
def live(home: Path) -> Iterator[Live]:
    with live_server(home) as server:
        yield server


def token_headers(live: Live, user: str) -> dict[str, str]:
    password = ADMIN_PASSWORD if user == "admin" else "demo-pass"
    credentials = {"user": {"name": user, "password": password, "domain": {"name": "Default"}}}
    scope = {"project": {"name": user, "domain": {"name": "Default"}}}
    body = {"auth": {"identity": {"methods": ["password"], "password": credentials}, "scope": scope}}
    response = httpx.post(f"{live.url}/identity/v3/auth/tokens", json=body)
    return {"X-Auth-Token": response.headers["x-subject-token"]}


def read_events(lines: Iterator[str], count: int) -> list[dict[str, str]]:
    """Return the next events of a stream."""
    events: list[dict[str, str]] = []
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and "data" in fields:
            events.append(fields)
            if len(events) == count:
                return events
        fields = {} if not line else fields | {name: value}
    raise AssertionError(f"the stream ended after {len(events)} events")


def test_changes_are_streamed(live: Live) -> None:
    admin, url = token_headers(live, "admin"), f"{live.url}/api/v1/usage"
    headers = {**admin, "Content-Type": BATCH}

    def post(*events: dict[str, Any]) -> None:
        assert httpx.post(f"{url}/events", content=json.dumps(events), headers=headers).json()["rejected"] == 0

    with httpx.stream("GET", f"{url}/changes", headers=admin, timeout=30) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.iter_lines()
        assert next(lines).startswith(":")
        post(event(1, project_id="p"), event(2, project_id="q"))
        first = read_events(lines, 2)
        assert [item["event"] for item in first] == ["segment.recorded"] * 2
        assert [item.get("id") for item in first] == [None, "1"]
        post(event(1, "usage.ended", 2))
        second = read_events(lines, 2)
        assert [item["event"] for item in second] == ["segment.superseded", "segment.recorded"]
        assert json.loads(second[1]["data"])["segment"]["end"] == "2026-01-03T00:00:00.000000Z"
    with httpx.stream("GET", f"{url}/changes?since=0", headers={**admin, "Last-Event-ID": "1"}, timeout=30) as response:
        assert read_events(response.iter_lines(), 2) == second
    with httpx.stream("GET", f"{url}/changes?since=0&project_id=q", headers=admin, timeout=30) as response:
        assert json.loads(read_events(response.iter_lines(), 1)[0]["data"])["segment"]["resource_id"] == "b002"


def test_changes_are_restricted_to_the_project(live: Live) -> None:
    admin, demo, url = token_headers(live, "admin"), token_headers(live, "demo"), f"{live.url}/api/v1/usage"
    assert httpx.get(f"{url}/changes").status_code == 401
    assert httpx.get(f"{url}/changes?since=x", headers=admin).status_code == 400
    assert httpx.get(f"{url}/changes?project_id=p", headers=demo).status_code == 404
    own_project = httpx.get(f"{live.url}/identity/v3/auth/projects", headers=demo).json()["projects"][0]["id"]
    events = [event(1, project_id="p"), event(2, project_id=own_project)]
    httpx.post(f"{url}/events", content=json.dumps(events), headers={**admin, "Content-Type": BATCH})
    with httpx.stream("GET", f"{url}/changes?since=0", headers=demo, timeout=30) as response:
        assert json.loads(read_events(response.iter_lines(), 1)[0]["data"])["segment"]["resource_id"] == "b002"


def test_stream_ends_when_the_server_stops(live: Live) -> None:
    has_ended = threading.Event()

    def follow() -> None:
        with httpx.stream("GET", f"{live.url}/api/v1/usage/changes", headers=admin, timeout=30) as response:
            for line in response.iter_lines():
                if line.startswith(":"):
                    is_streaming.set()
        has_ended.set()

    admin, is_streaming = token_headers(live, "admin"), threading.Event()
    reader = threading.Thread(target=follow)
    reader.start()
    assert is_streaming.wait(20)
    live.services.stopping.set()
    assert has_ended.wait(20)
    reader.join()
