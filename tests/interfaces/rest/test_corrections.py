"""`/api/v1/usage/corrections`."""

from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.outbox import Event
from support.money import PLAN, machine
from support.rest import Rest, rest
from support.stacks import ServiceHarness

BYTES = "bytes_out"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    service_harness.clock.at = parse_iso("2026-11-10T10:00:00")
    with rest(service_harness) as api:
        with service_harness.services.database.transaction() as db:
            event = machine("m1", api.demo_project, "2026-11-10T00:00:00")
            service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
        yield api


def correction_body(**fields: Any) -> dict[str, Any]:
    return {"resource_type": "instance", "resource_id": "m1", "reason": "outage", **fields}


def test_projects_have_the_names_of_their_time(api: Rest) -> None:
    for name, start in (("shop", "2026-11-01T00:00:00Z"), ("store", "2026-11-10T05:00:00Z")):
        body = {"resource_type": "project", "resource_id": "p9", "cloud": "dc-1", "name": name, "start": start}
        assert api("POST", "usage/names", body).status_code == 201
    body = correction_body(since="2026-11-10T02:00:00Z", until="2026-11-10T04:00:00Z", project_id="p9")
    created = api("POST", "usage/corrections", body).json()
    assert [each.get("names", {}).get("project") for each in created["after"]] == [None, "shop", None]
    (item,) = api("GET", "usage/corrections").json()["corrections"]
    assert item["project_names"] == {"p9": "store"}


def test_create_list_and_revoke(api: Rest) -> None:
    response = api(
        "POST",
        "usage/corrections",
        correction_body(since="2026-11-10T02:00:00Z", until="2026-11-10T04:00:00Z", absent=True),
    )
    assert response.status_code == 201, response.text
    created = response.json()
    assert created["new"] is True
    assert [(item["start"], item["end"]) for item in created["before"]] == [("2026-11-10T00:00:00.000000Z", None)]
    assert [(item["start"], item["end"]) for item in created["after"]] == [
        ("2026-11-10T00:00:00.000000Z", "2026-11-10T02:00:00.000000Z"),
        ("2026-11-10T04:00:00.000000Z", None),
    ]
    (item,) = api("GET", "usage/corrections?resource_id=m1&resource_type=instance&cloud=dc-1").json()["corrections"]
    author = item.pop("author")
    assert author.startswith("admin (")
    assert item == {
        "id": created["id"],
        "cloud": "dc-1",
        "resource_type": "instance",
        "resource_id": "m1",
        "reason": "outage",
        "made_at": "2026-11-10T10:00:00.000000Z",
        "at": "2026-11-10T10:00:00.000000Z",
        "content": {"absent": True, "since": "2026-11-10T02:00:00.000000Z", "until": "2026-11-10T04:00:00.000000Z"},
        "seen": None,
        "project_names": {},
        "revoked_by": None,
    }
    revocation = api("POST", "usage/corrections", correction_body(revokes=created["id"], reason="no outage")).json()
    assert revocation["after"] == created["before"]
    first_page = api("GET", "usage/corrections?limit=1").json()
    assert [item["id"] for item in first_page["corrections"]] == [revocation["id"]]
    second_page = api("GET", f"usage/corrections?marker={first_page['next']}").json()
    assert [item["revoked_by"] for item in second_page["corrections"]] == [revocation["id"]]
    assert second_page["next"] is None
    assert api("GET", "usage/corrections?resource_id=m2").json()["corrections"] == []


def test_correction_changes_the_cost_of_an_open_period(api: Rest, service_harness: ServiceHarness) -> None:
    api.http.post("/api/v1/prices", content=PLAN, headers={"X-Auth-Token": api.admin})
    api("POST", "accounts", {"name": "acme", "currency": "EUR", "plan": "standard"})
    assignment = api("POST", "accounts/acme/projects", {"project": "demo", "start": "2026-11-10"})
    assert assignment.status_code == 201, assignment.text
    assert get_cost(api) == "0.22"
    response = api("POST", "usage/corrections", correction_body(end="2026-11-10T05:00:00Z"))
    assert get_cost(api) == "0.11"
    api("POST", "usage/corrections", correction_body(revokes=response.json()["id"]))
    assert get_cost(api) == "0.22"


def get_cost(api: Rest) -> str:
    response = api("GET", f"costs/month?project={api.demo_project}&month=2026-11")
    assert response.status_code == 200, response.text
    return str(response.json()["amount"])


def test_access(api: Rest) -> None:
    for method, path, body in (
        ("POST", "usage/corrections", correction_body(state="stopped")),
        ("GET", "usage/corrections", None),
    ):
        assert api(method, path, body, token="").status_code == 401
        assert api(method, path, body, token="nobody").status_code == 401
        assert api(method, path, body, token=api.demo).status_code == 403


def test_access_is_checked_before_the_request(api: Rest) -> None:
    bodies: list[Any] = [{}, [], correction_body(end="yesterday"), correction_body(meter="m"), None]
    for body in bodies:
        assert api("POST", "usage/corrections", body, token=api.demo).status_code == 403
        assert api("POST", "usage/corrections", body, token="nobody").status_code == 401
    assert api("GET", "usage/corrections?limit=0", token=api.demo).status_code == 403
    assert api("GET", "usage/corrections?marker=x", token=api.demo).status_code == 403


