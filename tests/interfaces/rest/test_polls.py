"""Polls of clouds in the API and on the command line."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client
from stratiform.interfaces.cli.session import session
from stratiform.kit.clock import HOUR_US, MINUTE_US, format_iso
from stratiform.kit.work_queue import Worker, enqueue
from stratiform.services.ingest import tasks
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server for the commands, which run as the operator."""
    with rest(service_harness) as api:
        monkeypatch.setattr(session, "_client", Client(api.http, api.admin))
        yield api


@pytest.fixture
def worker(service_harness: ServiceHarness, api: Rest) -> Worker:
    """A worker that has polled a simulated cloud once."""
    services, now = service_harness.services, service_harness.clock.now()
    with services.database.transaction() as db:
        services.clouds.accounts.create(service_harness.ctx(db), "memory", "lab", {})
        enqueue(db, "ingest.poll_sync", "all", now)
    worker = Worker(
        services.database, tasks.build_handlers(services.ingest, services.clouds), name="w", clock=service_harness.clock
    )
    worker.run_until_idle()
    return worker


def run(*args: str) -> str:
    result = CliRunner().invoke(usage.app, args, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list_and_rewind(api: Rest, worker: Worker, service_harness: ServiceHarness) -> None:
    start = service_harness.clock.now()
    (poll,) = api("GET", "usage/polls").json()["polls"]
    assert poll.pop("id")
    assert poll == {
        "cloud": "lab",
        "resource_type": "instance",
        "meter": "bytes_out",
        "read_until": format_iso(start),
        "polled_at": None,
        "fault": None,
        "failures": 0,
    }
    service_harness.clock.advance(10 * MINUTE_US)
    worker.run_until_idle()
    (poll,) = api("GET", "usage/polls").json()["polls"]
    assert poll["read_until"] == poll["polled_at"] == format_iso(start + 10 * MINUTE_US)
    response = api("POST", f"usage/polls/{poll['id']}/again", {"since": format_iso(start - HOUR_US)})
    assert response.status_code == 202
    assert response.json()["read_until"] == format_iso(start - HOUR_US)
    worker.run_until_idle()
    assert api("GET", "usage/polls").json()["polls"] == [poll]


def test_commands(api: Rest, worker: Worker) -> None:
    (poll,) = json.loads(run("polls", "--format", "json"))
    table = run("polls")
    assert "bytes_out" in table
    assert poll["id"] in table
    output = run("poll-again", poll["id"], "--from", "2025-01-01T00:00:00Z")
    assert output == "bytes_out of lab will be polled again from 2025-01-01T00:00:00.000000Z\n"


def test_access(api: Rest, worker: Worker) -> None:
    (poll,) = api("GET", "usage/polls").json()["polls"]
    path, body = f"usage/polls/{poll['id']}/again", {"since": "2025-01-01T00:00:00Z"}
    assert api("GET", "usage/polls", token="").status_code == 401
    assert api("GET", "usage/polls", token=api.demo).status_code == 403
    assert api("POST", path, body, token="").status_code == 401
    assert api("POST", path, body, token=api.demo).status_code == 403


@pytest.mark.parametrize(
    "body", [None, {}, {"since": "yesterday"}, {"since": "2999-01-01T00:00:00Z"}, {"since": "2025-01-01", "x": 1}]
)
def test_invalid_bodies(api: Rest, worker: Worker, body: object) -> None:
    (poll,) = api("GET", "usage/polls").json()["polls"]
    response = api("POST", f"usage/polls/{poll['id']}/again", body)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_unknown_poll(api: Rest) -> None:
    assert api("POST", "usage/polls/none/again", {"since": "2025-01-01T00:00:00Z"}).status_code == 404
