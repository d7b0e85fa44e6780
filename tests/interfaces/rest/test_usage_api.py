"""Segments, samples, sums, events and changes of `/api/v1/usage`."""

import csv
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stratiform.interfaces.rest.routes import segments
from stratiform.kit.clock import DAY_US, iso, parse_iso
from support.rest import Rest, rest
from support.server import ADMIN_PASSWORD, Live, live_server
from support.stacks import Bench

T0 = parse_iso("2026-01-01T00:00:00Z")
BATCH = "application/cloudevents-batch+json"
ONE = "application/cloudevents+json"


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    stack_bench.clock.at = T0 + 30 * DAY_US
    with rest(stack_bench) as made:
        yield made


def event(number: int, kind: str = "usage.started", day: float = 0, **data: Any) -> dict[str, Any]:
    told = {"resource_type": "box", "resource_id": f"b{number:03}"} | data
    at = iso(T0 + int(day * DAY_US))
    return {"specversion": "1.0", "id": f"{number}-{day}", "source": "/t", "type": kind, "time": at, "data": told}


def send(api: Rest, *events: Any, kind: str = BATCH, token: str | None = None, **headers: str) -> httpx.Response:
    body = json.dumps(events[0] if kind.startswith(ONE) else events)
    asked = {"X-Auth-Token": api.admin if token is None else token, "Content-Type": kind, **headers}
    return api.http.post("/api/v1/usage/events", content=body, headers=asked)


def boxes(api: Rest, count: int = 25) -> None:
    """Boxes of two projects: each three days long, every second in prod, the last still open."""
    told = []
    for number in range(count):
        more: dict[str, Any] = {"project_id": api.demo_project if number % 2 else "p2", "attributes": {"size": number}}
        told.append(event(number, **more, tags={"env": "prod" if number % 2 else 'te"st,%'}, name=f"box, {number}"))
        if number < count - 1:
            told.append(event(number, "usage.ended", 3))
    assert send(api, *told).json()["accepted"] == len(told)


def rows(api: Rest, query: str, **headers: str) -> httpx.Response:
    return api.http.get(f"/api/v1/usage/segments?{query}", headers={"X-Auth-Token": api.admin, **headers})


