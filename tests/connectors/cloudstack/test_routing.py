"""Routing capability of CloudStack in an advanced zone, beyond the conformance tests."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stratiform.connectors.cloudstack.connector import CloudStackCloud
from stratiform.connectors.cloudstack.routing_limits import check_routing
from stratiform.connectors.cloudstack.security_rules import Permission, merge_ports
from stratiform.contract.compute import NetworkInterface
from stratiform.contract.errors import CloudUnreachable, InsufficientCapacity, NotSupported, RequestRejected
from stratiform.contract.network import SubnetSpec
from stratiform.contract.routing import RoutingObject
from support.cloudstack import connect_cloudstack
from support.cloudstack.api_server import ApiServer
from support.cloudstack.scenarios import compute_of, create_server, list_owned, network_of, routing_of

SUBNET = SubnetSpec("n1", "net-1", "blue", "10.7.0.0/24", "10.7.0.1")
INTERFACE = {"subnet_id": "n1", "ip_address": "10.7.0.1", "network_id": "net-1", "cidr": "10.7.0.0/24"}
ADDRESS = "10.7.0.20"


def new_router(**properties: Any) -> RoutingObject:
    values = {"interfaces": [INTERFACE], "gateway": "public", "snat": True, "routes": [], "admin_state_up": True}
    return RoutingObject("router", "r1", "edge", {**values, **properties})


def new_rule(**values: Any) -> dict[str, Any]:
    names = ("protocol", "port_range_min", "port_range_max", "remote_ip_prefix", "remote_group_id")
    rule: dict[str, Any] = {
        "direction": "ingress",
        "ethertype": "IPv4",
        "remote_address_group_id": None,
        "remote_addresses": [],
    }
    return {**dict.fromkeys(names), **rule, **values}


def new_group(token: str, *rules: dict[str, Any]) -> RoutingObject:
    return RoutingObject("security_group", token, token, {"stateful": True, "rules": list(rules)})


def new_floating_ip(address: str, fixed_address: str | None = ADDRESS, **properties: Any) -> RoutingObject:
    values = {"address": address, "fixed_address": fixed_address, "subnet_id": "n1" if fixed_address else None}
    return RoutingObject("floating_ip", "f1", "", {**values, "router": "r1", "forwardings": [], **properties})


def create_member(
    cloud: CloudStackCloud,
    server: ApiServer,
    *groups: RoutingObject,
    token: str = "s1",
    address: str = ADDRESS,
    subnet: SubnetSpec = SUBNET,
    filtered: bool = True,
) -> str:
    """Create a server with these groups, and return its native id."""
    native = network_of(cloud).ensure_subnet(subnet)
    group_ids = routing_of(cloud).ensure_security_groups(groups, native.id, filtered=filtered)
    interface = NetworkInterface(native.id, address, "", group_ids)
    server_id = create_server(cloud, server, token, interfaces=(interface,)).id
    server.state.finish_jobs()
    return server_id


def list_rules(server: ApiServer, table: str = "firewall_rules") -> list[tuple[Any, ...]]:
    """Return protocol, first and last port (or ICMP type and code), source and destination of the rules."""
    return sorted(
        (
            row["protocol"],
            row.get("startport", row.get("icmptype")),
            row.get("endport", row.get("icmpcode")),
            row["cidrlist"],
            *([row["destcidrlist"]] if "destcidrlist" in row else []),
        )
        for row in server.state.rows(table)
    )


def test_floating_ip_lets_pass_what_the_groups_of_its_server_allow(cloud: CloudStackCloud, server: ApiServer) -> None:
    web = new_group(
        "web",
        new_rule(protocol="tcp", port_range_min=80, port_range_max=81, remote_ip_prefix="192.0.2.9/24"),
        new_rule(protocol="tcp", port_range_min=81, port_range_max=90, remote_ip_prefix="192.0.2.0/24"),
        new_rule(protocol="6", port_range_min=22, port_range_max=22),
        new_rule(protocol="icmp"),
        new_rule(protocol="icmp", port_range_min=8, port_range_max=0),
        new_rule(protocol="udp", remote_group_id="db"),
        new_rule(ethertype="IPv6", protocol="tcp"),
        new_rule(
            protocol="udp",
            port_range_min=53,
            port_range_max=53,
            remote_address_group_id="a1",
            remote_addresses=["198.51.100.0/24", "2001:db8::/32"],
        ),
    )
    create_member(cloud, server, web)
    create_member(cloud, server, new_group("db", new_rule(protocol="tcp")), token="s2", address="10.7.0.21")
    address = routing_of(cloud).allocate_address("f1")
    for _ in range(2):
        routing_of(cloud).apply(new_floating_ip(address))
        assert list_rules(server) == [
            ("icmp", -1, -1, "0.0.0.0/0"),
            ("tcp", 22, 22, "0.0.0.0/0"),
            ("tcp", 80, 90, "192.0.2.0/24"),
            ("udp", 53, 53, "198.51.100.0/24"),
        ]
    routing_of(cloud).apply(new_group("web", new_rule()))
    assert list_rules(server) == [
        ("icmp", -1, -1, "0.0.0.0/0"),
        ("tcp", 1, 65535, "0.0.0.0/0"),
        ("udp", 1, 65535, "0.0.0.0/0"),
    ]
    routing_of(cloud).set_security_groups("n1", ADDRESS, [], filtered=True)
    assert list_rules(server) == []
    routing_of(cloud).set_security_groups("n1", ADDRESS, [], filtered=False)
    assert len(list_rules(server)) == 3
    routing_of(cloud).apply(new_floating_ip(address, None))
    assert list_rules(server) == []


def test_outgoing_traffic_needs_a_router_with_a_gateway_and_a_rule(cloud: CloudStackCloud, server: ApiServer) -> None:
    routing = routing_of(cloud)
    everywhere = new_group("all", new_rule(direction="egress"), new_rule(direction="egress", protocol="tcp"))
    https = new_group(
        "some",
        new_rule(
            direction="egress",
            protocol="tcp",
            port_range_min=443,
            port_range_max=443,
            remote_ip_prefix="198.51.100.0/24",
        ),
    )
    create_member(cloud, server, everywhere)
    create_member(cloud, server, https, token="s2", address="10.7.0.21")
    create_member(cloud, server, token="s3", address="10.7.0.22")
    create_member(cloud, server, token="s4", address="10.7.0.23", filtered=False)
    assert list_rules(server, "egress_rules") == []
    for _ in range(2):
        routing.apply(new_router())
        assert list_rules(server, "egress_rules") == [
            ("all", None, None, "10.7.0.20/32", "0.0.0.0/0"),
            ("all", None, None, "10.7.0.23/32", "0.0.0.0/0"),
            ("tcp", 443, 443, "10.7.0.21/32", "198.51.100.0/24"),
        ]
    for router in (new_router(gateway=None), new_router(admin_state_up=False)):
        routing.apply(router)
        assert list_rules(server, "egress_rules") == []
    routing.apply(new_router())
    routing.delete("router", "r1")
    assert list_rules(server, "egress_rules") == []


def test_open_network_offering_has_no_egress_rules(server: ApiServer, home: Path) -> None:
    """Where the operator allows all outgoing traffic, CloudStack's egress rules forbid traffic."""
    cloud = connect_cloudstack(server.url, home, network_offering="Isolated with open egress")
    create_member(cloud, server, new_group("all", new_rule(direction="egress")))
    routing_of(cloud).apply(new_router())
    assert list_rules(server, "egress_rules") == []


