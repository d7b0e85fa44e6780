"""`/api/v1/usage/unknown` and `/usage/meters`."""

import json
from collections.abc import Iterator

import pytest

from support.ledger import recorded
from support.rest import Rest, rest
from support.stacks import Bench


@pytest.fixture
def api(stack_bench: Bench) -> Iterator[Rest]:
    with rest(stack_bench) as made:
        yield made


def send(api: Rest, *event_types: str) -> None:
    lines = [
        json.dumps({"event_type": one, "message_id": f"m{number}", "timestamp": "2026-01-01T10:00:00", "payload": {}})
        for number, one in enumerate(event_types)
    ]
    answer = api.http.post(
        "/api/v1/usage/notifications", content="\n".join(lines).encode(), headers={"X-Auth-Token": api.admin}
    )
    assert answer.status_code == 200


def test_what_is_unknown_is_counted_with_the_reason(api: Rest) -> None:
    assert api("GET", "usage/unknown").json() == {"unknown": []}
    send(api, "dns.zone.create", "identity.authenticate", "dns.zone.create", "volume.usage", "image.import.x")
    told = {one["event_type"]: one for one in api("GET", "usage/unknown").json()["unknown"]}
    assert {name: (one["count"], bool(one["why"]), one["is_read"]) for name, one in told.items()} == {
        "dns.zone.create": (2, False, False),
        "identity.authenticate": (1, True, False),
        "volume.usage": (1, True, False),
        "image.import.x": (1, False, False),
    }
    assert {one["cloud"] for one in told.values()} == {"openstack"}
    assert all(one["first_at"] == one["last_at"] for one in told.values())


def test_replaying_goes_on_where_it_ended(api: Rest) -> None:
    for number in range(23):
        send(api, *[f"x.{number}"])
        api.http.post(
            "/api/v1/usage/notifications",
            content=json.dumps(
                {"event_type": "y", "message_id": f"y{number}", "timestamp": "2026-01-01T10:00:00", "payload": {}}
            ).encode(),
            headers={"X-Auth-Token": api.admin},
        )
    first = api("POST", "usage/unknown/replay").json()
    assert (first["accepted"], first["next"]) == (0, 20)
    assert api("POST", f"usage/unknown/replay?after={first['next']}").json()["next"] is None
    assert api("POST", "usage/unknown/replay?after=soon").status_code == 400


def test_what_is_known_already_is_not_taken_again(api: Rest) -> None:
    api.http.post(
        "/api/v1/usage/notifications", content=b"\n".join(recorded()[:200]), headers={"X-Auth-Token": api.admin}
    )
    done = api("POST", "usage/unknown/replay").json()
    assert (done["accepted"], done["rejected"], done["next"]) == (0, 0, None)
    assert done["repeated"] > 0


def test_every_meter_is_told(api: Rest) -> None:
    told = {one["name"]: one for one in api("GET", "usage/meters", token=api.demo).json()["meters"]}
    assert {"instance", "volume", "image", "floating_ip", "load_balancer"} <= told.keys()
    assert told["image"]["samples"] == [
        {"name": "image.size", "kind": "gauge", "unit": "B", "title": "Size of the image", "hold_s": 7200}
    ]
    assert "octavia.loadbalancer.create.end" in told["load_balancer"]["events"]
    assert told["floating_ip"]["attributes"] == ["address", "network_id", "port_id"]


@pytest.mark.parametrize(
    ("method", "path", "customer"),
    [("GET", "usage/unknown", 403), ("POST", "usage/unknown/replay", 403), ("GET", "usage/meters", 200)],
)
def test_who_may_ask(api: Rest, method: str, path: str, customer: int) -> None:
    assert api(method, path, token="").status_code == 401
    assert api(method, path, token="gAAAA").status_code == 401
    assert api(method, path, token=api.demo).status_code == customer
    assert api(method, path).status_code == 200
