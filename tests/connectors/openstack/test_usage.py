"""What a real OpenStack said, and what we make of it."""

import json
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from stratiform.connectors.openstack.connector import OpenstackCloud
from stratiform.contract import errors
from stratiform.contract.usage import InventoryItem, UsageSample
from stratiform.kit.clock import MINUTE_US, parse_iso
from support.openstack import POLL, SINCE, UNTIL, Recording, connect_openstack, load_recording, replay, small_pages

#: Gnocchi's ids of two network cards of one machine.
CARD, LARGE_CARD = "4b65d43c-2683-5613-a344-a676febab85c", "116d2d40-9b12-596b-a654-a00d1604e1ba"


def inventory(cloud: OpenstackCloud) -> list[InventoryItem]:
    assert cloud.usage is not None
    return list(cloud.usage.inventory())


def read(cloud: OpenstackCloud, **asked: object) -> list[UsageSample]:
    assert cloud.usage is not None
    return list(cloud.usage.readings({**POLL, **asked}, SINCE, UNTIL))


@pytest.fixture
def cloud(openstack_url: str) -> OpenstackCloud:
    return connect_openstack(openstack_url)


def test_check_tells_who_we_are_and_the_zones(cloud: OpenstackCloud) -> None:
    found = cloud.check()
    assert found.identity.startswith("recorded-user@recorded-project (")
    assert found.zones == ("nova",)


def test_everything_of_all_projects_is_there(cloud: OpenstackCloud) -> None:
    items = inventory(cloud)
    assert Counter(one.resource_type for one in items) == {
        "instance": 5,
        "volume": 3,
        "snapshot": 1,
        "backup": 1,
        "image": 2,
        "floating_ip": 1,
        "router": 1,
        "port": 3,
    }
    assert len({one.project_id for one in items if one.resource_type == "instance"}) == 2
    assert all(one.project_id for one in items)


def test_machines_are_told_as_their_notifications_tell_them(cloud: OpenstackCloud) -> None:
    machines = {one.name: one for one in inventory(cloud) if one.resource_type == "instance"}
    assert {name: one.state for name, one in machines.items()} == {
        "web-1": "active",
        "web-2": "stopped",
        "db-1": "active",
        "db-2": "shelved_offloaded",
        "db-3": "soft-delete",
    }
    machine = machines["web-1"]
    assert machine.since == parse_iso("2026-11-21T11:37:38Z")
    image = machine.attributes.pop("image_id")
    assert len(image) == 36
    assert machine.attributes == {
        "flavor": "poll.small",
        "flavor_id": "poll-1",
        "vcpus": 1,
        "ram_mib": 512,
        "disk_gib": 3,
        "root_gib": 2,
        "ephemeral_gib": 1,
        "availability_zone": "nova",
    }


def test_volumes_are_told_as_their_notifications_tell_them(cloud: OpenstackCloud) -> None:
    items = inventory(cloud)
    volumes = {one.name: one for one in items if one.resource_type == "volume"}
    assert {name: one.state for name, one in volumes.items()} == {
        "data-1": "in-use",
        "data-2": "available",
        "data-3": "available",
    }
    assert volumes["data-3"].attributes.keys() == {"size_gib", "volume_type", "volume_type_name", "availability_zone"}
    assert volumes["data-3"].attributes["volume_type_name"] == "poll-fast"
    assert len(volumes["data-3"].attributes["volume_type"]) == 36
    of = {one.resource_type: one.attributes for one in items if one.resource_type in ("snapshot", "backup")}
    assert of["snapshot"] == of["backup"] == {"size_gib": 2, "volume_id": volumes["data-1"].id}


def test_counters_of_all_cards_are_read_also_of_one_that_has_ended(cloud: OpenstackCloud) -> None:
    readings = read(cloud)
    assert {(one.name, one.lasts) for one in readings} == {("", 5 * MINUTE_US)}
    assert sorted(Counter(one.source for one in readings).values()) == [15, 15, 15, 15]
    of_machine = {one.source: one.resource_id for one in readings}
    assert len(of_machine) == 4
    assert len(set(of_machine.values())) == 3
    first = [one for one in readings if one.source == CARD]
    assert [one.at for one in first] == list(range(SINCE + 5 * MINUTE_US, SINCE + 80 * MINUTE_US, 5 * MINUTE_US))
    assert {one.value for one in first[:3]} == {Decimal(1_000_003)}
    assert sum(one.value for one in first) == 15 * 1_000_003
    assert [str(one.value) for one in first[3:5]] == ["1000003.5", "1000002.5"]


