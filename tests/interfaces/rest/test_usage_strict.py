"""What `/api/v1/usage` refuses to answer, and answers that stay the same for ever."""

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
from stratiform.kit.clock import DAY_US, HOUR_US, iso, parse_iso
from support.rest import Rest, rest, sign_in
from support.stacks import Bench

T0 = parse_iso("2026-01-01T00:00:00Z")
LISTS = ["usage/segments", "usage/samples", "usage/sums"]


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    """A ledger that came to position 1 on day 30, and knows a box since day 0 and 25 samples."""
    stack_bench.clock.at = T0 + 30 * DAY_US
    with rest(stack_bench) as made:
        box = {"resource_type": "box", "resource_id": "b1"}
        told = [event("s", "usage.started", T0, **box, project_id="p1", tags={"env": "prod"})]
        for number in range(25):
            value = {"out": {"value": number, "kind": "delta", "unit": "B"}}
            told.append(event(f"{number}", "usage.sampled", T0 + (number + 1) * HOUR_US, **box, samples=value))
        send(made, *told)
        yield made


def event(key: str, kind: str, at: int, **data: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": key, "source": "/t", "type": kind, "time": iso(at), "data": data}


def send(api: Rest, *events: Any) -> None:
    headers = {"X-Auth-Token": api.admin, "Content-Type": "application/cloudevents-batch+json"}
    done = api.http.post("/api/v1/usage/events", content=json.dumps(events), headers=headers).json()
    assert done["accepted"] == len(events), done


def seconds(api: Rest, query: str) -> list[str]:
    told = api("GET", f"usage/sums?{query}").json()
    return [one["sums"]["duration"] for one in told["sums"]]


def test_what_was_known_then_never_changes(api: Rest, stack_bench: Bench) -> None:
    day = 86400
    asked = {
        "as_of=1": [30 * day],
        "as_of=2026-01-31": [30 * day],
        "as_of=1&from=2026-01-30": [day],
        "as_of=1&to=2026-02-10": [40 * day],
        "as_of=0": [],
    }
    assert {query: seconds(api, query) for query in asked} == {
        query: [f"{one}" for one in asked[query]] for query in asked
    }
    clipped = [api("GET", f"usage/segments?clip=true&{query}").json() for query in asked]
    table = api("GET", "usage/segments?clip=true&as_of=1&format=csv").text
    stack_bench.clock.advance(9 * DAY_US)
    api = replace(api, admin=sign_in(stack_bench, "admin"))
    send(api, event("e", "usage.ended", T0 + 5 * DAY_US, resource_type="box", resource_id="b1"))
    assert {query: seconds(api, query) for query in asked} == {
        query: [f"{one}" for one in asked[query]] for query in asked
    }
    assert [api("GET", f"usage/segments?clip=true&{query}").json() for query in asked] == clipped
    assert clipped[0]["segments"][0]["duration_us"] == 30 * DAY_US
    assert api("GET", "usage/segments?clip=true&as_of=1&format=csv").text == table
    assert seconds(api, "as_of=2") == [f"{5 * day}"]
    assert seconds(api, "as_of=2026-02-05") == [f"{35 * day}"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("as_of", ["2", "2026-01-31T00:00:00.000001Z", "2027-01-01", "9" * 30])
def test_nothing_is_known_as_of_what_is_yet_to_come(api: Rest, path: str, as_of: str) -> None:
    answer = api("GET", f"{path}?as_of={as_of}")
    assert answer.status_code == 400
    assert "`as_of`" in answer.json()["detail"]
    assert answer.json()["hint"]


def test_a_sum_that_ends_before_it_begins_says_why(api: Rest) -> None:
    told = api("GET", "usage/sums?as_of=1&from=2026-02-01").json()
    assert told["detail"].startswith("`from` is 2026-02-01T00:00:00.000000Z, after the end of the period: 2026-01-31")
    assert "`to`" in told["hint"]


@pytest.mark.parametrize("path", [*LISTS, "usage/changes", "usage/segments?format=csv", "usage/samples?format=arrow"])
@pytest.mark.parametrize(
    ("asked", "status", "hint"),
    [
        ("cloud=openstak", 400, "known: openstack"),
        ("resource_type=bx", 400, "known: box, "),
        ("resource_type=instnce", 400, "known: instance, "),
        ("project_id=demo", 404, "'demo' is a name; use the id: "),
        ("project_id=dem", 404, "demo has the id "),
        ("project_id=nobody", 404, "see the ids in `openstack project list`"),
    ],
)
def test_a_misspelt_name_is_told(api: Rest, path: str, asked: str, status: int, hint: str) -> None:
    answer = api("GET", f"{path}{'&' if '?' in path else '?'}{asked}")
    assert answer.status_code == status, answer.text
    assert answer.json()["hint"].startswith(hint)


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
def test_what_was_never_used_is_an_empty_list(api: Rest, query: str) -> None:
    assert api("GET", f"usage/segments?{query}").json()["segments"] == []
    assert api("GET", f"usage/samples?{query}").json()["samples"] == []
    assert api("GET", f"usage/sums?{query}").json()["sums"] == []


def test_a_meter_that_is_misspelt_is_told(api: Rest) -> None:
    assert api("GET", "usage/samples?meter=outt").json()["hint"].startswith("known: out, ")
    assert api("GET", "usage/sums?measure=duration,meter:outt").json()["hint"].startswith("known: out, ")
    assert api("GET", "usage/sums?measure=duration,meter:image.size").status_code == 200
    assert api("GET", "usage/samples?meter=image.size").json()["samples"] == []


@pytest.mark.parametrize("query", ["cloud=openstak", "resource_type=bx", "meter=outt"])
def test_a_customer_learns_of_no_other_names(api: Rest, query: str) -> None:
    answer = api("GET", f"usage/samples?{query}", token=api.demo)
    assert (answer.status_code, answer.json()) == (200, {"samples": [], "next": None})


@pytest.mark.parametrize(
    "query", ["", "meter=out&from=2026-01-01T03:00:00Z&to=2026-01-01T12:00:00Z", "as_of=1", "as_of=0"]
)
def test_samples_come_in_every_format(api: Rest, query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "_BATCH_ROWS", 5)
    told = api("GET", f"usage/samples?{query}").json()["samples"]
    assert len(told) == (9 if "meter" in query else 0 if "=0" in query else 25)
    lines = [*csv.DictReader(io.StringIO(api("GET", f"usage/samples?{query}&format=csv").text))]
    assert lines == [{name: value or "" for name, value in one.items()} for one in told]
    table = pa.ipc.open_stream(api("GET", f"usage/samples?{query}&format=arrow").content).read_all()
    headers = {"X-Auth-Token": api.admin, "Accept": "application/vnd.apache.parquet"}
    answer = api.http.get(f"/api/v1/usage/samples?{query}", headers=headers)
    assert answer.headers["content-disposition"] == 'attachment; filename="samples.parquet"'
    assert pq.read_table(io.BytesIO(answer.content)).equals(table)
    assert [one["message_id"] for one in table.to_pylist()] == [one["message_id"] for one in told]
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
        ("GET", "usage/unknown?limit=1", "this endpoint has no parameters"),
        ("POST", "usage/unknown/replay?before=1", "available: after"),
        ("POST", "usage/events?clud=x", "did you mean `cloud`?"),
        ("POST", "usage/notifications?clouds=x", "did you mean `cloud`?"),
    ],
)
def test_a_parameter_that_there_is_not_is_refused(api: Rest, method: str, path: str, hint: str) -> None:
    answer = api(method, path)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    name = path.partition("?")[2].partition("=")[0]
    assert answer.json()["detail"] == f"unknown query parameter '{name}'"
    assert answer.json()["hint"].startswith(hint)


