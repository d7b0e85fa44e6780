"""What clouds are asked, over `/api/v1` and on the command line."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from stratiform.interfaces.cli import usage
from stratiform.interfaces.cli.client import Client, session
from stratiform.kit.clock import HOUR_US, MINUTE_US, iso
from stratiform.kit.work import Worker, enqueue
from stratiform.services.ingest import tasks
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rest]:
    """A server; the commands talk to it, as the operator."""
    with rest(stack_bench) as made:
        monkeypatch.setattr(session, "_client", Client(made.http, made.admin))
        yield made


@pytest.fixture
def worker(stack_bench: Bench, api: Rest) -> Worker:
    """It knows of one simulated cloud, and has looked at it once."""
    services, now = stack_bench.services, stack_bench.clock.now()
    with services.database.transaction() as db:
        services.clouds.accounts.create(stack_bench.ctx(db), "memory", "lab", {})
        enqueue(db, "metering.survey", "all", now)
    made = Worker(
        services.database, tasks.handlers(services.ingest, services.clouds), name="w", clock=stack_bench.clock
    )
    made.run_until_idle()
    return made


def run(*line: str) -> str:
    done = CliRunner().invoke(usage.app, line, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def test_polls_are_listed_and_read_again(api: Rest, worker: Worker, stack_bench: Bench) -> None:
    begin = stack_bench.clock.now()
    (poll,) = api("GET", "usage/polls").json()["polls"]
    assert poll.pop("id")
    assert poll == {
        "cloud": "lab",
        "resource_type": "instance",
        "meter": "bytes_out",
        "read_until": iso(begin),
        "asked_at": None,
        "fault": None,
        "failures": 0,
    }
    stack_bench.clock.advance(10 * MINUTE_US)
    worker.run_until_idle()
    (poll,) = api("GET", "usage/polls").json()["polls"]
    assert poll["read_until"] == poll["asked_at"] == iso(begin + 10 * MINUTE_US)
    again = api("POST", f"usage/polls/{poll['id']}/again", {"since": iso(begin - HOUR_US)})
    assert again.status_code == 202
    assert again.json()["read_until"] == iso(begin - HOUR_US)
    worker.run_until_idle()
    assert api("GET", "usage/polls").json()["polls"] == [poll]


def test_the_command_line_lists_and_reads_again(api: Rest, worker: Worker) -> None:
    (poll,) = json.loads(run("polls", "--format", "json"))
    table = run("polls")
    assert "bytes_out" in table
    assert poll["id"] in table
    said = run("poll-again", poll["id"], "--from", "2025-01-01T00:00:00Z")
    assert said == "bytes_out of lab is read again from 2025-01-01T00:00:00.000000Z\n"


def test_who_may(api: Rest, worker: Worker) -> None:
    (poll,) = api("GET", "usage/polls").json()["polls"]
    path, body = f"usage/polls/{poll['id']}/again", {"since": "2025-01-01T00:00:00Z"}
    assert api("GET", "usage/polls", token="").status_code == 401
    assert api("GET", "usage/polls", token=api.demo).status_code == 403
    assert api("POST", path, body, token="").status_code == 401
    assert api("POST", path, body, token=api.demo).status_code == 403


@pytest.mark.parametrize(
    "body", [None, {}, {"since": "yesterday"}, {"since": "2999-01-01T00:00:00Z"}, {"since": "2025-01-01", "x": 1}]
)
def test_what_is_no_time_is_told(api: Rest, worker: Worker, body: object) -> None:
    (poll,) = api("GET", "usage/polls").json()["polls"]
    answer = api("POST", f"usage/polls/{poll['id']}/again", body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_read_is_not_found(api: Rest) -> None:
    assert api("POST", "usage/polls/none/again", {"since": "2025-01-01T00:00:00Z"}).status_code == 404
