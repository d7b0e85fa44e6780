"""Usage capability of OpenStack, against recorded responses of a real installation."""

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
from stratiform.services.ingest.parsing import MessageParser
from support.openstack import POLL, SINCE, UNTIL, Recording, connect_openstack, load_recording, replay, small_pages

#: Gnocchi's ids of two network interfaces of item server; the second has a large counter.
INTERFACE, LARGE_INTERFACE = "4b65d43c-2683-5613-a344-a676febab85c", "116d2d40-9b12-596b-a654-a00d1604e1ba"


def list_inventory(cloud: OpenstackCloud) -> list[InventoryItem]:
    assert cloud.usage is not None
    return list(cloud.usage.list_inventory())


def list_samples(cloud: OpenstackCloud, **overrides: object) -> list[UsageSample]:
    assert cloud.usage is not None
    return list(cloud.usage.list_samples({**POLL, **overrides}, SINCE, UNTIL))


@pytest.fixture
def cloud(openstack_url: str) -> OpenstackCloud:
    return connect_openstack(openstack_url)


def test_check_credentials_returns_user_project_and_zones(cloud: OpenstackCloud) -> None:
    account = cloud.check_credentials()
    assert account.identity.startswith("recorded-user@recorded-project (")
    assert account.zones == ("nova",)


def test_inventory_has_resources_of_all_projects(cloud: OpenstackCloud) -> None:
    items = list_inventory(cloud)
    assert Counter(item.resource_type for item in items) == {
        "instance": 5,
        "volume": 3,
        "snapshot": 1,
        "backup": 1,
        "image": 2,
        "floating_ip": 1,
        "router": 1,
        "port": 3,
    }
    assert len({item.project_id for item in items if item.resource_type == "instance"}) == 2
    assert all(item.project_id for item in items)


def test_servers_have_the_attributes_of_their_notifications(cloud: OpenstackCloud) -> None:
    servers = {item.name: item for item in list_inventory(cloud) if item.resource_type == "instance"}
    assert {name: item.state for name, item in servers.items()} == {
        "web-1": "active",
        "web-2": "stopped",
        "db-1": "active",
        "db-2": "shelved_offloaded",
        "db-3": "soft-delete",
    }
    server = servers["web-1"]
    assert server.since == parse_iso("2026-11-21T11:37:38Z")
    image = server.attributes.pop("image_id")
    assert len(image) == 36
    assert server.attributes == {
        "flavor": "poll.small",
        "flavor_id": "poll-1",
        "vcpus": 1,
        "ram_mib": 512,
        "disk_gib": 3,
        "root_gib": 2,
        "ephemeral_gib": 1,
        "availability_zone": "nova",
    }


def test_volumes_have_the_attributes_of_their_notifications(cloud: OpenstackCloud) -> None:
    items = list_inventory(cloud)
    volumes = {item.name: item for item in items if item.resource_type == "volume"}
    assert {name: item.state for name, item in volumes.items()} == {
        "data-1": "in-use",
        "data-2": "available",
        "data-3": "available",
    }
    assert volumes["data-3"].attributes.keys() == {"size_gib", "volume_type", "volume_type_name", "availability_zone"}
    assert volumes["data-3"].attributes["volume_type_name"] == "poll-fast"
    assert len(volumes["data-3"].attributes["volume_type"]) == 36
    others = {item.resource_type: item.attributes for item in items if item.resource_type in ("snapshot", "backup")}
    assert others["snapshot"] == others["backup"] == {"size_gib": 2, "volume_id": volumes["data-1"].id}


def test_images_and_addresses_have_the_attributes_of_their_notifications(cloud: OpenstackCloud) -> None:
    items = list_inventory(cloud)
    visibilities = {item.attributes["visibility"] for item in items if item.resource_type == "image"}
    assert visibilities <= {"public", "private", "shared", "community"}
    (address,) = [item for item in items if item.resource_type == "floating_ip"]
    assert address.attributes.keys() == {"address", "network_id"}
    assert address.attributes["address"] == address.name


def test_all_attributes_are_known_to_the_meter_files(cloud: OpenstackCloud) -> None:
    resource_types = MessageParser.load().catalog.resource_types
    for item in list_inventory(cloud):
        assert item.attributes.keys() <= resource_types[item.resource_type].attributes.keys()