def test_floating_ip_follows_to_another_network(cloud: CloudStackCloud, server: ApiServer) -> None:
    routing = routing_of(cloud)
    other = SubnetSpec("n2", "net-2", "green", "10.8.0.0/24", "10.8.0.1")
    first = create_member(cloud, server)
    second = create_member(cloud, server, token="s2", address="10.8.0.20", subnet=other)
    address = routing.allocate_address("f1")
    routing.apply(new_floating_ip(address))
    [native] = [row for row in list_owned(server, "addresses") if row["ipaddress"] == address]
    assert (native["virtualmachineid"], native["vmipaddress"]) == (first, ADDRESS)
    routing.apply(new_floating_ip(address, "10.8.0.20", subnet_id="n2"))
    assert (native["virtualmachineid"], native["vmipaddress"]) == (second, "10.8.0.20")
    [item] = [item for item in routing.list_objects() if item.kind == "floating_ip"]
    assert item.properties == {"address": address, "fixed_address": "10.8.0.20"}
    compute_of(cloud).delete(second)
    server.state.finish_jobs()
    routing.apply(new_floating_ip(address, "10.8.0.20", subnet_id="n2"))
    assert not native["isstaticnat"]
    routing.delete("floating_ip", "f1")
    assert native["state"] == "Free"


