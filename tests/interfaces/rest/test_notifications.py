"""Upload of notifications, and the segments that follow from them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.rest.routes import notifications
from support.ledger import expected, recorded
from support.rest import Rest, rest
from support.stacks import ServiceHarness

PROJECT = "8782449b8ab1452ba506264c4923f734"
SERVER = "5e505a89-c5ad-4284-9b82-002634a3576c"


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    with rest(service_harness) as api:
        yield api


def send(api: Rest, body: bytes | Iterator[bytes], query: str = "", token: str | None = None) -> Any:
    headers = {"X-Auth-Token": api.admin if token is None else token}
    return api.http.post(f"/api/v1/usage/notifications{query}", content=body, headers=headers)


def list_segments(api: Rest, query: str = "") -> list[dict[str, Any]]:
    """Return the segments of all pages, without the names that other messages have."""
    items: list[dict[str, Any]] = []
    marker = ""
    while True:
        response = api("GET", f"usage/segments?{query}{marker}")
        assert response.status_code == 200, response.text
        items += [
            {key: value for key, value in segment.items() if key != "names"} for segment in response.json()["segments"]
        ]
        if not response.json()["next"]:
            return items
        marker = f"&marker={response.json()['next']}"


def test_upload_and_list(api: Rest) -> None:
    body = b"\n".join(recorded()) + b"\n\n"
    assert send(api, body).json() == {"ingested": 576, "duplicates": 0, "ignored": 540, "rejected": 0}
    assert list_segments(api) == json.loads(expected())
    assert send(api, body).json() == {"ingested": 0, "duplicates": 576, "ignored": 540, "rejected": 0}
    assert list_segments(api) == json.loads(expected())


def test_upload_in_chunks(api: Rest) -> None:
    body = b"\n".join(recorded())
    chunks = (body[start : start + 70_001] for start in range(0, len(body), 70_001))
    assert send(api, chunks, "?cloud=lab").json()["ingested"] == 576
    assert {segment["cloud"] for segment in list_segments(api)} == {"lab"}


def test_long_line_is_rejected(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "_MAX_LINE_BYTES", 10_000)
    body = b'{"a": "' + b"x" * 50_000 + b'"}\n' + recorded()[-1]
    result = send(api, body).json()
    assert (result["rejected"], result["ingested"] + result["ignored"]) == (1, 1)
    messages = api("GET", "usage/rejected").json()["rejected"]
    assert [len(message["body"]) for message in messages] == [10_000]


def test_filters_and_pages(api: Rest) -> None:
    send(api, b"\n".join(recorded()))
    everything = json.loads(expected())
    assert list_segments(api, "limit=3") == everything
    assert list_segments(api, "resource_type=volume") == [
        segment for segment in everything if segment["resource_type"] == "volume"
    ]
    assert list_segments(api, f"resource_id={SERVER}&limit=7") == [
        segment for segment in everything if segment["resource_id"] == SERVER
    ]
    assert list_segments(api, f"project_id={PROJECT}") == everything
    assert list_segments(api, f"project_id={'0' * 32}") == []
    since = "2026-11-20T13:12:10Z"
    assert list_segments(api, f"from={since}") == [
        segment for segment in everything if (segment["end"] or "9") > "2026-11-20T13:12:10"
    ]
    assert list_segments(api, "to=2026-11-20T12:58:36%2B00:00") == [
        segment for segment in everything if segment["start"] < "2026-11-20T12:58:36"
    ]
    assert list_segments(api, "as_of=0") == []
    assert list_segments(api, "as_of=2") == everything


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "marker=x", "from=soon", "to=2026-13-01", "as_of=now", "from=99999999999999"]
)
def test_invalid_queries(api: Rest, query: str) -> None:
    response = api("GET", f"usage/segments?{query}")
    assert response.status_code == 400
    assert response.json()["detail"]


def test_customer_sees_the_own_project_only(api: Rest) -> None:
    own = b"\n".join(recorded()).replace(PROJECT.encode(), api.demo_project.encode())
    other = b"\n".join(recorded())
    send(api, own, "?cloud=a")
    send(api, other, "?cloud=b")
    segments = api("GET", "usage/segments", token=api.demo).json()["segments"]
    assert {(segment["project_id"], segment["cloud"]) for segment in segments} == {(api.demo_project, "a")}
    assert len(segments) == len(json.loads(expected()))
    assert api("GET", f"usage/segments?project_id={PROJECT}", token=api.demo).status_code == 404
    assert len(list_segments(api)) == 2 * len(segments)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "usage/notifications"),
        ("GET", "usage/segments"),
        ("GET", "usage/rejected"),
        ("POST", "usage/rejected/replay"),
    ],
)
def test_access(api: Rest, method: str, path: str) -> None:
    assert api(method, path, token="").status_code == 401
    assert api(method, path, token="gAAAA").status_code == 401
    assert api(method, path, token=api.demo).status_code == (200 if path == "usage/segments" else 403)
    assert api(method, path).status_code == (400 if path == "usage/notifications" else 200)  # an empty body


def test_refused_upload_stores_nothing(api: Rest) -> None:
    assert send(api, b"\n".join(recorded()), token=api.demo).status_code == 403
    assert send(api, b"\n".join(recorded()), query=f"?cloud={'x' * 65}").status_code == 400
    assert list_segments(api) == []


def test_list_and_replay_rejected_messages(api: Rest) -> None:
    lines = [b"{", b"[1]", b'{"_context_auth_token": "gAAAA-hush"}', *recorded()[:10]]
    assert send(api, b"\n".join(lines)).json()["rejected"] == 3
    first = api("GET", "usage/rejected?limit=2").json()
    second = api("GET", f"usage/rejected?limit=2&marker={first['next']}").json()
    messages = first["rejected"] + second["rejected"]
    assert second["next"] is None
    assert sorted(message["body"] for message in messages) == ["[1]", "{", '{"_context_auth_token": "***"}']
    assert all(message["reason"] and message["cloud"] == "openstack" for message in messages)
    assert api("POST", "usage/rejected/replay").json()["rejected"] == 3


@pytest.mark.parametrize("body", [b"", b"\n", b" \n\n"])
def test_body_without_notifications_is_refused(api: Rest, body: bytes) -> None:
    response = send(api, body)
    assert response.status_code == 400
    assert response.json()["detail"] == "The request body contains no notifications"