def test_every_format_tells_the_same(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_BATCH_ROWS", 7)
    boxes(api)
    for query in ("", "project_id=p2", "from=2026-01-02", "from=2026-01-02&to=2026-01-03&clip=true"):
        told = rows(api, query).json()["segments"]
        assert len(told) == (13 if "p2" in query else 25)
        table = pa.ipc.open_stream(rows(api, f"{query}&format=arrow").content).read_all()
        parquet = pq.read_table(io.BytesIO(rows(api, query, Accept="application/vnd.apache.parquet").content))
        assert table.equals(parquet)
        lines = list(csv.DictReader(io.StringIO(rows(api, query, Accept="text/csv;q=1, */*").text)))
        for form in (lines, table.to_pylist()):
            seen = {one["resource_id"]: one for one in form}
            assert len(seen) == len(form) == len(told)
            for one in told:
                there = seen[one["resource_id"]]
                assert json.loads(there["attributes"]) == one["attributes"]
                assert there["name"] == one["name"]
                assert str(there.get("duration_us")) == str(one.get("duration_us"))
        assert [one["end"] or None for one in sorted(lines, key=lambda one: one["resource_id"])] == [
            one["end"] for one in told
        ]


def test_segments_are_cut_to_the_period(api: Rest) -> None:
    boxes(api, 2)
    told = rows(api, "clip=true&from=2026-01-02&to=2026-01-11").json()["segments"]
    assert [one["duration_us"] for one in told] == [2 * DAY_US, 9 * DAY_US]
    assert told[0]["start"] == "2026-01-02T00:00:00.000000Z"
    assert told[1]["end"] == "2026-01-11T00:00:00.000000Z"
    assert [one["duration_us"] for one in rows(api, "clip=true").json()["segments"]] == [3 * DAY_US, 30 * DAY_US]
    assert "duration_us" not in rows(api, "").json()["segments"][0]


def test_pages_are_large_and_follow_each_other(api: Rest) -> None:
    boxes(api)
    for query in ("", "project_id=p2&", "from=2026-01-02&", "tag=env:prod&", "resource_type=box&"):
        every = rows(api, f"{query}limit=99999").json()
        assert every["next"] is None
        seen, marker = [], ""
        while True:
            page = rows(api, f"{query}limit=4{marker}").json()
            seen += page["segments"]
            if page["next"] is None:
                break
            marker = f"&marker={page['next']}"
        assert seen == every["segments"] == sorted(seen, key=lambda one: one["resource_id"])


def test_tags_are_compared_letter_by_letter(api: Rest) -> None:
    keys = ["env", "Env", 'e"nv', "e,nv", "{env", "e%v", "é", "a:b"]
    told = [event(number, project_id="p", tags={key: "v", "more": '","env":"v"'}) for number, key in enumerate(keys)]
    assert send(api, *told).json()["accepted"] == len(keys)
    for number, key in enumerate(keys):
        params = {"tag": f"{key}:v"} if ":" not in key else {"tag": "a:b"}
        found = api.http.get("/api/v1/usage/segments", params=params, headers={"X-Auth-Token": api.admin}).json()
        assert [one["resource_id"] for one in found["segments"]] == ([] if ":" in key else [f"b{number:03}"])
    assert rows(api, "tag=env:").json()["segments"] == []


def test_as_of_a_position_or_a_time(api: Rest, stack_bench: Bench) -> None:
    boxes(api, 3)
    before = stack_bench.clock.now()
    stack_bench.clock.advance(60_000_000)
    send(api, event(0, "usage.changed", 1, attributes={"size": 99}))
    now = rows(api, "").json()["segments"]
    for query in ("as_of=1", f"as_of={iso(before)}"):
        assert len(rows(api, query).json()["segments"]) == 3
        assert "99" not in rows(api, f"{query}&format=csv").text
    assert len(now) == 4
    assert rows(api, f"as_of={iso(before - 1)}").json()["segments"] == []


def test_events_come_alone_too(api: Rest) -> None:
    assert send(api, event(1, project_id="p"), kind=ONE).json()["events"] == [
        {"index": 0, "outcome": "accepted", "message_id": "/t#1-0", "reason": ""}
    ]
    assert send(api, event(1, project_id="p"), kind=f"{ONE}; charset=utf-8").json()["repeated"] == 1
    headers = {"X-Auth-Token": api.admin, "ce-specversion": "1.0", "ce-id": "a%20%22b", "ce-source": "s"}
    headers |= {"ce-type": "usage.ended", "ce-time": "2026-01-02T00:00:00Z", "Content-Type": "application/json"}
    data = {"resource_type": "box", "resource_id": "b001"}
    done = api.http.post("/api/v1/usage/events", json=data, headers=headers).json()
    assert done["events"][0]["message_id"] == "s#a%20%22b"
    assert rows(api, "").json()["segments"][0]["end"] == "2026-01-02T00:00:00.000000Z"


def test_each_event_of_many_is_answered(api: Rest) -> None:
    good, other = event(1, project_id="p"), event(2, "x.y")
    done = send(api, good, good, other, {**good, "id": "n", "source": "s" * 500}, {"id": 1}, 5, event(3)).json()
    assert [one["outcome"] for one in done["events"]] == [
        "accepted", "repeated", "ignored", "accepted", "rejected", "rejected", "rejected",
    ]  # fmt: skip
    assert done["events"][3]["message_id"].startswith("ce-")
    assert done["events"][6]["reason"] == "project_id is missing"
    assert api("GET", "usage/rejected").json()["rejected"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "usage.correction"},
        {"type": "almanach.instance.create"},
        {"time": None},
        {"time": "soon"},
        {"specversion": "0.3"},
        {"source": ""},
        {"id": "x" * 1025},
        {"data": [1]},
        {"data": {"resource_type": "Box", "resource_id": "b", "project_id": "p"}},
        {"data": {"resource_type": "box", "resource_id": "b\x00", "project_id": "p"}},
        {"data": {"resource_type": "box", "resource_id": "b", "project_id": "p", "attributes": {"a": [1]}}},
        {"data": {"resource_type": "box", "resource_id": "b", "project_id": "p", "attributes": {"a": 2**64}}},
        {"data": {"resource_type": "box", "resource_id": "b", "project_id": "p", "tags": {"a": 1}}},
        {"data": {"resource_type": "box", "resource_id": "b", "project_id": "p", "parent": "x"}},
        {"type": "usage.sampled", "data": {"resource_type": "box", "resource_id": "b"}},
        {"type": "usage.sampled", "data": {"resource_type": "box", "resource_id": "b", "samples": {"m": 1}}},
        {"cloud": "x" * 65},
        {"data": None, "data_base64": "?"},
    ],
)
def test_what_is_wrong_with_an_event_is_told(api: Rest, wrong: dict[str, Any]) -> None:
    answer = send(api, {**event(1, project_id="p"), **wrong}, kind=ONE)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]
    assert answer.json()["hint"]
    assert rows(api, "").json()["segments"] == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [("application/json", "{}"), (BATCH, "{}"), (BATCH, "x"), (ONE, "x"), (ONE, "[" * 100_000), ("", "")],
)
def test_a_body_that_is_no_event_is_told(api: Rest, kind: str, body: str) -> None:
    headers = {"X-Auth-Token": api.admin, "Content-Type": kind}
    answer = api.http.post("/api/v1/usage/events", content=body, headers=headers)
    assert answer.status_code == 400, answer.text
    assert answer.json()["hint"]