def test_floating_ip_before_its_server_and_after_its_network(cloud: CloudStackCloud, server: ApiServer) -> None:
    routing, address = routing_of(cloud), routing_of(cloud).allocate_address("f1")
    routing.apply(new_floating_ip(address))
    [native] = list_owned(server, "addresses")
    assert (native["ipaddress"], native["state"]) == (address, "Reserved")
    server_id = create_member(cloud, server)
    routing.apply(new_floating_ip(address))
    assert native["virtualmachineid"] == server_id
    compute_of(cloud).delete(server_id)
    server.state.finish_jobs()
    [subnet] = network_of(cloud).list_subnets()
    network_of(cloud).delete_subnet(subnet.id)
    assert native["state"] == "Free"  # CloudStack releases the addresses of a network
    routing.apply(new_floating_ip(address, None))
    assert (native["ipaddress"], native["state"]) == (address, "Reserved")


def test_address_that_another_account_took_is_rejected(cloud: CloudStackCloud, server: ApiServer) -> None:
    routing, address = routing_of(cloud), routing_of(cloud).allocate_address("f1")
    [native] = list_owned(server, "addresses")
    native |= {"_owner": "other", "account": "other"}
    with pytest.raises(RequestRejected, match=f"{address} is not available"):
        routing.apply(new_floating_ip(address))
    assert routing.allocate_address("f1") != address
    routing.delete("floating_ip", "f1")
    assert [row["_owner"] for row in list_owned(server, "addresses")] == ["other"]


