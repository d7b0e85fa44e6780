"""Segments, samples, sums and events of `/api/v1/usage`."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from stratiform.interfaces.rest.routes import segments
from stratiform.kit.clock import DAY_US, format_iso
from support.rest import Rest, rest
from support.stacks import ServiceHarness
from support.usage_events import BATCH, SINGLE, T0, event


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    service_harness.clock.at = T0 + 30 * DAY_US
    with rest(service_harness) as api:
        yield api


def send(api: Rest, *events: Any, media_type: str = BATCH, token: str | None = None, **headers: str) -> httpx.Response:
    body = json.dumps(events[0] if media_type.startswith(SINGLE) else events)
    all_headers = {"X-Auth-Token": api.admin if token is None else token, "Content-Type": media_type, **headers}
    return api.http.post("/api/v1/usage/events", content=body, headers=all_headers)


def create_boxes(api: Rest, count: int = 25) -> None:
    """Create boxes in two projects, used for three days each, every second in prod, the last still open."""
    events = []
    for number in range(count):
        fields: dict[str, Any] = {
            "project_id": api.demo_project if number % 2 else "p2",
            "attributes": {"size": number},
        }
        events.append(event(number, **fields, tags={"env": "prod" if number % 2 else 'te"st,%'}, name=f"box, {number}"))
        if number < count - 1:
            events.append(event(number, "usage.ended", 3))
    assert send(api, *events).json()["ingested"] == len(events)


def get_segments(api: Rest, query: str, **headers: str) -> httpx.Response:
    return api.http.get(f"/api/v1/usage/segments?{query}", headers={"X-Auth-Token": api.admin, **headers})


def test_formats_have_the_same_content(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "_BATCH_ROWS", 7)
    create_boxes(api)
    for query in ("", "project_id=p2", "from=2026-01-02", "from=2026-01-02&to=2026-01-03&clip=true"):
        segments_of_json = get_segments(api, query).json()["segments"]
        assert len(segments_of_json) == (13 if "p2" in query else 25)
        table = pa.ipc.open_stream(get_segments(api, f"{query}&format=arrow").content).read_all()
        parquet = pq.read_table(io.BytesIO(get_segments(api, query, Accept="application/vnd.apache.parquet").content))
        assert table.equals(parquet)
        csv_rows = list(csv.DictReader(io.StringIO(get_segments(api, query, Accept="text/csv;q=1, */*").text)))
        for items in (csv_rows, table.to_pylist()):
            by_id = {segment["resource_id"]: segment for segment in items}
            assert len(by_id) == len(items) == len(segments_of_json)
            for segment in segments_of_json:
                item = by_id[segment["resource_id"]]
                assert json.loads(item["attributes"]) == segment["attributes"]
                assert item["name"] == segment["name"]
                assert str(item.get("duration_us")) == str(segment.get("duration_us"))
        assert [segment["end"] or None for segment in sorted(csv_rows, key=lambda segment: segment["resource_id"])] == [
            segment["end"] for segment in segments_of_json
        ]


def test_names_in_csv_are_not_formulas(api: Rest) -> None:
    """A customer chooses the name of a server; staff open the file in a spreadsheet."""
    names = ("=1+1", "+1", "-1", "-1+1", "@SUM(A1)", "＝1+1", '=HYPERLINK("http://evil.example","x")')
    events = [event(number, name=name, project_id="p2", attributes={"size": 1}) for number, name in enumerate(names)]
    assert send(api, *events).json()["ingested"] == len(names)
    rows = {
        row["resource_id"]: row["name"] for row in csv.DictReader(io.StringIO(get_segments(api, "format=csv").text))
    }
    assert len(rows) == len(names)
    for name in rows.values():
        assert name[0] not in "=+-@＝" or name == "-1"
    listed = {segment["name"] for segment in get_segments(api, "").json()["segments"]}
    assert set(names) == listed, "other formats have the names as they are"


def test_segments_are_clipped_to_the_period(api: Rest) -> None:
    create_boxes(api, 2)
    clipped = get_segments(api, "clip=true&from=2026-01-02&to=2026-01-11").json()["segments"]
    assert [segment["duration_us"] for segment in clipped] == [2 * DAY_US, 9 * DAY_US]
    assert clipped[0]["start"] == "2026-01-02T00:00:00.000000Z"
    assert clipped[1]["end"] == "2026-01-11T00:00:00.000000Z"
    assert [segment["duration_us"] for segment in get_segments(api, "clip=true").json()["segments"]] == [
        3 * DAY_US,
        30 * DAY_US,
    ]
    assert "duration_us" not in get_segments(api, "").json()["segments"][0]


def test_pages_have_every_segment_once(api: Rest) -> None:
    create_boxes(api)
    for query in ("", "project_id=p2&", "from=2026-01-02&", "tag=env:prod&", "resource_type=box&"):
        everything = get_segments(api, f"{query}limit=99999").json()
        assert everything["next"] is None
        read, marker = [], ""
        while True:
            page = get_segments(api, f"{query}limit=4{marker}").json()
            read += page["segments"]
            if page["next"] is None:
                break
            marker = f"&marker={page['next']}"
        assert read == everything["segments"] == sorted(read, key=lambda segment: segment["resource_id"])


def test_tags_match_exactly(api: Rest) -> None:
    keys = ["env", "Env", 'e"nv', "e,nv", "{env", "e%v", "é", "a:b"]
    events = [event(number, project_id="p", tags={key: "v", "more": '","env":"v"'}) for number, key in enumerate(keys)]
    assert send(api, *events).json()["ingested"] == len(keys)
    for number, key in enumerate(keys):
        params = {"tag": f"{key}:v"} if ":" not in key else {"tag": "a:b"}
        page = api.http.get("/api/v1/usage/segments", params=params, headers={"X-Auth-Token": api.admin}).json()
        assert [segment["resource_id"] for segment in page["segments"]] == ([] if ":" in key else [f"b{number:03}"])
    assert get_segments(api, "tag=env:").json()["segments"] == []


def test_as_of_position_and_time(api: Rest, service_harness: ServiceHarness) -> None:
    create_boxes(api, 3)
    before = service_harness.clock.now()
    service_harness.clock.advance(60_000_000)
    send(api, event(0, "usage.changed", 1, attributes={"size": 99}))
    current = get_segments(api, "").json()["segments"]
    for query in ("as_of=1", f"as_of={format_iso(before)}"):
        assert len(get_segments(api, query).json()["segments"]) == 3
        assert "99" not in get_segments(api, f"{query}&format=csv").text
    assert len(current) == 4
    assert get_segments(api, f"as_of={format_iso(before - 1)}").json()["segments"] == []


def test_single_events_and_binary_mode(api: Rest) -> None:
    assert send(api, event(1, project_id="p"), media_type=SINGLE).json()["events"] == [
        {"index": 0, "outcome": "ingested", "message_id": "/t#1-0", "reason": ""}
    ]
    assert send(api, event(1, project_id="p"), media_type=f"{SINGLE}; charset=utf-8").json()["duplicates"] == 1
    headers = {"X-Auth-Token": api.admin, "ce-specversion": "1.0", "ce-id": "a%20%22b", "ce-source": "s"}
    headers |= {"ce-type": "usage.ended", "ce-time": "2026-01-02T00:00:00Z", "Content-Type": "application/json"}
    data = {"resource_type": "box", "resource_id": "b001"}
    result = api.http.post("/api/v1/usage/events", json=data, headers=headers).json()
    assert result["events"][0]["message_id"] == "s#a%20%22b"
    assert get_segments(api, "").json()["segments"][0]["end"] == "2026-01-02T00:00:00.000000Z"


def test_batch_has_a_result_for_each_event(api: Rest) -> None:
    valid, other = event(1, project_id="p"), event(2, "x.y")
    result = send(api, valid, valid, other, {**valid, "id": "n", "source": "s" * 500}, {"id": 1}, 5, event(3)).json()
    assert [event_result["outcome"] for event_result in result["events"]] == [
        "ingested", "duplicate", "ignored", "ingested", "rejected", "rejected", "rejected",
    ]  # fmt: skip
    assert result["events"][3]["message_id"].startswith("ce-")
    assert result["events"][6]["reason"] == "project_id is missing"
    assert api("GET", "usage/rejected").json()["rejected"] == []


@pytest.mark.parametrize(
    "changes",
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
        {"data": None, "data_base64": {}},
        {"data": None, "data_base64": 5},
        {"data_base64": {}},
        {"data_base64": "e30="},
    ],
)
def test_invalid_event(api: Rest, changes: dict[str, Any]) -> None:
    response = send(api, {**event(1, project_id="p"), **changes}, media_type=SINGLE)
    assert response.status_code == 400, response.text
    assert response.json()["detail"]
    assert response.json()["hint"]
    assert get_segments(api, "").json()["segments"] == []


@pytest.mark.parametrize(
    ("media_type", "body"),
    [("application/json", "{}"), (BATCH, "{}"), (BATCH, "x"), (SINGLE, "x"), (SINGLE, "[" * 100_000), ("", "")],
)
def test_body_that_is_not_an_event(api: Rest, media_type: str, body: str) -> None:
    headers = {"X-Auth-Token": api.admin, "Content-Type": media_type}
    response = api.http.post("/api/v1/usage/events", content=body, headers=headers)
    assert response.status_code == 400, response.text
    assert response.json()["hint"]


def sample(number: int, day: float, value: Any, **fields: Any) -> dict[str, Any]:
    value_fields = {"value": value, "kind": "delta", "unit": "B"} | fields
    return event(number, "usage.sampled", day, project_id="p2", samples={"out": value_fields})


def test_list_and_sum_samples(api: Rest) -> None:
    events = [sample(1, day, value) for day, value in ((0.5, 1), (1, "0.1"), (1.5, 3))]
    body = json.dumps([*events, sample(2, 2, 12345)]).replace("12345", "0.12345678901234567890123456789")
    headers = {"X-Auth-Token": api.admin, "Content-Type": BATCH}
    assert api.http.post("/api/v1/usage/events", content=body, headers=headers).json()["ingested"] == 4
    first = api("GET", "usage/samples?meter=out&limit=3").json()
    second = api("GET", f"usage/samples?meter=out&limit=3&marker={first['next']}").json()
    values = [item["value"] for item in first["samples"] + second["samples"]]
    assert values == ["1", "0.1", "3", "0.12345678901234567890123456789"]
    assert [
        item["value"] for item in api("GET", "usage/samples?from=2026-01-01T12:00:00Z&to=2026-01-02").json()["samples"]
    ] == ["0.1"]
    query = "measure=meter:out&group_by=resource_id&from=2026-01-01&bucket=day"
    sums = api("GET", f"usage/sums?{query}").json()
    assert [(item["group"]["resource_id"], item["start"][:10], item["sums"]["meter:out"]) for item in sums["sums"]] == [
        ("b001", "2026-01-01", "1.1"),
        ("b001", "2026-01-02", "3"),
        ("b002", "2026-01-02", "0.12345678901234567890123456789"),
    ]
    assert sums["units"] == {"meter:out": "B"}
    assert api("GET", "usage/samples", token=api.demo).json()["samples"] == []


def test_meter_files_define_kind_and_unit(api: Rest) -> None:
    image = {"resource_type": "image", "resource_id": "i", "project_id": "p"}
    valid = event(1, "usage.sampled", 1, **image, samples={"image.size": 7})
    contradiction = event(2, "usage.sampled", 1, **image, samples={"image.size": {"value": 7, "kind": "delta"}})
    result = send(api, valid, contradiction).json()
    assert [item["outcome"] for item in result["events"]] == ["ingested", "rejected"]
    assert result["events"][1]["reason"] == "samples.image.size: kind must be gauge"
    assert [(item["kind"], item["unit"]) for item in api("GET", "usage/samples").json()["samples"]] == [("gauge", "B")]


def test_sums_as_json_and_csv(api: Rest) -> None:
    create_boxes(api, 4)
    result = api("GET", "usage/sums?group_by=project_id,tag:env&measure=duration,attributes.size&to=2026-01-05").json()
    days = {
        item["group"]["tag:env"]: [int(value) // 86400 for value in item["sums"].values()] for item in result["sums"]
    }
    assert days == {"prod": [3 + 4, 3 * 1 + 4 * 3], 'te"st,%': [3 + 3, 3 * 0 + 3 * 2]}
    assert result["units"] == {"duration": "s", "attributes.size": "size·s"}
    lines = api("GET", "usage/sums?group_by=state&from=2026-01-02&to=2026-01-03&bucket=day&format=csv").text
    assert lines.splitlines() == [
        "state,start,end,sum(duration)",
        "active,2026-01-02T00:00:00.000000Z,2026-01-03T00:00:00.000000Z,345600",
    ]
    assert "sum(duration)" in api("GET", "usage/sums?format=csv&resource_type=instance").text


READS = ["usage/segments", "usage/samples", "usage/sums", "usage/changes"]


@pytest.mark.parametrize("path", READS)
def test_read_access(api: Rest, path: str) -> None:
    assert api("GET", path, token="").status_code == 401
    assert api("GET", path, token="gAAAA").status_code == 401
    assert api("GET", f"{path}?project_id=stranger", token=api.demo).status_code == 404
    if path != "usage/changes":
        assert api("GET", path, token=api.demo).status_code == 200
        assert api("GET", path).status_code == 200


def test_insert_access(api: Rest) -> None:
    started = event(1, project_id="p")
    assert send(api, started, token="").status_code == 401
    assert send(api, started, token=api.demo).status_code == 403
    assert get_segments(api, "").json()["segments"] == []


@pytest.mark.parametrize(
    "query",
    [
        "format=xlsx", "clip=maybe", "tag=env", "tag=:x", "from=soon", "as_of=then", "as_of=-1", "limit=0", "marker=x",
        "limit=9" + "9" * 30, "from=2026-12-01&to=2026-11-01", "as_of=1",
    ],
)  # fmt: skip
def test_invalid_segment_queries(api: Rest, query: str) -> None:
    response = get_segments(api, query)
    assert response.status_code == 400, response.text
    assert response.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        "bucket=day", "bucket=week&from=2026-01-01", "group_by=name", "measure=vcpus", "from=2027-01-01",
        "group_by=state&measure=meter:x", "bucket=hour&from=0001-01-01", "group_by=state,state", "format=xml",
    ],
)  # fmt: skip
def test_invalid_sum_queries(api: Rest, query: str) -> None:
    response = api("GET", f"usage/sums?{query}")
    assert response.status_code == 400, response.text
    assert response.json()["detail"]


@pytest.mark.parametrize("path", READS[:3])
@pytest.mark.parametrize("value", ["%00", "%ff", "'\"%25--", "%F0%9F%98%80", "a" * 5000, "-1", "9" * 400, "%0a"])
def test_hostile_values_cause_no_server_error(api: Rest, path: str, value: str) -> None:
    create_boxes(api, 2)
    names = ("project_id", "resource_type", "resource_id", "cloud", "from", "to", "as_of", "limit", "marker")
    for name in (*names, "meter", "group_by", "measure", "bucket", "format", "clip"):
        response = api("GET", f"{path}?{name}={value}")
        assert response.status_code < 500, (name, response.text)
    for query in (f"tag=k{value}:{value}", f"group_by=tag:{value}", f"measure=attributes.{value},meter:{value}"):
        assert api("GET", f"{path}?{query}").status_code < 500, query


@pytest.mark.parametrize(
    "query", ["since=x", "since=1", "since=%00", "since=" + "9" * 400, "tag=x", "from=%ff", "as_of=%00"]
)
def test_invalid_change_queries(api: Rest, query: str) -> None:
    response = api("GET", f"usage/changes?{query}")
    assert response.status_code == 400
    assert query.partition("=")[0] in response.json()["detail"]