def sample(number: int, day: float, value: Any, **more: Any) -> dict[str, Any]:
    told = {"value": value, "kind": "delta", "unit": "B"} | more
    return event(number, "usage.sampled", day, project_id="p2", samples={"out": told})


def test_samples_are_listed_and_summed(api: Rest) -> None:
    told = [sample(1, day, value) for day, value in ((0.5, 1), (1, "0.1"), (1.5, 3))]
    body = json.dumps([*told, sample(2, 2, 12345)]).replace("12345", "0.12345678901234567890123456789")
    headers = {"X-Auth-Token": api.admin, "Content-Type": BATCH}
    assert api.http.post("/api/v1/usage/events", content=body, headers=headers).json()["accepted"] == 4
    first = api("GET", "usage/samples?meter=out&limit=3").json()
    rest_of = api("GET", f"usage/samples?meter=out&limit=3&marker={first['next']}").json()
    values = [one["value"] for one in first["samples"] + rest_of["samples"]]
    assert values == ["1", "0.1", "3", "0.12345678901234567890123456789"]
    assert [
        one["value"] for one in api("GET", "usage/samples?from=2026-01-01T12:00:00Z&to=2026-01-02").json()["samples"]
    ] == ["0.1"]
    query = "measure=meter:out&group_by=resource_id&from=2026-01-01&bucket=day"
    sums = api("GET", f"usage/sums?{query}").json()
    assert [(one["group"]["resource_id"], one["start"][:10], one["sums"]["meter:out"]) for one in sums["sums"]] == [
        ("b001", "2026-01-01", "1.1"),
        ("b001", "2026-01-02", "3"),
        ("b002", "2026-01-02", "0.12345678901234567890123456789"),
    ]
    assert sums["units"] == {"meter:out": "B"}
    assert api("GET", "usage/samples", token=api.demo).json()["samples"] == []


def test_a_meter_file_says_how_values_are_counted(api: Rest) -> None:
    image = {"resource_type": "image", "resource_id": "i", "project_id": "p"}
    known = event(1, "usage.sampled", 1, **image, samples={"image.size": 7})
    other = event(2, "usage.sampled", 1, **image, samples={"image.size": {"value": 7, "kind": "delta"}})
    done = send(api, known, other).json()
    assert [one["outcome"] for one in done["events"]] == ["accepted", "rejected"]
    assert done["events"][1]["reason"] == "samples.image.size: kind must be gauge"
    assert [(one["kind"], one["unit"]) for one in api("GET", "usage/samples").json()["samples"]] == [("gauge", "B")]