def test_a_parameter_that_is_given_twice_is_refused(api: Rest) -> None:
    answer = api("GET", "usage/segments?cloud=openstack&cloud=lab")
    assert (answer.status_code, answer.json()["detail"]) == (400, "`cloud` occurs more than once")


@pytest.mark.parametrize("query", ["from=", "as_of=%20", "tag=", "cloud=prod&to="])
def test_an_empty_parameter_is_refused(api: Rest, query: str) -> None:
    answer = api("GET", f"usage/segments?{query}")
    name = query.rpartition("&")[2].partition("=")[0]
    assert (answer.status_code, answer.json()["detail"]) == (400, f"`{name}` is empty")


@pytest.mark.parametrize(
    ("kind", "more", "why"),
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
def test_a_misspelt_key_is_refused(api: Rest, kind: str, more: dict[str, Any], why: str) -> None:
    told = event("x", kind, T0 + HOUR_US, resource_type="box", resource_id="b1", **more)
    headers = {"X-Auth-Token": api.admin, "Content-Type": "application/cloudevents+json"}
    answer = api.http.post("/api/v1/usage/events", content=json.dumps(told), headers=headers)
    assert answer.status_code == 400
    assert why in answer.json()["detail"]


@pytest.mark.parametrize("path", ["usage/segments?format=csv&limit=2", "usage/samples?format=arrow&marker=x"])
def test_a_page_of_a_whole_file_is_refused(api: Rest, path: str) -> None:
    answer = api("GET", path)
    assert (answer.status_code, answer.json()["detail"]) == (400, "`limit` and `marker` apply to JSON only")