def test_samples_include_interfaces_that_have_ended(cloud: OpenstackCloud) -> None:
    samples = list_samples(cloud)
    assert {(item.name, item.duration_us) for item in samples} == {("", 5 * MINUTE_US)}
    assert sorted(Counter(item.source for item in samples).values()) == [15, 15, 15, 15]
    server_by_source = {item.source: item.resource_id for item in samples}
    assert len(server_by_source) == 4
    assert len(set(server_by_source.values())) == 3
    first = [item for item in samples if item.source == INTERFACE]
    assert [item.at for item in first] == list(range(SINCE + 5 * MINUTE_US, SINCE + 80 * MINUTE_US, 5 * MINUTE_US))
    assert {item.value for item in first[:3]} == {Decimal(1_000_003)}
    assert sum(item.value for item in first) == 15 * 1_000_003
    assert [str(item.value) for item in first[3:5]] == ["1000003.5", "1000002.5"]


def test_large_numbers_keep_all_digits(cloud: OpenstackCloud) -> None:
    values = [str(item.value) for item in list_samples(cloud, aggregation="mean") if item.source == LARGE_INTERFACE]
    assert values[:2] == ["9007199254740000", "9007199255740004"]


def test_metric_that_no_resource_has_returns_no_samples(cloud: OpenstackCloud) -> None:
    assert list_samples(cloud, metric="nope") == []


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"aggregation": "max"}, "unknown aggregation"),
        ({"period_s": 60}, "Granularities are missing"),
        ({"resource_type": "nope"}, "nope does not exist"),
        ({"resource_id": "nope"}, "has no nope"),
    ],
)
def test_poll_that_gnocchi_rejects(cloud: OpenstackCloud, overrides: dict[str, Any], message: str) -> None:
    with pytest.raises(errors.RequestRejected, match=message) as raised:
        list_samples(cloud, **overrides)
    assert "\n" not in raised.value.message


def load_changed_recording(old: str, new: str) -> Recording:
    """Return the recording with `old` replaced by `new` in all responses."""
    recording = load_recording()
    responses = {
        request: {**response, "body": response["body"].replace(old, new)}
        for request, response in recording.responses.items()
    }
    return replace(recording, responses=responses)


def test_incomplete_list_of_servers_raises_cloud_unreachable() -> None:
    recording = load_changed_recording('"status": "SHUTOFF"', '"status": "UNKNOWN"')
    with small_pages(), replay(recording) as url, pytest.raises(errors.CloudUnreachable, match="a cell of Nova"):
        list_inventory(connect_openstack(url))


def test_unknown_region_is_rejected() -> None:
    with small_pages(), replay(load_recording()) as url:
        cloud = connect_openstack(url, region_name="elsewhere")
        with pytest.raises(errors.RequestRejected, match="no compute service") as raised:
            cloud.check_credentials()
        assert "region_name" in raised.value.hint
        with pytest.raises(errors.RequestRejected, match="no compute service"):
            list_inventory(cloud)
        with pytest.raises(errors.RequestRejected, match="no metric service"):
            list_samples(cloud)


def add_octavia(recording: Recording, balancer: dict[str, Any]) -> None:
    """Add Octavia to the catalog of all tokens, and the responses of its API with one load balancer."""
    url = "http://here.invalid/octavia"
    endpoint = {"id": "e", "interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": url}
    service = {"id": "s", "name": "octavia", "type": "load-balancer", "endpoints": [endpoint]}
    for request, response in recording.responses.items():
        if "/auth/tokens" in request and response["status"] == 201:
            body = json.loads(response["body"])
            body["token"]["catalog"].append(service)
            response["body"] = json.dumps(body)
    version = {"id": "v2.27", "status": "CURRENT", "links": [{"href": f"{url}/v2", "rel": "self"}]}
    pages: dict[str, Any] = {
        "GET /octavia ": {"versions": [version]},
        "GET /octavia/v2 ": {"versions": [version]},
        "GET /octavia/v2.0/lbaas/loadbalancers?limit=2 ": {"loadbalancers": [balancer]},
        f"GET /octavia/v2.0/lbaas/loadbalancers?limit=2&marker={balancer['id']} ": {"loadbalancers": []},
    }
    for request, page in pages.items():
        recording.responses[request] = {
            "status": 200,
            "headers": {"content-type": "application/json"},
            "body": json.dumps(page),
        }


def test_inventory_has_load_balancers_if_the_catalog_has_octavia() -> None:
    recording = load_recording()
    balancer_id = "607226db-27ef-4d41-ae89-f2a800e9c2db"
    balancer = {
        "id": balancer_id,
        "name": "front",
        "project_id": "e3cd678b11784734bc366148aa37580e",
        "provisioning_status": "ACTIVE",
        "created_at": "2026-11-20T10:00:00",
        "flavor_id": "",
    }
    add_octavia(recording, balancer)
    with small_pages(), replay(recording) as url:
        items = [item for item in list_inventory(connect_openstack(url)) if item.resource_type == "load_balancer"]
    assert [(item.id, item.name, item.state, item.since) for item in items] == [(balancer_id, "front", "ACTIVE", SINCE)]
