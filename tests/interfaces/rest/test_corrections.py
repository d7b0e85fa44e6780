"""`/api/v1/usage/corrections`."""

from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.outbox import Event
from support.money import PLAN, machine
from support.rest import Rest, rest
from support.stacks import Bench

BYTES = "bytes_out"


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    stack_bench.clock.at = parse_iso("2026-11-10T10:00:00")
    with rest(stack_bench) as made:
        with stack_bench.services.database.transaction() as db:
            event = machine("m1", made.demo_project, "2026-11-10T00:00:00")
            stack_bench.services.ingest.events.ingest(db, [event], stack_bench.clock.now())
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


def test_who_may_not_learns_nothing_of_what_is_asked(api: Rest) -> None:
    bodies: list[Any] = [{}, [], said(end="yesterday"), said(meter="m"), None]
    for body in bodies:
        assert api("POST", "usage/corrections", body, token=api.demo).status_code == 403
        assert api("POST", "usage/corrections", body, token="nobody").status_code == 401
    assert api("GET", "usage/corrections?limit=0", token=api.demo).status_code == 403
    assert api("GET", "usage/corrections?marker=x", token=api.demo).status_code == 403


def test_what_a_meter_counted_is_corrected_and_taken_back(api: Rest, stack_bench: Bench) -> None:
    told = {"resource_type": "instance", "resource_id": "m1", "samples": {BYTES: {"value": 500, "kind": "delta"}}}
    event = Event("s1", "usage.sampled", "x", parse_iso("2026-11-10T01:00:00"), "dc-1", told)
    with stack_bench.services.database.transaction() as db:
        stack_bench.services.ingest.events.ingest(db, [event], stack_bench.clock.now())
    asked = said(meter=BYTES, quantity="-123.4", at="2026-11-10T02:00:00Z", reason="counted twice")
    done = api("POST", "usage/corrections", asked)
    assert done.status_code == 201, done.text
    made = done.json()
    assert made["counted"] == {"meter": BYTES, "unit": "", "before": "500", "after": "376.6"}
    assert (made["new"], made["created"], made["before"]) == (True, False, made["after"])
    (one,) = api("GET", "usage/corrections?resource_id=m1").json()["corrections"]
    assert one["says"] == {"meter": BYTES, "quantity": "-123.4", "unit": "", "at": "2026-11-10T02:00:00.000000Z"}
    assert (one["at"], one["made_at"]) == ("2026-11-10T02:00:00.000000Z", "2026-11-10T10:00:00.000000Z")
    sample = api("GET", f"usage/samples?meter={BYTES}").json()["samples"][-1]
    assert (sample["value"], sample["source"], sample["message_id"]) == (
        "-123.4",
        f"correction {made['id']}",
        made["id"],
    )
    sums = api("GET", f"usage/sums?measure=meter:{BYTES}&group_by=project_id").json()["sums"]
    assert [(one["group"]["project_id"], one["sums"]) for one in sums] == [
        (api.demo_project, {f"meter:{BYTES}": "376.6"})
    ]
    back = api("POST", "usage/corrections", said(revokes=made["id"])).json()
    assert back["counted"]["after"] == "500"
    stack_bench.clock.advance(1)
    again = api("POST", "usage/corrections", said(revokes=made["id"]))
    assert again.status_code == 409
    assert back["id"] in again.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "why"),
    [
        (said(), 400, "the correction has no changes"),
        (said(end="yesterday"), 400, "end: 'yesterday' is not a valid timestamp"),
        (said(start="0026-11-09"), 400, "start: '0026-11-09' is before 1970"),
        (said(attributes={"flavor": "a\0"}), 400, "attributes.flavor has invalid characters"),
        (said(end="2026-11-09T00:00:00Z"), 400, "end: 2026-11-09T00:00:00.000000Z is not after the start"),
        (said(start="2026-12-09T00:00:00Z"), 400, "start: 2026-12-09T00:00:00.000000Z is in the future"),
        (said(state="stopped", reason=""), 400, "needs a reason"),
        (said(state="stopped", author="me"), 400, "author"),
        (said(state="stopped", resource_id="m9"), 404, "instance m9 could not be found"),
        (said(state="stopped", resource_id="m\0"), 400, "resource_id"),
        (said(start="2026-11-09", project_id="p", resource_id="m9"), 400, "cloud: "),
        (said(state="asleep"), 400, "state: 'asleep'"),
        (said(attributes={"vcpus": 1.5}), 400, "attributes.vcpus: '1.5'"),
        (said(attributes={"flavor": ["a"]}), 400, "attributes.flavor: "),
        (said(attributes=[]), 400, "attributes"),
        (said(revokes="nothing"), 404, "no correction 'nothing'"),
        (said(meter=BYTES, quantity="1"), 400, "at: missing"),
        (said(meter=BYTES, at="2026-11-10"), 400, "quantity: missing"),
        (said(quantity=1, at="2026-11-10"), 400, "meter: missing"),
        (said(meter=BYTES, quantity="a lot", at="2026-11-10"), 400, "quantity: 'a lot' is not a number"),
        (said(meter=BYTES, quantity=-1, at="2026-11-10"), 400, "quantity: "),
        (said(meter=BYTES, quantity=1.5, at="2026-11-10"), 400, "quantity"),
        (said(meter="byte", quantity=1, at="2026-11-10"), 400, "meter: "),
        (said(meter=BYTES, quantity=1, at="2026-11-10", end="2026-11-10"), 400, "end: not allowed together with meter"),
        ({}, 400, "resource_type"),
        ([], 400, ""),
    ],
)
def test_what_is_refused(api: Rest, body: Any, status: int, why: str) -> None:
    answer = api("POST", "usage/corrections", body)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert why in answer.json()["detail"]
    assert api("GET", "usage/corrections").json()["corrections"] == []


def test_a_marker_that_is_none_is_refused(api: Rest) -> None:
    assert api("GET", "usage/corrections?marker=x").status_code == 400
    assert api("GET", "usage/corrections?limit=0").status_code == 400
