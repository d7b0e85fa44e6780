"""`/api/v1/usage/corrections`."""

from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.faces.rest import accounts, corrections, costs, prices
from stratiform.kit.clock import parse
from support.money import PLAN, machine
from support.rest import Rest, rest
from support.stacks import Bench

HANDLERS = [*accounts.handlers, *corrections.handlers, *costs.handlers, *prices.handlers]


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    stack_bench.clock.at = parse("2026-11-10T10:00:00")
    with rest(stack_bench, HANDLERS) as made:
        with stack_bench.stack.database.transaction() as db:
            event = machine("m1", made.demo_project, "2026-11-10T00:00:00")
            stack_bench.stack.metering.ingest(db, [event], stack_bench.clock.now())
        yield made


def said(**what: Any) -> dict[str, Any]:
    return {"resource_type": "instance", "resource_id": "m1", "reason": "outage", **what}


def test_what_is_corrected_is_answered_and_listed(api: Rest) -> None:
    done = api(
        "POST", "usage/corrections", said(since="2026-11-10T02:00:00Z", until="2026-11-10T04:00:00Z", absent=True)
    )
    assert done.status_code == 201, done.text
    told = done.json()
    assert told["new"] is True
    assert [(one["start"], one["end"]) for one in told["before"]] == [("2026-11-10T00:00:00.000000Z", None)]
    assert [(one["start"], one["end"]) for one in told["after"]] == [
        ("2026-11-10T00:00:00.000000Z", "2026-11-10T02:00:00.000000Z"),
        ("2026-11-10T04:00:00.000000Z", None),
    ]
    (one,) = api("GET", "usage/corrections?resource_id=m1&resource_type=instance&cloud=dc-1").json()["corrections"]
    author = one.pop("author")
    assert author.startswith("admin (")
    assert one == {
        "id": told["id"],
        "cloud": "dc-1",
        "resource_type": "instance",
        "resource_id": "m1",
        "reason": "outage",
        "made_at": "2026-11-10T10:00:00.000000Z",
        "at": "2026-11-10T10:00:00.000000Z",
        "says": {"absent": True, "since": "2026-11-10T02:00:00.000000Z", "until": "2026-11-10T04:00:00.000000Z"},
        "seen": None,
        "revoked_by": None,
    }
    back = api("POST", "usage/corrections", said(revokes=told["id"], reason="no outage")).json()
    assert back["after"] == told["before"]
    listed = api("GET", "usage/corrections?limit=1").json()
    assert [one["id"] for one in listed["corrections"]] == [back["id"]]
    rest_of = api("GET", f"usage/corrections?marker={listed['next']}").json()
    assert [one["revoked_by"] for one in rest_of["corrections"]] == [back["id"]]
    assert rest_of["next"] is None
    assert api("GET", "usage/corrections?resource_id=m2").json()["corrections"] == []


def test_a_correction_moves_what_an_open_period_costs(api: Rest, stack_bench: Bench) -> None:
    api.http.post("/api/v1/prices", content=PLAN, headers={"X-Auth-Token": api.admin})
    api("POST", "accounts", {"name": "acme", "currency": "EUR", "plan": "standard"})
    assigned = api("POST", "accounts/acme/projects", {"project": "demo", "start": "2026-11-10"})
    assert assigned.status_code == 201, assigned.text
    assert cost(api) == "0.22"
    done = api("POST", "usage/corrections", said(end="2026-11-10T05:00:00Z"))
    assert cost(api) == "0.11"
    api("POST", "usage/corrections", said(revokes=done.json()["id"]))
    assert cost(api) == "0.22"


def cost(api: Rest) -> str:
    answer = api("GET", f"costs/month?project={api.demo_project}&month=2026-11")
    assert answer.status_code == 200, answer.text
    return str(answer.json()["amount"])


def test_who_may(api: Rest) -> None:
    for method, path, body in (
        ("POST", "usage/corrections", said(state="stopped")),
        ("GET", "usage/corrections", None),
    ):
        assert api(method, path, body, token="").status_code == 401
        assert api(method, path, body, token="nobody").status_code == 401
        assert api(method, path, body, token=api.demo).status_code == 403


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (said(), 400, "says nothing"),
        (said(end="yesterday"), 400, "end is no time"),
        (said(state="stopped", reason=""), 400, "needs a reason"),
        (said(state="stopped", author="me"), 400, "author"),
        (said(state="stopped", resource_id="m9"), 400, "which cloud"),
        (said(attributes={"vcpus": 1.5}), 400, "attributes"),
        (said(revokes="nothing"), 404, "no correction 'nothing'"),
        ([], 400, ""),
    ],
)
def test_what_is_refused(api: Rest, body: Any, status: int, why: str) -> None:
    answer = api("POST", "usage/corrections", body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.json()["detail"]


def test_a_marker_that_is_none_is_refused(api: Rest) -> None:
    assert api("GET", "usage/corrections?marker=x").status_code == 400
    assert api("GET", "usage/corrections?limit=0").status_code == 400