def test_sums_come_as_json_and_csv(api: Rest) -> None:
    boxes(api, 4)
    told = api("GET", "usage/sums?group_by=project_id,tag:env&measure=duration,attributes.size&to=2026-01-05").json()
    days = {one["group"]["tag:env"]: [int(value) // 86400 for value in one["sums"].values()] for one in told["sums"]}
    assert days == {"prod": [3 + 4, 3 * 1 + 4 * 3], 'te"st,%': [3 + 3, 3 * 0 + 3 * 2]}
    assert told["units"] == {"duration": "s", "attributes.size": "size·s"}
    lines = api("GET", "usage/sums?group_by=state&from=2026-01-02&to=2026-01-03&bucket=day&format=csv").text
    assert lines.splitlines() == [
        "state,start,end,sum(duration)",
        "active,2026-01-02T00:00:00.000000Z,2026-01-03T00:00:00.000000Z,345600",
    ]
    assert "sum(duration)" in api("GET", "usage/sums?format=csv&resource_type=instance").text


READS = ["usage/segments", "usage/samples", "usage/sums", "usage/changes"]


@pytest.mark.parametrize("path", READS)
def test_who_may_read(api: Rest, path: str) -> None:
    assert api("GET", path, token="").status_code == 401
    assert api("GET", path, token="gAAAA").status_code == 401
    assert api("GET", f"{path}?project_id=stranger", token=api.demo).status_code == 404
    if path != "usage/changes":
        assert api("GET", path, token=api.demo).status_code == 200
        assert api("GET", path).status_code == 200


def test_who_may_insert(api: Rest) -> None:
    one = event(1, project_id="p")
    assert send(api, one, token="").status_code == 401
    assert send(api, one, token=api.demo).status_code == 403
    assert rows(api, "").json()["segments"] == []


@pytest.mark.parametrize(
    "query",
    [
        "format=xlsx", "clip=maybe", "tag=env", "tag=:x", "from=soon", "as_of=then", "as_of=-1", "limit=0", "marker=x",
        "limit=9" + "9" * 30, "from=2026-12-01&to=2026-11-01", "as_of=1",
    ],
)  # fmt: skip
def test_bad_questions_of_segments_are_told(api: Rest, query: str) -> None:
    answer = rows(api, query)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "bucket=day", "bucket=week&from=2026-01-01", "group_by=name", "measure=vcpus", "from=2027-01-01",
        "group_by=state&measure=meter:x", "bucket=hour&from=0001-01-01", "group_by=state,state", "format=xml",
    ],
)  # fmt: skip
def test_bad_questions_of_sums_are_told(api: Rest, query: str) -> None:
    answer = api("GET", f"usage/sums?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", READS[:3])
@pytest.mark.parametrize("odd", ["%00", "%ff", "'\"%25--", "%F0%9F%98%80", "a" * 5000, "-1", "9" * 400, "%0a"])
def test_hostile_values_are_no_stumbling_block(api: Rest, path: str, odd: str) -> None:
    boxes(api, 2)
    names = ("project_id", "resource_type", "resource_id", "cloud", "from", "to", "as_of", "limit", "marker")
    for name in (*names, "meter", "group_by", "measure", "bucket", "format", "clip"):
        answer = api("GET", f"{path}?{name}={odd}")
        assert answer.status_code < 500, (name, answer.text)
    for query in (f"tag=k{odd}:{odd}", f"group_by=tag:{odd}", f"measure=attributes.{odd},meter:{odd}"):
        assert api("GET", f"{path}?{query}").status_code < 500, query


@pytest.mark.parametrize(
    "query", ["since=x", "since=1", "since=%00", "since=" + "9" * 400, "tag=x", "from=%ff", "as_of=%00"]
)
def test_a_stream_begins_only_where_it_is_understood(api: Rest, query: str) -> None:
    answer = api("GET", f"usage/changes?{query}")
    assert answer.status_code == 400
    assert query.partition("=")[0] in answer.json()["detail"]