def test_accounts_that_choose_the_same_address_get_two(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.inject("reserveIpAddress", "error", status=431, text="Unable to reserve IP address: it is not free")
    address = routing_of(cloud).allocate_address("f1")
    assert [row["ipaddress"] for row in list_owned(server, "addresses")] == [address]
    [record] = list_owned(server, "groups")
    assert (record["name"].rsplit("-", 1)[-1], record["description"]) == (address, "f1")


def test_parallel_floating_ips_have_different_addresses(cloud: CloudStackCloud, server: ApiServer) -> None:
    for row in list(server.state.rows("addresses"))[4:]:
        server.state.remove("addresses", row["id"])
    with ThreadPoolExecutor(4) as pool:
        addresses = list(pool.map(routing_of(cloud).allocate_address, ["f1", "f2", "f3", "f1"]))
    assert (len(set(addresses)), addresses[0]) == (3, addresses[3])
    assert len(list_owned(server, "addresses")) == 3


def test_no_free_address_is_insufficient_capacity(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.state.tables["addresses"].clear()
    with pytest.raises(InsufficientCapacity, match="no free public address"):
        routing_of(cloud).allocate_address("f1")


def test_old_cloudstack_cannot_reserve_addresses(cloud: CloudStackCloud, server: ApiServer) -> None:
    server.state.forbidden.add("reserveipaddress")
    with pytest.raises(NotSupported, match=r"before 4\.17"):
        routing_of(cloud).allocate_address("f1")


@pytest.mark.parametrize("command", ["associateIpAddress", "enableStaticNat", "createFirewallRule"])
def test_floating_ip_is_completed_after_a_lost_response(
    cloud: CloudStackCloud, server: ApiServer, command: str
) -> None:
    server_id = create_member(cloud, server, new_group("web", new_rule(protocol="tcp")))
    address = routing_of(cloud).allocate_address("f1")
    server.inject(command, "lose")
    with pytest.raises(CloudUnreachable):
        routing_of(cloud).apply(new_floating_ip(address))
    server.state.finish_jobs()
    routing_of(cloud).apply(new_floating_ip(address))
    [native] = [row for row in list_owned(server, "addresses") if not row["issourcenat"]]
    assert (native["ipaddress"], native["virtualmachineid"]) == (address, server_id)
    assert list_rules(server) == [("tcp", 1, 65535, "0.0.0.0/0")]


def test_ports_are_forwarded_to_servers_and_filtered_by_their_groups(cloud: CloudStackCloud, server: ApiServer) -> None:
    routing = routing_of(cloud)
    create_member(cloud, server, new_group("web", new_rule(protocol="tcp", port_range_min=80, port_range_max=80)))
    routing.apply(new_router())
    address = routing.allocate_address("f1")
    forwardings = [
        {"protocol": "tcp", "external_port": 8080, "internal_ip_address": ADDRESS, "internal_port": 80},
        {"protocol": "tcp", "external_port": 2222, "internal_ip_address": ADDRESS, "internal_port": 22},
        {"protocol": "udp", "external_port": 53, "internal_ip_address": "10.7.0.99", "internal_port": 53},
    ]
    for _ in range(2):
        routing.apply(new_floating_ip(address, None, forwardings=forwardings))
        rules = [(row["publicport"], row["privateport"], row["vmguestip"]) for row in server.state.rows("forwardings")]
        assert sorted(rules) == [("2222", "22", ADDRESS), ("8080", "80", ADDRESS)]
        assert list_rules(server) == [("tcp", 8080, 8080, "0.0.0.0/0")]
    routing.apply(new_floating_ip(address, None))
    assert (server.state.rows("forwardings"), list_rules(server)) == ([], [])
    routing.apply(new_floating_ip(address))
    routing.delete("floating_ip", "f1")
    assert [row for row in list_owned(server, "addresses") if not row["issourcenat"]] == []


def test_group_of_a_deleted_server_has_no_effect(cloud: CloudStackCloud, server: ApiServer) -> None:
    routing = routing_of(cloud)
    server_id = create_member(cloud, server, new_group("web", new_rule(direction="egress")))
    routing.apply(new_router())
    compute_of(cloud).delete(server_id)
    server.state.finish_jobs()
    routing.apply(new_router())
    assert list_rules(server, "egress_rules") == []


@pytest.mark.parametrize(
    ("desired", "message"),
    [
        (new_router(interfaces=[{**INTERFACE, "ip_address": "2001:db8::1"}]), "IPv6"),
        (new_router(interfaces=[INTERFACE, {**INTERFACE, "subnet_id": "n2"}]), "serves one subnet"),
        (new_router(other_subnets=["n1"]), "one virtual router"),
        (new_router(snat=False), "SNAT"),
        (new_router(routes=[{"destination": "10.0.0.0/8", "nexthop": "10.7.0.9"}]), "static routes"),
        (new_router(conntrack_helpers=[{}]), "conntrack"),
        (new_router(ndp_proxies=["2001:db8::2"]), "NDP"),
        (new_floating_ip("203.0.113.9", forwardings=[{"protocol": "tcp"}]), "either a server or"),
        (new_floating_ip("203.0.113.9", None, forwardings=[{"protocol": "sctp"}]), "tcp and udp, not of 'sctp'"),
        (RoutingObject("local_ip", "l1"), "local to a host"),
        (new_group("web", new_rule(protocol="sctp")), "not 'sctp'"),
        (replace(new_group("web"), properties={"stateful": False, "rules": []}), "stateless"),
    ],
)
def test_what_cloudstack_cannot_do_is_refused_without_a_request(desired: RoutingObject, message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        check_routing(desired)


@pytest.mark.parametrize(
    ("ranges", "merged"),
    [
        ([(1, 5), (6, 9)], [(1, 9)]),
        ([(1, 5), (7, 9)], [(1, 5), (7, 9)]),
        ([(1, 65535), (22, 22), (80, 90)], [(1, 65535)]),
        ([(5, 9), (1, 6), (8, 20)], [(1, 20)]),
    ],
)
def test_merge_ports(ranges: list[tuple[int, int]], merged: list[tuple[int, int]]) -> None:
    result = merge_ports(Permission("tcp", first, last, "0.0.0.0/0") for first, last in ranges)
    assert sorted((item.first, item.last) for item in result) == merged
