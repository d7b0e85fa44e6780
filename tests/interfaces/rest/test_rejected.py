"""Messages that can't be taken: `/api/v1/usage/rejected`."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from support.ledger import recorded
from support.rest import Rest, rest
from support.stacks import Bench

GOOD = recorded()[0]


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    with rest(stack_bench) as made:
        yield made


def send(api: Rest, *lines: bytes, cloud: str = "openstack") -> Any:
    headers = {"X-Auth-Token": api.admin}
    return api.http.post(f"/api/v1/usage/notifications?cloud={cloud}", content=b"\n".join(lines), headers=headers)


def kept(api: Rest) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api("GET", "usage/rejected").json()["rejected"]
    return found


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (
            [b"\x89PNG\r", b"\x1a\x00\xff" * 50, b"x"],
            "None of the first 3 lines is a notification: not JSON",
        ),
        ([b"\x1f\x8b\x08\x00"], "The only line is not a notification: not JSON"),
        (
            [b'{"specversion":"1.0","type":"usage.ended","id":"1"}'],
            "The only line is not a notification: event_type is missing",
        ),
        ([b"[1]", b"5"], "None of the first 2 lines is a notification: not a notification"),
    ],
)
def test_what_is_no_recording_is_refused_whole(api: Rest, lines: list[bytes], why: str) -> None:
    answer = send(api, *lines)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(why)
    assert "\n" not in answer.json()["detail"]
    assert answer.json()["hint"]
    assert kept(api) == []


def test_a_message_that_lacks_something_is_kept_aside(api: Rest) -> None:
    assert send(api, b'{"event_type": "compute.instance.create.end"}').json()["rejected"] == 1
    assert send(api, b'{"oslo.version": "3.0", "oslo.message": "{}"}').json()["rejected"] == 1
    assert send(api, b"", b"").json()["rejected"] == 0
    assert sorted(one["reason"] for one in kept(api)) == [
        "envelope version 3.0 is not supported; supported are 1 and 2",
        "message_id is missing",
    ]


def test_one_is_shown_and_dropped_by_the_beginning_of_its_id(api: Rest) -> None:
    assert send(api, GOOD, *(f"bad {number}".encode() for number in range(40))).json()["rejected"] == 40
    messages = kept(api)
    one = messages[7]
    assert api("GET", f"usage/rejected/{one['id']}").json() == one
    assert api("GET", f"usage/rejected/{one['id'][:12]}").json() == one
    for method in ("GET", "DELETE"):
        assert api(method, "usage/rejected/xyz").status_code == 404
        assert api(method, "usage/rejected/%25").status_code == 404
        first = next(a["id"][0] for a, b in pairwise(messages) if a["id"][0] == b["id"][0])
        assert api(method, f"usage/rejected/{first}").status_code == 409
    answer = api("DELETE", f"usage/rejected/{one['id'][:12]}")
    assert (answer.status_code, answer.content) == (204, b"")
    assert kept(api) == [other for other in messages if other != one]
    assert api("DELETE", f"usage/rejected/{one['id']}").status_code == 404


def test_many_are_dropped_by_cloud_and_reason(api: Rest) -> None:
    malformed = json.dumps({"event_type": "compute.instance.create.end"}).encode()
    for cloud in ("a", "b"):
        send(api, GOOD, malformed, b"x", b"y%", cloud=cloud)
    assert len(kept(api)) == 6
    assert api("DELETE", "usage/rejected?reason=not%25").json() == {"dropped": 0}
    assert api("DELETE", "usage/rejected?reason=not+JSON&cloud=a").json() == {"dropped": 2}
    assert api("DELETE", "usage/rejected?cloud=c").json() == {"dropped": 0}
    assert sorted(one["cloud"] for one in kept(api)) == ["a", "b", "b", "b"]
    for query in ("", "?all=false", "?all=maybe", "?all=true&cloud=a", "?cloud="):
        answer = api("DELETE", f"usage/rejected{query}")
        assert answer.status_code == 400, query
    assert len(kept(api)) == 4
    assert api("DELETE", "usage/rejected?all=true").json() == {"dropped": 4}
    assert kept(api) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "usage/rejected/{id}"), ("DELETE", "usage/rejected/{id}"), ("DELETE", "usage/rejected?all=true")],
)
def test_only_the_operator_may(api: Rest, method: str, path: str) -> None:
    send(api, GOOD, b"bad")
    path = path.format(id=kept(api)[0]["id"])
    assert api(method, path, token="").status_code == 401
    assert api(method, path, token="gAAAA").status_code == 401
    assert api(method, path, token=api.demo).status_code == 403
    assert len(kept(api)) == 1
