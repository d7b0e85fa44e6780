"""Conformance to contract.routing. Objects are in use, because a cloud may create them only then."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from conformance.clouds import CloudUnderTest
from stratiform.contract.compute import NetworkInterface, ServerSpec
from stratiform.contract.network import SubnetSpec
from stratiform.contract.routing import Kind, RoutingObject

CIDR, ADDRESS = "10.77.0.0/24", "10.77.0.20"
PREFIX_RULE = {
    "direction": "ingress",
    "ethertype": "IPv4",
    "protocol": "tcp",
    "port_range_min": 22,
    "port_range_max": 22,
    "remote_ip_prefix": "192.0.2.0/24",
    "remote_group_id": None,
    "remote_address_group_id": None,
    "remote_addresses": [],
}


def new_group(*rules: dict[str, Any]) -> RoutingObject:
    properties = {"stateful": True, "rules": list(rules)}
    return RoutingObject("security_group", str(uuid4()), "web", properties)


def new_router(subnet: SubnetSpec, **properties: Any) -> RoutingObject:
    interface = {"subnet_id": subnet.token, "ip_address": "10.77.0.1", "network_id": subnet.network_id, "cidr": CIDR}
    values = {"interfaces": [interface], "gateway": "public", "gateway_addresses": ["203.0.113.9"], "snat": True}
    return RoutingObject("router", str(uuid4()), "edge", {**values, "routes": [], "admin_state_up": True, **properties})


def list_tokens(cloud: CloudUnderTest, kind: Kind) -> list[str]:
    return [item.token for item in cloud.routing.list_objects() if item.kind == kind]


def new_subnet() -> SubnetSpec:
    return SubnetSpec(str(uuid4()), str(uuid4()), "private", CIDR, "10.77.0.1")


def new_floating_ip(cloud: CloudUnderTest, subnet: SubnetSpec) -> RoutingObject:
    """A floating IP of the server at ADDRESS; its address is the cloud's own if the cloud chooses addresses."""
    token, address = str(uuid4()), "203.0.113.20"
    if cloud.assigns_floating_addresses:
        address = cloud.routing.allocate_address(token)
        assert cloud.routing.allocate_address(token) == address
    properties = {"address": address, "fixed_address": ADDRESS, "subnet_id": subnet.token, "forwardings": []}
    return RoutingObject("floating_ip", token, "", properties)


def create_server_on(cloud: CloudUnderTest, subnet: SubnetSpec, *groups: RoutingObject) -> None:
    native = cloud.network.ensure_subnet(subnet)
    native_groups = cloud.routing.ensure_security_groups(groups, native.id, filtered=True)
    interface = NetworkInterface(native.id, ADDRESS, "fa:16:3e:00:00:01", native_groups)
    cloud.create_server(ServerSpec(str(uuid4()), "web-1", cloud.small, cloud.image, (interface,)))


def test_router_is_applied_again_and_deleted(cloud: CloudUnderTest) -> None:
    routing, subnet = cloud.routing, new_subnet()
    cloud.network.ensure_subnet(subnet)
    router = new_router(subnet)
    for _ in range(2):
        routing.apply(router)
        assert list_tokens(cloud, "router") == [router.token]
    routing.apply(replace(router, properties={**router.properties, "gateway": None, "gateway_addresses": []}))
    for _ in range(2):
        routing.delete("router", router.token)
        assert list_tokens(cloud, "router") == []


def test_router_may_be_applied_before_its_subnets_exist(cloud: CloudUnderTest) -> None:
    routing, subnet = cloud.routing, new_subnet()
    router = new_router(subnet)
    routing.apply(router)
    native = cloud.network.ensure_subnet(subnet)
    routing.apply(router)
    assert list_tokens(cloud, "router") == [router.token]
    cloud.network.delete_subnet(native.id)
    routing.delete("router", router.token)
    assert list_tokens(cloud, "router") == []


def test_floating_ip_is_associated_and_deleted(cloud: CloudUnderTest) -> None:
    routing, subnet = cloud.routing, new_subnet()
    create_server_on(cloud, subnet)
    routing.apply(new_router(subnet))
    floating_ip = new_floating_ip(cloud, subnet)
    for fixed_address in (ADDRESS, ADDRESS, None):
        changed = {**floating_ip.properties, "fixed_address": fixed_address}
        routing.apply(replace(floating_ip, properties=changed))
        [item] = [item for item in routing.list_objects() if item.kind == "floating_ip"]
        assert (item.token, item.properties["fixed_address"]) == (floating_ip.token, fixed_address)
        assert item.properties["address"] == floating_ip.properties["address"]
    for _ in range(2):
        routing.delete("floating_ip", floating_ip.token)
        assert list_tokens(cloud, "floating_ip") == []


def test_security_groups_refer_to_each_other_and_are_deleted(cloud: CloudUnderTest) -> None:
    routing, subnet = cloud.routing, new_subnet()
    first, second = new_group(PREFIX_RULE), new_group()
    group_rule = {**PREFIX_RULE, "remote_ip_prefix": None, "remote_group_id": first.token}
    second = replace(second, properties={**second.properties, "rules": [group_rule]})
    create_server_on(cloud, subnet, first, second)
    for group in (first, second):
        routing.apply(group)
    assert sorted(list_tokens(cloud, "security_group")) == sorted([first.token, second.token])
    routing.set_security_groups(subnet.token, ADDRESS, [second], filtered=True)
    for _ in range(2):
        routing.delete("security_group", first.token)
        assert list_tokens(cloud, "security_group") == [second.token]
    routing.set_security_groups(subnet.token, ADDRESS, [], filtered=True)
    routing.delete("security_group", second.token)
    assert list_tokens(cloud, "security_group") == []


def test_interface_that_does_not_exist_has_no_groups_to_set(cloud: CloudUnderTest) -> None:
    subnet = new_subnet()
    cloud.routing.set_security_groups(subnet.token, ADDRESS, [new_group()], filtered=True)
    cloud.network.ensure_subnet(subnet)
    cloud.routing.set_security_groups(subnet.token, ADDRESS, [], filtered=False)


@pytest.mark.parametrize("kind", ["router", "floating_ip", "security_group"])
def test_unknown_object_can_be_deleted(cloud: CloudUnderTest, kind: Kind) -> None:
    cloud.routing.delete(kind, str(uuid4()))


def test_objects_of_other_installations_are_not_listed(cloud: CloudUnderTest) -> None:
    subnet = new_subnet()
    create_server_on(cloud, subnet, new_group(PREFIX_RULE))
    cloud.routing.apply(new_router(subnet))
    cloud.routing.apply(new_floating_ip(cloud, subnet))
    other = cloud.connect(uuid4().hex).routing
    assert other is not None
    assert list(other.list_objects()) == []
