"""Limits of EC2 that are known without a request: they are errors before anything is created.

Source: VPC user guide ("Amazon VPC quotas", "Route tables", "Internet gateways", "Security group rules"), EC2 API
reference (IpPermission, CreateRoute, AllocateAddress).
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.routing import RoutingObject

MIN_PREFIX, MAX_PREFIX = 16, 28

_DEFAULT_ROUTE = ip_network("0.0.0.0/0")
_LINK_LOCAL = ip_network("169.254.0.0/16")

#: The rules that a security group may have in each direction, unless AWS grants more.
_MAX_RULES = 60

_PORT_PROTOCOLS = (None, "tcp", "udp", "6", "17", "icmp", "1")


def check_cidr(cidr: str) -> None:
    """Raises RequestRejected for a subnet that EC2 cannot have."""
    try:
        prefix = IPv4Network(cidr).prefixlen
    except ValueError as error:
        raise RequestRejected(f"invalid IPv4 CIDR '{cidr}': {error}") from error
    if not MIN_PREFIX <= prefix <= MAX_PREFIX:
        raise RequestRejected(f"AWS supports subnets from /{MIN_PREFIX} to /{MAX_PREFIX}, not {cidr}")


def check_routing(desired: RoutingObject) -> None:
    """Implements the `check_routing` of contract.connector.Connector."""
    _CHECKS[desired.kind](desired.properties)


def _check_router(router: Mapping[str, Any]) -> None:
    interfaces = router.get("interfaces", ())
    if any(":" in interface["ip_address"] for interface in interfaces):
        raise NotSupported("IPv6 router interfaces are not supported on AWS")
    if len({interface["network_id"] for interface in interfaces}) > 1:
        raise NotSupported("a router on AWS connects the subnets of one network, because a network is a VPC")
    for interface in interfaces:
        check_cidr(interface["cidr"])
        if interface["subnet_id"] in router.get("other_subnets", ()):
            raise NotSupported("a subnet on AWS has one route table, so it cannot have interfaces of several routers")
    if not router.get("snat", True):
        raise NotSupported("SNAT cannot be disabled on an AWS internet gateway")
    if router.get("conntrack_helpers"):
        raise NotSupported("AWS route tables have no conntrack helpers")
    if router.get("ndp_proxies"):
        raise NotSupported("AWS route tables have no NDP proxies")
    others = set(router.get("other_gateways", ())) - {router.get("gateway")}
    if router.get("gateway") and others:
        raise NotSupported("a VPC has one internet gateway, so the routers of a network share one external network")
    for route in router.get("routes", ()):
        _check_route(router, ip_network(route["destination"]), route["nexthop"])


def _check_route(router: Mapping[str, Any], destination: Any, nexthop: str) -> None:
    if not isinstance(destination, IPv4Network):
        raise NotSupported("IPv6 extra routes are not supported on AWS")
    cidrs = [IPv4Network(interface["cidr"]) for interface in router.get("interfaces", ())]
    if not any(ip_address(nexthop) in cidr for cidr in cidrs):
        raise NotSupported(f"the next hop of a route on AWS must be a server in a subnet of the router: '{nexthop}'")
    if destination == _DEFAULT_ROUTE and router.get("gateway"):
        raise NotSupported("an AWS route table has only one default route, which the external gateway uses")
    if destination.overlaps(_LINK_LOCAL) and destination != _DEFAULT_ROUTE:
        raise NotSupported(f"AWS does not route link-local addresses: '{destination}'")
    if any(destination != _DEFAULT_ROUTE and cidr.supernet_of(destination) for cidr in cidrs):
        raise NotSupported(f"AWS routes the addresses of the network itself: '{destination}'")


def _check_floating_ip(floating_ip: Mapping[str, Any]) -> None:
    if floating_ip.get("forwardings"):
        raise NotSupported("Elastic IP addresses do not support port forwarding")


def _refuse_local_ip(_local_ip: Mapping[str, Any]) -> None:
    raise NotSupported("AWS has no addresses that are local to a host")


def _check_security_group(group: Mapping[str, Any]) -> None:
    if not group.get("stateful", True):
        raise NotSupported("AWS does not support stateless security groups")
    for direction in ("ingress", "egress"):
        rules = [
            rule
            for rule in group.get("rules", ())
            if rule["direction"] == direction and rule["ethertype"] == "IPv4"  # others have no effect
        ]
        if sum(len(rule.get("remote_addresses") or (None,)) for rule in rules) > _MAX_RULES:
            raise RequestRejected(f"a security group on AWS can have at most {_MAX_RULES} {direction} rules")
        for rule in rules:
            if rule["protocol"] not in _PORT_PROTOCOLS and rule["port_range_min"] is not None:
                raise NotSupported(
                    f"AWS security groups support port ranges only for tcp and udp, not for '{rule['protocol']}'"
                )


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "router": _check_router,
    "floating_ip": _check_floating_ip,
    "local_ip": _refuse_local_ip,
    "security_group": _check_security_group,
}
