"""What AWS cannot do is an error before a request."""

from typing import Any

import pytest

from stratiform.connectors.aws.routing_limits import check_routing
from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.routing import Kind, RoutingObject

BLUE = {"subnet_id": "s1", "ip_address": "10.7.0.1", "network_id": "n1", "cidr": "10.7.0.0/24"}
GREEN = {"subnet_id": "s2", "ip_address": "10.8.0.1", "network_id": "n2", "cidr": "10.8.0.0/24"}
RULE = {"direction": "ingress", "ethertype": "IPv4", "protocol": None, "port_range_min": None}


def route(destination: str, nexthop: str = "10.7.0.20") -> dict[str, Any]:
    return {"interfaces": [BLUE], "gateway": "n9", "routes": [{"destination": destination, "nexthop": nexthop}]}


@pytest.mark.parametrize(
    ("kind", "properties", "message"),
    [
        ("router", {"interfaces": [BLUE, GREEN]}, "connects the subnets of one network"),
        ("router", {"interfaces": [{**BLUE, "ip_address": "fd00::1", "cidr": "fd00::/64"}]}, "IPv6 router interfaces"),
        ("router", {"interfaces": [BLUE], "snat": False}, "SNAT cannot be disabled"),
        ("router", {"interfaces": [BLUE], "other_subnets": ["s1"]}, "one route table"),
        ("router", {"interfaces": [BLUE], "gateway": "n9", "other_gateways": ["n8", "n9"]}, "one internet gateway"),
        ("router", route("172.16.0.0/12", "203.0.113.1"), "a server in a subnet of the router"),
        ("router", route("0.0.0.0/0"), "one default route"),
        ("router", route("10.7.0.128/25"), "the addresses of the network itself"),
        ("router", route("169.254.169.254/32"), "link-local"),
        ("router", route("2001:db8::/32"), "IPv6 extra routes"),
        ("floating_ip", {"forwardings": [{"external_port": 80}]}, "do not support port forwarding"),
        ("security_group", {"stateful": False, "rules": []}, "stateless security groups"),
        ("security_group", {"rules": [{**RULE, "protocol": "sctp", "port_range_min": 1}]}, "only for tcp and udp"),
    ],
)
def test_unsupported_object_is_refused(kind: Kind, properties: dict[str, Any], message: str) -> None:
    with pytest.raises(NotSupported, match=message):
        check_routing(RoutingObject(kind, "t", "", properties))


@pytest.mark.parametrize("cidr", ["10.0.0.0/15", "10.0.0.0/29"])
def test_router_has_interfaces_on_subnets_that_ec2_can_have(cidr: str) -> None:
    with pytest.raises(RequestRejected, match="from /16 to /28"):
        check_routing(RoutingObject("router", "t", "", {"interfaces": [{**BLUE, "cidr": cidr}]}))


def test_number_of_rules_is_limited_for_each_direction() -> None:
    rules = [{**RULE, "remote_addresses": ["192.0.2.0/24"] * 30}, *[RULE] * 30, {**RULE, "direction": "egress"}]
    check_routing(RoutingObject("security_group", "t", "", {"rules": rules}))
    with pytest.raises(RequestRejected, match="at most 60 ingress rules"):
        check_routing(RoutingObject("security_group", "t", "", {"rules": [*rules, RULE]}))


def test_supported_objects_pass() -> None:
    check_routing(RoutingObject("router", "t", "", {**route("172.16.0.0/12"), "other_gateways": ["n9"]}))
    check_routing(RoutingObject("floating_ip", "t", "", {"forwardings": []}))
