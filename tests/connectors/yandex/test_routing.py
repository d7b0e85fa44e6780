"""Routing objects of Yandex Cloud: route tables, NAT gateways, public addresses, security groups."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from yandex.cloud.vpc.v1.security_group_pb2 import SecurityGroupRule

from stratiform.contract.compute import ComputeDriver, NativeServerState, NetworkInterface, ServerSize, ServerSpec
from stratiform.contract.errors import CloudUnreachable, NotSupported, RequestRejected
from stratiform.contract.network import NativeSubnet, NetworkDriver, SubnetSpec
from stratiform.contract.routing import RoutingDriver, RoutingObject
from support.yandex import IMAGE, YandexServer, wait_until
from support.yandex.state import Fault, State, unavailable

CIDR, ADDRESS = "10.77.0.0/24", "10.77.0.20"


@pytest.fixture
def state(yandex_server: YandexServer) -> State:
    return yandex_server.state


@pytest.fixture
def subnet() -> SubnetSpec:
    return SubnetSpec(str(uuid4()), str(uuid4()), "private", CIDR, "10.77.0.1")


def rule(**values: Any) -> dict[str, Any]:
    return {
        "direction": "ingress",
        "ethertype": "IPv4",
        "protocol": None,
        "port_range_min": None,
        "port_range_max": None,
        "remote_ip_prefix": None,
        "remote_group_id": None,
        "remote_address_group_id": None,
        "remote_addresses": [],
        **values,
    }


def group_of(*rules: dict[str, Any], **properties: Any) -> RoutingObject:
    values = {"stateful": True, "rules": list(rules), "addresses": [], **properties}
    return RoutingObject("security_group", str(uuid4()), "web", values)


def router_of(subnet: SubnetSpec, **properties: Any) -> RoutingObject:
    interface = {"subnet_id": subnet.token, "ip_address": "10.77.0.1", "network_id": subnet.network_id, "cidr": CIDR}
    values = {"interfaces": [interface], "gateway": "public", "snat": True, "routes": [], "admin_state_up": True}
    return RoutingObject("router", str(uuid4()), "edge", {**values, **properties})


def create_server(compute: ComputeDriver, subnet: NativeSubnet, address: str = ADDRESS, *groups: str) -> str:
    interface = NetworkInterface(subnet.id, address, "", groups)
    spec = ServerSpec(str(uuid4()), "web-1", ServerSize(2, 2048, 10), IMAGE, (interface,))
    server_id = compute.create(spec).id
    wait_until(lambda: compute.get(server_id).state is NativeServerState.RUNNING)
    return server_id


def list_rules(state: State, group_id: str) -> set[tuple[str, str, int, int, str]]:
    return {
        (
            SecurityGroupRule.Direction.Name(item.direction),
            item.protocol_name or str(item.protocol_number),
            item.ports.from_port,
            item.ports.to_port,
            item.security_group_id or ",".join(item.cidr_blocks.v4_cidr_blocks),
        )
        for item in state.table("security_groups")[group_id].rules
    }


def routes_of(state: State) -> dict[str, str]:
    [table] = state.table("route_tables").values()
    return {item.destination_prefix: item.next_hop_address or item.gateway_id for item in table.static_routes}


def test_router_is_a_route_table_with_a_nat_gateway(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native, router = network.ensure_subnet(subnet), router_of(subnet)
    routing.apply(router)
    [gateway_id] = state.table("gateways")
    [table_id] = state.table("route_tables")
    assert routes_of(state) == {"0.0.0.0/0": gateway_id}
    assert state.table("subnets")[native.id].route_table_id == table_id
    route = {"destination": "192.168.5.0/24", "nexthop": ADDRESS}
    routing.apply(replace(router, properties={**router.properties, "gateway": None, "routes": [route]}))
    assert routes_of(state) == {"192.168.5.0/24": ADDRESS}
    assert not state.table("gateways")
    routing.apply(replace(router, properties={**router.properties, "interfaces": []}))
    assert not state.table("route_tables")
    assert state.table("subnets")[native.id].route_table_id == ""


@pytest.mark.parametrize("properties", [{"snat": False}, {"admin_state_up": False}])
def test_router_without_snat_or_that_is_down_has_no_nat_gateway(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec, properties: dict[str, Any]
) -> None:
    network.ensure_subnet(subnet)
    routing.apply(router_of(subnet, **properties))
    assert routes_of(state) == {}
    assert not state.table("gateways")


def test_unchanged_router_sends_no_change(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    network.ensure_subnet(subnet)
    router = router_of(subnet)
    routing.apply(router)
    state.requests.clear()
    routing.apply(router)
    assert [item for item in state.requests if not item.endswith(("/List", "/Get"))] == []


def test_last_subnet_deletes_the_network_with_its_tables_gateways_and_groups(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native = network.ensure_subnet(subnet)
    routing.apply(router_of(subnet))
    first = group_of(rule(protocol="tcp"))
    second = group_of(rule(remote_group_id=first.token), rule(remote_group_id="self"))
    second.properties["rules"][1]["remote_group_id"] = second.token
    routing.ensure_security_groups([first, second], native.id, filtered=True)
    network.delete_subnet(native.id)
    tables = ("networks", "subnets", "route_tables", "gateways", "security_groups")
    assert [item.id for name in tables for item in state.table(name).values() if item.labels] == []


def test_rules_are_converted_exactly(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native, other = network.ensure_subnet(subnet), group_of()
    group = group_of(
        rule(protocol="tcp", port_range_min=22, port_range_max=80, remote_ip_prefix="192.0.2.7/24"),
        rule(protocol="udp"),
        rule(protocol="icmp", remote_ip_prefix="10.0.0.0/8"),
        rule(protocol="vrrp", remote_group_id=other.token),
        rule(protocol="47", remote_address_group_id="a", remote_addresses=["198.51.100.1/32", "2001:db8::/32"]),
        rule(direction="egress"),
        rule(direction="egress", ethertype="IPv6"),
    )
    [group_id] = routing.ensure_security_groups([group], native.id, filtered=True)
    [other_id] = routing.ensure_security_groups([other], native.id, filtered=True)
    expected = {
        ("INGRESS", "6", 22, 80, "192.0.2.0/24"),
        ("INGRESS", "17", 0, 65535, "0.0.0.0/0"),
        ("INGRESS", "1", 0, 0, "10.0.0.0/8"),
        ("INGRESS", "112", 0, 0, other_id),
        ("INGRESS", "47", 0, 0, "198.51.100.1/32"),
        ("EGRESS", "ANY", 0, 0, "0.0.0.0/0"),
    }
    assert list_rules(state, group_id) == expected
    state.requests.clear()
    routing.apply(group)
    assert "SecurityGroupService/UpdateRules" not in state.requests
    routing.apply(replace(group, properties={**group.properties, "rules": [rule(protocol="udp")]}))
    assert list_rules(state, group_id) == {("INGRESS", "17", 0, 65535, "0.0.0.0/0")}


def test_rules_that_others_added_are_removed(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native, group = network.ensure_subnet(subnet), group_of(rule(protocol="tcp"))
    [group_id] = routing.ensure_security_groups([group], native.id, filtered=True)
    wide = SecurityGroupRule(id="extra", direction=SecurityGroupRule.INGRESS, protocol_name="ANY")
    wide.cidr_blocks.v4_cidr_blocks.extend(["0.0.0.0/0", "10.0.0.0/8"])
    by_name = SecurityGroupRule(id="named", direction=SecurityGroupRule.INGRESS, protocol_name="TCP")
    by_name.cidr_blocks.v4_cidr_blocks.append("0.0.0.0/0")
    state.table("security_groups")[group_id].rules.extend([wide, by_name])
    routing.apply(group)
    assert list_rules(state, group_id) == {("INGRESS", "6", 0, 65535, "0.0.0.0/0")}


@pytest.mark.parametrize(("filtered", "count"), [(True, 0), (False, 2)])
def test_interface_without_groups_is_closed_or_open(
    network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec, filtered: bool, count: int
) -> None:
    native = network.ensure_subnet(subnet)
    [group_id] = routing.ensure_security_groups([], native.id, filtered=filtered)
    assert len(list_rules(state, group_id)) == count
    assert [item for item in routing.list_objects() if item.kind == "security_group"] == []


def test_groups_of_an_interface_change(
    compute: ComputeDriver, network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native, group = network.ensure_subnet(subnet), group_of(rule())
    [closed] = routing.ensure_security_groups([], native.id, filtered=True)
    server_id = create_server(compute, native, ADDRESS, closed)
    [interface] = state.table("instances")[server_id].network_interfaces
    routing.set_security_groups(subnet.token, ADDRESS, [group], filtered=True)
    assert closed not in interface.security_group_ids
    routing.delete("security_group", group.token)
    assert list(interface.security_group_ids) == [closed]


def test_floating_ip_moves_between_servers(
    compute: ComputeDriver, network: NetworkDriver, routing: RoutingDriver, subnet: SubnetSpec
) -> None:
    native = network.ensure_subnet(subnet)
    for address in (ADDRESS, "10.77.0.21"):
        create_server(compute, native, address)
    tokens = [str(uuid4()), str(uuid4())]
    addresses = [routing.allocate_address(token) for token in tokens]
    assert len(set(addresses)) == 2

    def associate(number: int, fixed_address: str | None) -> None:
        values = {"address": addresses[number], "fixed_address": fixed_address, "subnet_id": subnet.token}
        routing.apply(RoutingObject("floating_ip", tokens[number], "", {**values, "forwardings": []}))

    def list_associations() -> dict[str, str | None]:
        items = [item for item in routing.list_objects() if item.kind == "floating_ip"]
        return {item.token: item.properties["fixed_address"] for item in items}

    associate(0, ADDRESS)
    associate(0, "10.77.0.21")
    assert list_associations() == {tokens[0]: "10.77.0.21", tokens[1]: None}
    associate(1, "10.77.0.21")
    assert list_associations() == {tokens[0]: None, tokens[1]: "10.77.0.21"}
    routing.delete("floating_ip", tokens[1])
    assert list_associations() == {tokens[0]: None}


def test_lost_responses_reserve_one_address(routing: RoutingDriver, state: State) -> None:
    fault = Fault("AddressService/Create", unavailable(), count=3, executes=True)
    state.faults.append(fault)
    with pytest.raises(CloudUnreachable):
        routing.allocate_address("t1")
    routing.allocate_address("t1")
    assert len(state.table("addresses")) == 1


def test_change_of_a_busy_server_is_repeated(
    compute: ComputeDriver, network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native = network.ensure_subnet(subnet)
    server_id = create_server(compute, native)
    compute.stop(server_id)
    state.pending.clear()
    with pytest.raises(CloudUnreachable, match="still in the status STOPPING"):
        routing.set_security_groups(subnet.token, ADDRESS, [group_of()], filtered=True)


def test_what_a_server_uses_is_deleted_after_it(
    compute: ComputeDriver, network: NetworkDriver, routing: RoutingDriver, state: State, subnet: SubnetSpec
) -> None:
    native, group = network.ensure_subnet(subnet), group_of(rule())
    groups = routing.ensure_security_groups([group], native.id, filtered=True)
    server_id = create_server(compute, native, ADDRESS, *groups)
    values = {"address": routing.allocate_address("t1"), "fixed_address": ADDRESS, "subnet_id": subnet.token}
    routing.apply(RoutingObject("floating_ip", "t1", "", {**values, "forwardings": []}))
    state.duration_s = 60
    compute.delete(server_id)
    state.duration_s = 0.02
    deletions: tuple[Callable[[], None], ...] = (
        lambda: routing.delete("floating_ip", "t1"),
        lambda: routing.delete("security_group", group.token),
        lambda: network.delete_subnet(native.id),
    )
    for delete in deletions:
        with pytest.raises(CloudUnreachable, match="still in the status DELETING"):
            delete()
    state.pending[0].finishes_at = 0
    for delete in deletions:
        delete()
    tables = ("networks", "subnets", "addresses", "security_groups")
    assert [item.id for name in tables for item in state.table(name).values() if item.labels] == []


@pytest.mark.parametrize(
    ("cidr", "message"),
    [
        ("10.0.0.0/8", "from /16 to /28"),
        ("10.0.0.0/29", "from /16 to /28"),
        ("198.51.100.0/24", "private addresses"),
        ("fd00::/64", "invalid IPv4 CIDR"),
        ("10.77.0.1/24", "invalid IPv4 CIDR"),
    ],
)
def test_invalid_subnet_is_rejected_before_a_network_is_created(
    network: NetworkDriver, state: State, subnet: SubnetSpec, cidr: str, message: str
) -> None:
    with pytest.raises(RequestRejected, match=message):
        network.ensure_subnet(replace(subnet, cidr=cidr))
    assert "NetworkService/Create" not in state.requests


def two_networks(subnet: SubnetSpec) -> RoutingObject:
    router = router_of(subnet)
    other = {**router.properties["interfaces"][0], "network_id": "other"}
    return replace(router, properties={**router.properties, "interfaces": [*router.properties["interfaces"], other]})


def ipv6_interface(subnet: SubnetSpec) -> RoutingObject:
    interface = {**router_of(subnet).properties["interfaces"][0], "ip_address": "2001:db8::1"}
    return router_of(subnet, interfaces=[interface])


def route_to(subnet: SubnetSpec, destination: str, nexthop: str = ADDRESS) -> RoutingObject:
    return router_of(subnet, routes=[{"destination": destination, "nexthop": nexthop}])


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (two_networks, "subnets of one network"),
        (ipv6_interface, "IPv6 router interfaces"),
        (lambda subnet: router_of(subnet, other_subnets=[subnet.token]), "one route table"),
        (lambda subnet: router_of(subnet, conntrack_helpers=[{}]), "conntrack helpers"),
        (lambda subnet: router_of(subnet, ndp_proxies=["2001:db8::1"]), "NDP proxies"),
        (lambda subnet: route_to(subnet, "2001:db8::/32"), "IPv6 extra routes"),
        (lambda subnet: route_to(subnet, "192.168.0.0/24", "192.0.2.1"), "next hop"),
        (lambda subnet: route_to(subnet, "0.0.0.0/0"), "only one default route"),
        (lambda subnet: route_to(subnet, "10.77.0.128/25"), "addresses of the network itself"),
        (lambda _: RoutingObject("floating_ip", "t", "", {"forwardings": [{}]}), "port forwarding"),
        (lambda _: RoutingObject("local_ip", "t", "", {}), "local to a host"),
        (lambda _: group_of(stateful=False), "stateless"),
        (lambda _: group_of(rule(protocol="icmp", port_range_min=8, port_range_max=0)), "type and code of ICMP"),
        (lambda _: group_of(rule(protocol="sctp", port_range_min=1, port_range_max=2)), "not for 'sctp'"),
    ],
)
def test_unsupported_objects_are_refused_without_a_request(
    routing: RoutingDriver, state: State, subnet: SubnetSpec, build: Any, message: str
) -> None:
    with pytest.raises(NotSupported, match=message):
        routing.apply(build(subnet))
    assert state.requests == []


def test_too_many_rules_are_rejected(routing: RoutingDriver) -> None:
    rules = [rule(protocol="tcp", port_range_min=port, port_range_max=port) for port in range(1, 52)]
    with pytest.raises(RequestRejected, match="at most 50 rules"):
        routing.apply(group_of(*rules))
