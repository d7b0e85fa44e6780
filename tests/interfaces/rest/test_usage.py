"""The usage ledger of `/api/v1`."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from stratiform.interfaces.rest.routes import notifications
from support.ledger import expected, recorded
from support.rest import Rest, rest
from support.stacks import Bench

PROJECT = "8782449b8ab1452ba506264c4923f734"
MACHINE = "5e505a89-c5ad-4284-9b82-002634a3576c"


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    with rest(stack_bench) as made:
        yield made


def send(api: Rest, body: bytes | Iterator[bytes], query: str = "", token: str | None = None) -> Any:
    headers = {"X-Auth-Token": api.admin if token is None else token}
    return api.http.post(f"/api/v1/usage/notifications{query}", content=body, headers=headers)


def found(api: Rest, query: str = "") -> list[dict[str, Any]]:
    """All pages of a list of segments."""
    items: list[dict[str, Any]] = []
    marker = ""
    while True:
        answer = api("GET", f"usage/segments?{query}{marker}")
        assert answer.status_code == 200, answer.text
        items += answer.json()["segments"]
        if not answer.json()["next"]:
            return items
        marker = f"&marker={answer.json()['next']}"


def test_what_is_sent_is_listed(api: Rest) -> None:
    body = b"\n".join(recorded()) + b"\n\n"
    assert send(api, body).json() == {"accepted": 576, "repeated": 0, "ignored": 540, "rejected": 0}
    assert found(api) == json.loads(expected())
    assert send(api, body).json() == {"accepted": 0, "repeated": 576, "ignored": 540, "rejected": 0}
    assert found(api) == json.loads(expected())


def test_pieces_of_any_size_are_put_together(api: Rest) -> None:
    body = b"\n".join(recorded())
    pieces = (body[start : start + 70_001] for start in range(0, len(body), 70_001))
    assert send(api, pieces, "?cloud=lab").json()["accepted"] == 576
    assert {one["cloud"] for one in found(api)} == {"lab"}


def test_a_line_without_end_is_cut_and_kept_aside(api: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notifications, "_MAX_LINE_BYTES", 10_000)
    body = b'{"a": "' + b"x" * 50_000 + b'"}\n' + recorded()[-1]
    done = send(api, body).json()
    assert (done["rejected"], done["accepted"] + done["ignored"]) == (1, 1)
    kept = api("GET", "usage/rejected").json()["rejected"]
    assert [len(one["body"]) for one in kept] == [10_000]


def test_filters_and_pages(api: Rest) -> None:
    send(api, b"\n".join(recorded()))
    everything = json.loads(expected())
    assert found(api, "limit=3") == everything
    assert found(api, "resource_type=volume") == [one for one in everything if one["resource_type"] == "volume"]
    assert found(api, f"resource_id={MACHINE}&limit=7") == [one for one in everything if one["resource_id"] == MACHINE]
    assert found(api, f"project_id={PROJECT}") == everything
    assert found(api, f"project_id={'0' * 32}") == []
    since = "2026-11-20T13:12:10Z"
    assert found(api, f"from={since}") == [one for one in everything if (one["end"] or "9") > "2026-11-20T13:12:10"]
    assert found(api, "to=2026-11-20T12:58:36%2B00:00") == [
        one for one in everything if one["start"] < "2026-11-20T12:58:36"
    ]
    assert found(api, "as_of=0") == []
    assert found(api, "as_of=2") == everything


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "marker=x", "from=soon", "to=2026-13-01", "as_of=now", "from=99999999999999"]
)
def test_a_bad_question_is_told(api: Rest, query: str) -> None:
    answer = api("GET", f"usage/segments?{query}")
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_customer_sees_the_own_project_only(api: Rest) -> None:
    ours = b"\n".join(recorded()).replace(PROJECT.encode(), api.demo_project.encode())
    theirs = b"\n".join(recorded())
    send(api, ours, "?cloud=a")
    send(api, theirs, "?cloud=b")
    seen = api("GET", "usage/segments", token=api.demo).json()["segments"]
    assert {(one["project_id"], one["cloud"]) for one in seen} == {(api.demo_project, "a")}
    assert len(seen) == len(json.loads(expected()))
    assert api("GET", f"usage/segments?project_id={PROJECT}", token=api.demo).status_code == 404
    assert len(found(api)) == 2 * len(seen)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "usage/notifications"),
        ("GET", "usage/segments"),
        ("GET", "usage/rejected"),
        ("POST", "usage/rejected/replay"),
    ],
)
def test_who_may_ask(api: Rest, method: str, path: str) -> None:
    assert api(method, path, token="").status_code == 401
    assert api(method, path, token="gAAAA").status_code == 401
    assert api(method, path, token=api.demo).status_code == (200 if path == "usage/segments" else 403)
    assert api(method, path).status_code == 200


def test_nothing_is_stored_for_a_stranger(api: Rest) -> None:
    assert send(api, b"\n".join(recorded()), token=api.demo).status_code == 403
    assert send(api, b"\n".join(recorded()), query=f"?cloud={'x' * 65}").status_code == 400
    assert found(api) == []


def test_rejected_messages_are_listed_and_replayed(api: Rest) -> None:
    lines = [b"{", b"[1]", b'{"_context_auth_token": "gAAAA-hush"}', *recorded()[:10]]
    assert send(api, b"\n".join(lines)).json()["rejected"] == 3
    first = api("GET", "usage/rejected?limit=2").json()
    rest_of = api("GET", f"usage/rejected?limit=2&marker={first['next']}").json()
    kept = first["rejected"] + rest_of["rejected"]
    assert rest_of["next"] is None
    assert sorted(one["body"] for one in kept) == ["[1]", "{", '{"_context_auth_token": "***"}']
    assert all(one["reason"] and one["cloud"] == "openstack" for one in kept)
    assert api("POST", "usage/rejected/replay").json()["rejected"] == 3
