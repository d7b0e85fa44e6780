"""Rejected messages: `/api/v1/usage/rejected`."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from support.ledger import recorded
from support.rest import Rest, rest
from support.stacks import ServiceHarness

VALID = recorded()[0]


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    with rest(service_harness) as api:
        yield api


def send(api: Rest, *lines: bytes, cloud: str = "openstack") -> Any:
    headers = {"X-Auth-Token": api.admin}
    return api.http.post(f"/api/v1/usage/notifications?cloud={cloud}", content=b"\n".join(lines), headers=headers)


def list_rejected(api: Rest) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = api("GET", "usage/rejected").json()["rejected"]
    return messages


@pytest.mark.parametrize(
    ("lines", "detail"),
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
def test_upload_of_another_file(api: Rest, lines: list[bytes], detail: str) -> None:
    response = send(api, *lines)
    assert response.status_code == 400
    assert response.json()["detail"].startswith(detail)
    assert "\n" not in response.json()["detail"]
    assert response.json()["hint"]
    assert list_rejected(api) == []


def test_incomplete_messages_are_rejected(api: Rest) -> None:
    assert send(api, b'{"event_type": "compute.instance.create.end"}').json()["rejected"] == 1
    assert send(api, b'{"oslo.version": "3.0", "oslo.message": "{}"}').json()["rejected"] == 1
    assert send(api, b"", b"").status_code == 400
    assert sorted(message["reason"] for message in list_rejected(api)) == [
        "envelope version 3.0 is not supported; supported are 1 and 2",
        "timestamp is missing",
    ]


def test_show_and_delete_by_id_prefix(api: Rest) -> None:
    assert send(api, VALID, *(f"bad {number}".encode() for number in range(40))).json()["rejected"] == 40
    messages = list_rejected(api)
    message = messages[7]
    assert api("GET", f"usage/rejected/{message['id']}").json() == message
    assert api("GET", f"usage/rejected/{message['id'][:12]}").json() == message
    for method in ("GET", "DELETE"):
        assert api(method, "usage/rejected/xyz").status_code == 404
        assert api(method, "usage/rejected/%25").status_code == 404
        first = next(a["id"][0] for a, b in pairwise(messages) if a["id"][0] == b["id"][0])
        assert api(method, f"usage/rejected/{first}").status_code == 409
    response = api("DELETE", f"usage/rejected/{message['id'][:12]}")
    assert (response.status_code, response.content) == (204, b"")
    assert list_rejected(api) == [other for other in messages if other != message]
    assert api("DELETE", f"usage/rejected/{message['id']}").status_code == 404


def test_delete_by_cloud_and_reason(api: Rest) -> None:
    malformed = json.dumps({"event_type": "compute.instance.create.end"}).encode()
    for cloud in ("a", "b"):
        send(api, VALID, malformed, b"x", b"y%", cloud=cloud)
    assert len(list_rejected(api)) == 6
    assert api("DELETE", "usage/rejected?reason=not%25").json() == {"deleted": 0}
    assert api("DELETE", "usage/rejected?reason=not+JSON&cloud=a").json() == {"deleted": 2}
    assert api("DELETE", "usage/rejected?cloud=c").json() == {"deleted": 0}
    assert sorted(message["cloud"] for message in list_rejected(api)) == ["a", "b", "b", "b"]
    for query in ("", "?all=false", "?all=maybe", "?all=true&cloud=a", "?cloud="):
        response = api("DELETE", f"usage/rejected{query}")
        assert response.status_code == 400, query
    assert len(list_rejected(api)) == 4
    assert api("DELETE", "usage/rejected?all=true").json() == {"deleted": 4}
    assert list_rejected(api) == []


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "usage/rejected/{id}"), ("DELETE", "usage/rejected/{id}"), ("DELETE", "usage/rejected?all=true")],
)
def test_access(api: Rest, method: str, path: str) -> None:
    send(api, VALID, b"bad")
    path = path.format(id=list_rejected(api)[0]["id"])
    assert api(method, path, token="").status_code == 401
    assert api(method, path, token="gAAAA").status_code == 401
    assert api(method, path, token=api.demo).status_code == 403
    assert len(list_rejected(api)) == 1
