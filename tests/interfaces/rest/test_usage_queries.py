"""Invalid requests to `/api/v1/usage`, and results as of a position, which never change."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stratiform.interfaces.rest.routes import samples
from stratiform.kit.clock import DAY_US, HOUR_US, format_iso, parse_iso
from support.rest import Rest, rest, sign_in
from support.stacks import ServiceHarness

T0 = parse_iso("2026-01-01T00:00:00Z")
LISTS = ["usage/segments", "usage/samples", "usage/sums"]


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    """A ledger at position 1 since day 30, with a box since day 0 and 25 samples."""
    service_harness.clock.at = T0 + 30 * DAY_US
    with rest(service_harness) as api:
        box = {"resource_type": "box", "resource_id": "b1"}
        events = [event("s", "usage.started", T0, **box, project_id="p1", tags={"env": "prod"})]
        for number in range(25):
            value = {"out": {"value": number, "kind": "delta", "unit": "B"}}
            events.append(event(f"{number}", "usage.sampled", T0 + (number + 1) * HOUR_US, **box, samples=value))
        send(api, *events)
        yield api


def event(key: str, event_type: str, at: int, **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": key, "source": "/t", "type": event_type, "time": format_iso(at), "data": data}


def send(api: Rest, *events: Any) -> None:
    headers = {"X-Auth-Token": api.admin, "Content-Type": "application/cloudevents-batch+json"}
    result = api.http.post("/api/v1/usage/events", content=json.dumps(events), headers=headers).json()
    assert result["ingested"] == len(events), result


def get_durations(api: Rest, query: str) -> list[str]:
    result = api("GET", f"usage/sums?{query}").json()
    return [item["sums"]["duration"] for item in result["sums"]]


def test_as_of_results_never_change(api: Rest, service_harness: ServiceHarness) -> None:
    day = 86400
    durations = {
        "as_of=1": [30 * day],
        "as_of=2026-01-31": [30 * day],
        "as_of=1&from=2026-01-30": [day],
        "as_of=1&to=2026-02-10": [40 * day],
        "as_of=0": [],
    }
    assert {query: get_durations(api, query) for query in durations} == {
        query: [f"{seconds}" for seconds in durations[query]] for query in durations
    }
    clipped = [api("GET", f"usage/segments?clip=true&{query}").json() for query in durations]
    table = api("GET", "usage/segments?clip=true&as_of=1&format=csv").text
    service_harness.clock.advance(9 * DAY_US)
    api = replace(api, admin=sign_in(service_harness, "admin"))
    send(api, event("e", "usage.ended", T0 + 5 * DAY_US, resource_type="box", resource_id="b1"))
    assert {query: get_durations(api, query) for query in durations} == {
        query: [f"{seconds}" for seconds in durations[query]] for query in durations
    }
    assert [api("GET", f"usage/segments?clip=true&{query}").json() for query in durations] == clipped
    assert clipped[0]["segments"][0]["duration_us"] == 30 * DAY_US
    assert api("GET", "usage/segments?clip=true&as_of=1&format=csv").text == table
    assert get_durations(api, "as_of=2") == [f"{5 * day}"]
    assert get_durations(api, "as_of=2026-02-05") == [f"{35 * day}"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("as_of", ["2", "2026-01-31T00:00:00.000001Z", "2027-01-01", "9" * 30])
def test_as_of_in_the_future(api: Rest, path: str, as_of: str) -> None:
    response = api("GET", f"{path}?as_of={as_of}")
    assert response.status_code == 400
    assert "`as_of`" in response.json()["detail"]
    assert response.json()["hint"]


def test_sum_of_an_empty_period(api: Rest) -> None:
    problem = api("GET", "usage/sums?as_of=1&from=2026-02-01").json()
    assert problem["detail"].startswith(
        "`from` is 2026-02-01T00:00:00.000000Z, after the end of the period: 2026-01-31"
    )
    assert "`to`" in problem["hint"]


@pytest.mark.parametrize("path", [*LISTS, "usage/changes", "usage/segments?format=csv", "usage/samples?format=arrow"])
@pytest.mark.parametrize(
    ("query", "status", "hint"),
    [
        ("cloud=openstak", 400, "known: openstack"),
        ("resource_type=bx", 400, "known: box, "),
        ("resource_type=instnce", 400, "known: instance, "),
        ("project_id=demo", 404, "'demo' is a name; use the ID: "),
        ("project_id=dem", 404, "demo has the ID "),
        ("project_id=nobody", 404, "see the IDs in `openstack project list`"),
    ],
)
def test_unknown_names(api: Rest, path: str, query: str, status: int, hint: str) -> None:
    response = api("GET", f"{path}{'&' if '?' in path else '?'}{query}")
    assert response.status_code == status, response.text
    assert response.json()["hint"].startswith(hint)


@pytest.mark.parametrize(
    ("project", "hint"),
    [("hosted-shop", "'hosted-shop' is a name; use the ID: c1"), ("hosted-shp", "hosted-shop has the ID c1")],
)
def test_projects_that_only_messages_name_are_suggested(api: Rest, project: str, hint: str) -> None:
    name = {"resource_type": "project", "resource_id": "c1", "cloud": "openstack", "name": "hosted-shop"}
    assert api("POST", "usage/names", name).status_code == 201
    response = api("GET", f"usage/segments?project_id={project}")
    assert response.status_code == 404
    assert response.json()["hint"] == hint


@pytest.mark.parametrize(
    "query",
    [
        f"project_id={'0' * 32}",
        "project_id=b4da9a1c-0000-4000-8000-000000000000",
        "project_id=p1&resource_id=none",
        "resource_type=instance",
        "tag=env:none",
        "cloud=openstack&from=2026-01-30T23:00:00Z&to=2026-01-30T23:00:01Z&resource_type=volume",
    ],
)
def test_without_usage_lists_are_empty(api: Rest, query: str) -> None:
    assert api("GET", f"usage/segments?{query}").json()["segments"] == []
    assert api("GET", f"usage/samples?{query}").json()["samples"] == []
    assert api("GET", f"usage/sums?{query}").json()["sums"] == []


def test_unknown_meter(api: Rest) -> None:
    assert api("GET", "usage/samples?meter=outt").json()["hint"].startswith("known: out, ")
    assert api("GET", "usage/sums?measure=duration,meter:outt").json()["hint"].startswith("known: out, ")
    assert api("GET", "usage/sums?measure=duration,meter:image.size").status_code == 200
    assert api("GET", "usage/samples?meter=image.size").json()["samples"] == []


@pytest.mark.parametrize("query", ["cloud=openstak", "resource_type=bx", "meter=outt"])
def test_unknown_names_of_customers_are_not_checked(api: Rest, query: str) -> None:
    response = api("GET", f"usage/samples?{query}", token=api.demo)
    assert (response.status_code, response.json()) == (200, {"samples": [], "next": None})


@pytest.mark.parametrize(
    "query", ["", "meter=out&from=2026-01-01T03:00:00Z&to=2026-01-01T12:00:00Z", "as_of=1", "as_of=0"]
)
def test_samples_in_every_format(api: Rest, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_BATCH_ROWS", 5)
    samples_of_json = api("GET", f"usage/samples?{query}").json()["samples"]
    assert len(samples_of_json) == (9 if "meter" in query else 0 if "=0" in query else 25)
    lines = [*csv.DictReader(io.StringIO(api("GET", f"usage/samples?{query}&format=csv").text))]
    assert lines == [{name: value or "" for name, value in sample.items()} for sample in samples_of_json]
    table = pa.ipc.open_stream(api("GET", f"usage/samples?{query}&format=arrow").content).read_all()
    headers = {"X-Auth-Token": api.admin, "Accept": "application/vnd.apache.parquet"}
    response = api.http.get(f"/api/v1/usage/samples?{query}", headers=headers)
    assert response.headers["content-disposition"] == 'attachment; filename="samples.parquet"'
    assert pq.read_table(io.BytesIO(response.content)).equals(table)
    assert [sample["message_id"] for sample in table.to_pylist()] == [
        sample["message_id"] for sample in samples_of_json
    ]
    assert api("GET", "usage/samples?format=xml").status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("GET", "usage/segments?clod=openstack", "did you mean `cloud`?"),
        ("GET", "usage/samples?clip=true", "available: as_of, cloud, "),
        ("GET", "usage/sums?groupby=cloud", "did you mean `group_by`?"),
        ("GET", "usage/changes?as_of=1", "available: cloud, from, "),
        ("GET", "usage/meters?name=instance", "this endpoint has no parameters"),
        ("GET", "usage/polls?cloud=x", "this endpoint has no parameters"),
        ("GET", "usage/rejected?cloud=x", "available: limit, marker"),
        ("GET", "usage/rejected/00?message_id=00", "this endpoint has no parameters"),
        ("GET", "usage/ignored?limit=1", "available: undecided"),
        ("POST", "usage/ignored/replay?before=1", "available: after"),
        ("POST", "usage/events?clud=x", "did you mean `cloud`?"),
        ("POST", "usage/notifications?clouds=x", "did you mean `cloud`?"),
    ],
)
def test_unknown_parameter(api: Rest, method: str, path: str, hint: str) -> None:
    response = api(method, path)
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json"
    name = path.partition("?")[2].partition("=")[0]
    assert response.json()["detail"] == f"unknown query parameter '{name}'"
    assert response.json()["hint"].startswith(hint)


def test_repeated_parameter(api: Rest) -> None:
    response = api("GET", "usage/segments?cloud=openstack&cloud=lab")
    assert (response.status_code, response.json()["detail"]) == (400, "`cloud` occurs more than once")


@pytest.mark.parametrize("query", ["from=", "as_of=%20", "tag=", "cloud=prod&to="])
def test_empty_parameter(api: Rest, query: str) -> None:
    response = api("GET", f"usage/segments?{query}")
    name = query.rpartition("&")[2].partition("=")[0]
    assert (response.status_code, response.json()["detail"]) == (400, f"`{name}` is empty")


@pytest.mark.parametrize(
    ("event_type", "fields", "detail"),
    [
        ("usage.changed", {"attribtues": {"vcpus": 2}}, "data: unknown key 'attribtues'; did you mean attributes?"),
        (
            "usage.started",
            {"project_id": "p1", "samples": {"out": 1}},
            "data: unknown key 'samples'; known keys: attributes, ",
        ),
        (
            "usage.sampled",
            {"samples": {"out": {"value": 1, "kind": "delta", "until": 1}}},
            "samples.out: unknown key 'unti",
        ),
        (
            "usage.changed",
            {"parent": {"type": "box", "resource_id": "b"}},
            "parent: unknown key 'type'; known keys: resource_",
        ),
    ],
)
def test_unknown_key_in_an_event(api: Rest, event_type: str, fields: dict[str, Any], detail: str) -> None:
    document = event("x", event_type, T0 + HOUR_US, resource_type="box", resource_id="b1", **fields)
    headers = {"X-Auth-Token": api.admin, "Content-Type": "application/cloudevents+json"}
    response = api.http.post("/api/v1/usage/events", content=json.dumps(document), headers=headers)
    assert response.status_code == 400
    assert detail in response.json()["detail"]


@pytest.mark.parametrize("path", ["usage/segments?format=csv&limit=2", "usage/samples?format=arrow&marker=x"])
def test_tables_are_not_paged(api: Rest, path: str) -> None:
    response = api("GET", path)
    assert (response.status_code, response.json()["detail"]) == (400, "`limit` and `marker` apply to JSON only")
