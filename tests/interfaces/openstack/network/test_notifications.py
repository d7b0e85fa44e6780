"""Notifications of networks, subnets and ports have the form of Neutron's, and do not need a price."""

import json
from typing import Any

import pytest

from stratiform.kit import outbox
from stratiform.kit.outbox import Event
from support.callers import Callers
from support.ledger import recorded
from support.network_clouds import V2

Json = dict[str, Any]

#: Attributes of drivers that only the real Neutron has.
NOT_SUPPORTED = {
    "binding:vif_details",
    "dns_assignment",
    "ip_allocation",
    "ipv4_address_scope",
    "ipv6_address_scope",
    "l2_adjacency",
    "qos_network_policy_id",
    "resource_request",
    "router:external",
    "segment_id",
}


def list_events(api: Callers) -> list[Event]:
    with api.harness.services.database.read_transaction() as db:
        pending = outbox.list_pending_events(db, 100)
    return [event for event in pending if event.event_type.split(".")[0] in ("network", "subnet", "port")]


def find_recorded(event_type: str) -> Json:
    """Return the payload of a message that was recorded from a real Neutron."""
    for line in recorded():
        message = json.loads(json.loads(line)["body"]["oslo.message"])
        if message["event_type"] == event_type:
            return dict(message["payload"])
    raise AssertionError(event_type)


def create_all(api: Callers) -> tuple[Json, Json, Json]:
    network = api.ok("POST", f"{V2}/networks", json={"network": {"name": "blue"}})["network"]
    body = {"network_id": network["id"], "ip_version": 4, "cidr": "192.0.2.0/24"}
    subnet = api.ok("POST", f"{V2}/subnets", json={"subnet": body})["subnet"]
    port = api.ok("POST", f"{V2}/ports", json={"port": {"network_id": network["id"]}})["port"]
    return network, subnet, port


def test_each_change_is_reported_once(api: Callers) -> None:
    network, subnet, port = create_all(api)
    for kind, item in (("port", port), ("subnet", subnet), ("network", network)):
        api.ok("PUT", f"{V2}/{kind}s/{item['id']}", json={kind: {"name": "green"}})
        api.ok("DELETE", f"{V2}/{kind}s/{item['id']}")
    kinds = ("network", "subnet", "port")
    changes = [f"{kind}.{change}.end" for kind in reversed(kinds) for change in ("update", "delete")]
    assert [event.event_type for event in list_events(api)] == [f"{kind}.create.end" for kind in kinds] + changes
    update, delete = list_events(api)[3:5]
    assert update.payload["port"]["name"] == "green"
    assert (delete.payload["port_id"], delete.payload["port"]["fixed_ips"]) == (port["id"], port["fixed_ips"])


@pytest.mark.parametrize("kind", ["network", "subnet", "port"])
def test_payload_has_the_attributes_of_a_recorded_message(api: Callers, kind: str) -> None:
    create_all(api)
    [event] = [event for event in list_events(api) if event.event_type == f"{kind}.create.end"]
    assert event.publisher_id.startswith("network.")
    recorded = find_recorded(event.event_type)
    assert event.payload.keys() == recorded.keys()
    missing = recorded[kind].keys() - event.payload[kind].keys()
    assert missing <= NOT_SUPPORTED
    assert event.payload[kind].keys() <= recorded[kind].keys()


def test_payload_is_the_resource_of_the_response(api: Callers) -> None:
    for item, event in zip(create_all(api), list_events(api), strict=True):
        body = event.payload[event.event_type.split(".")[0]]
        body = {name: value for name, value in body.items() if not name.startswith(("provider:", "binding:"))}
        assert body == {name: item[name] for name in body}
