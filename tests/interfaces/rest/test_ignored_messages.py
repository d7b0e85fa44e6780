"""`/api/v1/usage/ignored` and `/usage/meters`."""

import json
from collections.abc import Iterator

import pytest

from support.ledger import recorded
from support.rest import Rest, rest
from support.stacks import ServiceHarness


@pytest.fixture
def api(service_harness: ServiceHarness) -> Iterator[Rest]:
    with rest(service_harness) as api:
        yield api


def send(api: Rest, *event_types: str) -> None:
    lines = [
        json.dumps(
            {"event_type": event_type, "message_id": f"m{number}", "timestamp": "2026-01-01T10:00:00", "payload": {}}
        )
        for number, event_type in enumerate(event_types)
    ]
    response = api.http.post(
        "/api/v1/usage/notifications", content="\n".join(lines).encode(), headers={"X-Auth-Token": api.admin}
    )
    assert response.status_code == 200


def test_count_by_event_type(api: Rest) -> None:
    assert api("GET", "usage/ignored").json() == {"ignored": []}
    send(api, "dns.zone.create", "identity.authenticate", "dns.zone.create", "volume.usage", "image.import.x")
    types = {item["event_type"]: item for item in api("GET", "usage/ignored").json()["ignored"]}
    assert {name: (item["count"], bool(item["reason"]), item["is_metered"]) for name, item in types.items()} == {
        "dns.zone.create": (2, False, False),
        "identity.authenticate": (1, True, False),
        "volume.usage": (1, True, False),
        "image.import.x": (1, False, False),
    }
    assert {item["cloud"] for item in types.values()} == {"openstack"}
    assert all(item["first_at"] == item["last_at"] for item in types.values())


def test_types_without_a_decision_come_first_and_can_be_selected(api: Rest) -> None:
    send(api, "identity.authenticate", "dns.zone.create", "volume.usage", "zzz.create")
    types = [item["event_type"] for item in api("GET", "usage/ignored").json()["ignored"]]
    assert types == ["dns.zone.create", "zzz.create", "identity.authenticate", "volume.usage"]
    undecided = api("GET", "usage/ignored?undecided=true").json()["ignored"]
    assert [item["event_type"] for item in undecided] == ["dns.zone.create", "zzz.create"]
    assert api("GET", "usage/ignored?undecided=maybe").status_code == 400


def test_times_are_those_of_the_messages(api: Rest) -> None:
    content = b"\n".join(recorded())
    headers = {"X-Auth-Token": api.admin}
    assert api.http.post("/api/v1/usage/notifications", content=content, headers=headers).status_code == 200
    (authenticated,) = (
        item for item in api("GET", "usage/ignored").json()["ignored"] if item["event_type"] == "identity.authenticate"
    )
    assert authenticated["first_at"][:10] == authenticated["last_at"][:10] == "2026-11-20"
    assert authenticated["first_at"] < authenticated["last_at"]


def test_replay_continues(api: Rest) -> None:
    for number in range(23):
        send(api, *[f"x.{number}"])
        api.http.post(
            "/api/v1/usage/notifications",
            content=json.dumps(
                {"event_type": "y", "message_id": f"y{number}", "timestamp": "2026-01-01T10:00:00", "payload": {}}
            ).encode(),
            headers={"X-Auth-Token": api.admin},
        )
    first = api("POST", "usage/ignored/replay").json()
    assert (first["ingested"], first["next"]) == (0, 20)
    assert api("POST", f"usage/ignored/replay?after={first['next']}").json()["next"] is None
    assert api("POST", "usage/ignored/replay?after=soon").status_code == 400


def test_replay_ingests_no_duplicates(api: Rest) -> None:
    api.http.post(
        "/api/v1/usage/notifications", content=b"\n".join(recorded()[:200]), headers={"X-Auth-Token": api.admin}
    )
    result = api("POST", "usage/ignored/replay").json()
    assert (result["ingested"], result["rejected"], result["next"]) == (0, 0, None)
    assert result["duplicates"] > 0


def test_list_meters(api: Rest) -> None:
    meters = {meter["name"]: meter for meter in api("GET", "usage/meters", token=api.demo).json()["meters"]}
    assert {"instance", "volume", "image", "floating_ip", "load_balancer"} <= meters.keys()
    assert meters["image"]["samples"] == [
        {"name": "image.size", "kind": "gauge", "unit": "B", "title": "Size of the image", "hold_s": 7200}
    ]
    assert "octavia.loadbalancer.create.end" in meters["load_balancer"]["events"]
    assert meters["floating_ip"]["attributes"] == ["address", "network_id", "port_id"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "usage/ignored", 403), ("POST", "usage/ignored/replay", 403), ("GET", "usage/meters", 200)],
)
def test_access(api: Rest, method: str, path: str, status: int) -> None:
    assert api(method, path, token="").status_code == 401
    assert api(method, path, token="gAAAA").status_code == 401
    assert api(method, path, token=api.demo).status_code == status
    assert api(method, path).status_code == 200