def test_no_digit_of_a_large_number_is_lost(cloud: OpenstackCloud) -> None:
    values = [str(one.value) for one in read(cloud, aggregation="mean") if one.source == LARGE_CARD]
    assert values[:2] == ["9007199254740000", "9007199255740004"]


def test_a_metric_that_nothing_has_gives_nothing(cloud: OpenstackCloud) -> None:
    assert read(cloud, metric="nope") == []


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"aggregation": "max"}, "unknown aggregation"),
        ({"period_s": 60}, "Granularities are missing"),
        ({"resource_type": "nope"}, "nope does not exist"),
        ({"resource_id": "nope"}, "has no nope"),
    ],
)
def test_what_gnocchi_does_not_have_is_refused(cloud: OpenstackCloud, asked: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.RequestRejected, match=message) as said:
        read(cloud, **asked)
    assert "\n" not in said.value.message


def changed(old: str, new: str) -> Recording:
    """The recorded installation, with another word in all its answers."""
    recording = load_recording()
    return replace(
        recording,
        responses={key: {**one, "body": one["body"].replace(old, new)} for key, one in recording.responses.items()},
    )


def test_a_list_without_the_servers_of_a_cell_is_none() -> None:
    recording = changed('"status": "SHUTOFF"', '"status": "UNKNOWN"')
    with small_pages(), replay(recording) as url, pytest.raises(errors.CloudUnreachable, match="a cell of Nova"):
        inventory(connect_openstack(url))


def test_another_region_is_told_and_has_no_inventory() -> None:
    with small_pages(), replay(load_recording()) as url:
        cloud = connect_openstack(url, region_name="elsewhere")
        with pytest.raises(errors.RequestRejected, match="no compute service") as said:
            cloud.check()
        assert "region_name" in said.value.hint
        with pytest.raises(errors.RequestRejected, match="no compute service"):
            inventory(cloud)
        with pytest.raises(errors.RequestRejected, match="no metric service"):
            read(cloud)


def test_load_balancers_are_there_where_the_catalog_has_octavia() -> None:
    recording = load_recording()
    tokens = [one for key, one in recording.responses.items() if "/auth/tokens" in key and one["status"] == 201]
    for one in tokens:
        answer = json.loads(one["body"])
        endpoint = {"id": "e", "interface": "public", "region": "RegionOne", "region_id": "RegionOne"}
        endpoint["url"] = "http://here.invalid/octavia"
        service = {"id": "s", "name": "octavia", "type": "load-balancer", "endpoints": [endpoint]}
        answer["token"]["catalog"].append(service)
        one["body"] = json.dumps(answer)
    balancer = {
        "id": "607226db-27ef-4d41-ae89-f2a800e9c2db",
        "name": "front",
        "project_id": "e3cd678b11784734bc366148aa37580e",
        "provisioning_status": "ACTIVE",
        "created_at": "2026-11-20T10:00:00",
        "flavor_id": "",
    }
    version = {"id": "v2.27", "status": "CURRENT", "links": [{"href": "http://here.invalid/octavia/v2", "rel": "self"}]}
    given: dict[str, Any] = {"GET /octavia ": {"versions": [version]}, "GET /octavia/v2 ": {"versions": [version]}}
    given["GET /octavia/v2.0/lbaas/loadbalancers?limit=2 "] = {"loadbalancers": [balancer]}
    given[f"GET /octavia/v2.0/lbaas/loadbalancers?limit=2&marker={balancer['id']} "] = {"loadbalancers": []}
    for request, body in given.items():
        content = {"status": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
        recording.responses[request] = content
    with small_pages(), replay(recording) as url:
        found = [one for one in inventory(connect_openstack(url)) if one.resource_type == "load_balancer"]
    assert [(one.id, one.name, one.state, one.since) for one in found] == [
        (balancer["id"], "front", "ACTIVE", SINCE),
    ]