@pytest.mark.parametrize(("quantity", "value"), [("1e1", "10"), ("25e-1", "2.5"), ("2.50", "2.5"), (7, "7")])
def test_quantity_is_an_exact_number_that_may_have_an_exponent(
    api: Rest, service_harness: ServiceHarness, quantity: str | int, value: str
) -> None:
    payload = {"resource_type": "instance", "resource_id": "m1", "samples": {BYTES: {"value": 500, "kind": "delta"}}}
    event = Event("s1", "usage.sampled", "x", parse_iso("2026-11-10T01:00:00"), "dc-1", payload)
    with service_harness.services.database.transaction() as db:
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    body = correction_body(meter=BYTES, quantity=quantity, at="2026-11-10T02:00:00Z", reason="missing")
    assert api("POST", "usage/corrections", body).status_code == 201
    (item,) = api("GET", "usage/corrections?resource_id=m1").json()["corrections"]
    assert item["content"]["quantity"] == value


def test_adjust_a_meter_and_revoke(api: Rest, service_harness: ServiceHarness) -> None:
    payload = {"resource_type": "instance", "resource_id": "m1", "samples": {BYTES: {"value": 500, "kind": "delta"}}}
    event = Event("s1", "usage.sampled", "x", parse_iso("2026-11-10T01:00:00"), "dc-1", payload)
    with service_harness.services.database.transaction() as db:
        service_harness.services.ingest.own_events.ingest(db, [event], service_harness.clock.now())
    body = correction_body(meter=BYTES, quantity="-123.4", at="2026-11-10T02:00:00Z", reason="counted twice")
    response = api("POST", "usage/corrections", body)
    assert response.status_code == 201, response.text
    created = response.json()
    assert created["counted"] == {"meter": BYTES, "unit": "", "before": "500", "after": "376.6"}
    assert (created["new"], created["created"], created["before"]) == (True, False, created["after"])
    (item,) = api("GET", "usage/corrections?resource_id=m1").json()["corrections"]
    assert item["content"] == {"meter": BYTES, "quantity": "-123.4", "unit": "", "at": "2026-11-10T02:00:00.000000Z"}
    assert (item["at"], item["made_at"]) == ("2026-11-10T02:00:00.000000Z", "2026-11-10T10:00:00.000000Z")
    sample = api("GET", f"usage/samples?meter={BYTES}").json()["samples"][-1]
    assert (sample["value"], sample["source"], sample["message_id"]) == (
        "-123.4",
        f"correction {created['id']}",
        created["id"],
    )
    sums = api("GET", f"usage/sums?measure=meter:{BYTES}&group_by=project_id").json()["sums"]
    assert [(item["group"]["project_id"], item["sums"]) for item in sums] == [
        (api.demo_project, {f"meter:{BYTES}": "376.6"})
    ]
    revocation = api("POST", "usage/corrections", correction_body(revokes=created["id"])).json()
    assert revocation["counted"]["after"] == "500"
    service_harness.clock.advance(1)
    second = api("POST", "usage/corrections", correction_body(revokes=created["id"]))
    assert second.status_code == 409
    assert revocation["id"] in second.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "detail"),
    [
        (correction_body(), 400, "the correction has no changes"),
        (correction_body(end="yesterday"), 400, "end: 'yesterday' is not a valid timestamp"),
        (correction_body(start="0026-11-09"), 400, "start: '0026-11-09' is before 1970"),
        (correction_body(attributes={"flavor": "a\0"}), 400, "attributes.flavor has invalid characters"),
        (correction_body(end="2026-11-09T00:00:00Z"), 400, "end: 2026-11-09T00:00:00.000000Z is not after the start"),
        (correction_body(start="2026-12-09T00:00:00Z"), 400, "start: 2026-12-09T00:00:00.000000Z is in the future"),
        (correction_body(state="stopped", reason=""), 400, "needs a reason"),
        (correction_body(state="stopped", author="me"), 400, "author"),
        (correction_body(state="stopped", resource_id="m9"), 404, "instance m9 could not be found"),
        (correction_body(state="stopped", resource_id="m\0"), 400, "resource_id"),
        (correction_body(start="2026-11-09", project_id="p", resource_id="m9"), 400, "cloud: "),
        (correction_body(state="asleep"), 400, "state: 'asleep'"),
        (correction_body(attributes={"vcpus": 1.5}), 400, "attributes.vcpus: '1.5'"),
        (correction_body(attributes={"flavor": ["a"]}), 400, "attributes.flavor: "),
        (correction_body(attributes=[]), 400, "attributes"),
        (correction_body(revokes="nothing"), 404, "no correction 'nothing'"),
        (correction_body(meter=BYTES, quantity="1"), 400, "at: missing"),
        (correction_body(meter=BYTES, at="2026-11-10"), 400, "quantity: missing"),
        (correction_body(quantity=1, at="2026-11-10"), 400, "meter: missing"),
        (correction_body(meter=BYTES, quantity="a lot", at="2026-11-10"), 400, "quantity: 'a lot' is not a number"),
        (correction_body(meter=BYTES, quantity=-1, at="2026-11-10"), 400, "quantity: "),
        (correction_body(meter=BYTES, quantity=1.5, at="2026-11-10"), 400, "quantity"),
        (correction_body(meter="byte", quantity=1, at="2026-11-10"), 400, "meter: "),
        (
            correction_body(meter=BYTES, quantity=1, at="2026-11-10", end="2026-11-10"),
            400,
            "end: not allowed together with meter",
        ),
        ({}, 400, "resource_type"),
        ([], 400, ""),
    ],
)
def test_invalid_corrections(api: Rest, body: Any, status: int, detail: str) -> None:
    response = api("POST", "usage/corrections", body)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert detail in response.json()["detail"]
    assert api("GET", "usage/corrections").json()["corrections"] == []


def test_invalid_pages(api: Rest) -> None:
    assert api("GET", "usage/corrections?marker=x").status_code == 400
    assert api("GET", "usage/corrections?limit=0").status_code == 400