@pytest.fixture
def live(home: Path) -> Iterator[Live]:
    with live_server(home) as made:
        yield made


def token(live: Live, user: str) -> dict[str, str]:
    password = ADMIN_PASSWORD if user == "admin" else "demo-pass"
    who = {"user": {"name": user, "password": password, "domain": {"name": "Default"}}}
    scope = {"project": {"name": user, "domain": {"name": "Default"}}}
    asked = {"auth": {"identity": {"methods": ["password"], "password": who}, "scope": scope}}
    answer = httpx.post(f"{live.url}/identity/v3/auth/tokens", json=asked)
    return {"X-Auth-Token": answer.headers["x-subject-token"]}


def told_by(lines: Iterator[str], count: int) -> list[dict[str, str]]:
    """The next events of a stream."""
    found: list[dict[str, str]] = []
    held: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if not line and "data" in held:
            found.append(held)
            if len(found) == count:
                return found
        held = {} if not line else held | {name: value}
    raise AssertionError(f"the stream ended after {len(found)} events")


def test_changes_are_told_as_they_happen(live: Live) -> None:
    admin, url = token(live, "admin"), f"{live.url}/api/v1/usage"
    headers = {**admin, "Content-Type": BATCH}

    def post(*events: dict[str, Any]) -> None:
        assert httpx.post(f"{url}/events", content=json.dumps(events), headers=headers).json()["rejected"] == 0

    with httpx.stream("GET", f"{url}/changes", headers=admin, timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        assert next(lines).startswith(":")
        post(event(1, project_id="p"), event(2, project_id="q"))
        first = told_by(lines, 2)
        assert [one["event"] for one in first] == ["segment.recorded"] * 2
        assert [one.get("id") for one in first] == [None, "1"]
        post(event(1, "usage.ended", 2))
        second = told_by(lines, 2)
        assert [one["event"] for one in second] == ["segment.superseded", "segment.recorded"]
        assert json.loads(second[1]["data"])["segment"]["end"] == "2026-01-03T00:00:00.000000Z"
    with httpx.stream("GET", f"{url}/changes?since=0", headers={**admin, "Last-Event-ID": "1"}, timeout=30) as answer:
        assert told_by(answer.iter_lines(), 2) == second
    with httpx.stream("GET", f"{url}/changes?since=0&project_id=q", headers=admin, timeout=30) as answer:
        assert json.loads(told_by(answer.iter_lines(), 1)[0]["data"])["segment"]["resource_id"] == "b002"


def test_a_stream_of_changes_is_held_to_what_the_caller_may_see(live: Live) -> None:
    admin, demo, url = token(live, "admin"), token(live, "demo"), f"{live.url}/api/v1/usage"
    assert httpx.get(f"{url}/changes").status_code == 401
    assert httpx.get(f"{url}/changes?since=x", headers=admin).status_code == 400
    assert httpx.get(f"{url}/changes?project_id=p", headers=demo).status_code == 404
    mine = httpx.get(f"{live.url}/identity/v3/auth/projects", headers=demo).json()["projects"][0]["id"]
    told = [event(1, project_id="p"), event(2, project_id=mine)]
    httpx.post(f"{url}/events", content=json.dumps(told), headers={**admin, "Content-Type": BATCH})
    with httpx.stream("GET", f"{url}/changes?since=0", headers=demo, timeout=30) as answer:
        assert json.loads(told_by(answer.iter_lines(), 1)[0]["data"])["segment"]["resource_id"] == "b002"


def test_a_stream_ends_when_the_server_stops(live: Live) -> None:
    ended = threading.Event()

    def follow() -> None:
        with httpx.stream("GET", f"{live.url}/api/v1/usage/changes", headers=admin, timeout=30) as answer:
            for line in answer.iter_lines():
                if line.startswith(":"):
                    begun.set()
        ended.set()

    admin, begun = token(live, "admin"), threading.Event()
    reader = threading.Thread(target=follow)
    reader.start()
    assert begun.wait(20)
    live.services.stopping.set()
    assert ended.wait(20)
    reader.join()
