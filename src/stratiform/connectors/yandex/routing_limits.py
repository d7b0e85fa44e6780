"""Limits of VPC that are known without a request: they are errors before anything is created.

Source: VPC guide ("Quotas and limits", "Static routes", "Security groups"), VPC API reference (SubnetService).
"""

from collections.abc import Callable, Mapping
from ipaddress import IPv4Network, ip_address, ip_network
from typing import Any

from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.routing import RoutingObject

MIN_PREFIX, MAX_PREFIX = 16, 28

#: Subnets have private addresses (RFC 1918).
_PRIVATE = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

_DEFAULT_ROUTE = ip_network("0.0.0.0/0")

_MAX_RULES = 50

_PORT_PROTOCOLS = (None, "tcp", "udp", "6", "17")
_ICMP = ("icmp", "1")


def check_cidr(cidr: str) -> None:
    """Raises RequestRejected for a subnet that VPC cannot have."""
    try:
        network = IPv4Network(cidr)
    except ValueError as error:
        raise RequestRejected(f"invalid IPv4 CIDR '{cidr}': {error}") from error
    if not MIN_PREFIX <= network.prefixlen <= MAX_PREFIX:
        raise RequestRejected(f"Yandex Cloud supports subnets from /{MIN_PREFIX} to /{MAX_PREFIX}, not {cidr}")
    if not any(network.subnet_of(private) for private in _PRIVATE):
        raise RequestRejected(f"Yandex Cloud supports only subnets with private addresses, not {cidr}")


def check_routing(desired: RoutingObject) -> None:
    """Implements the `check_routing` of contract.connector.Connector."""
    _CHECKS[desired.kind](desired.properties)


def _check_router(router: Mapping[str, Any]) -> None:
    interfaces = router.get("interfaces", ())
    if any(":" in interface["ip_address"] for interface in interfaces):
        raise NotSupported("IPv6 router interfaces are not supported on Yandex Cloud")
    if len({interface["network_id"] for interface in interfaces}) > 1:
        raise NotSupported(
            "a router on Yandex Cloud connects the subnets of one network, because networks are isolated"
        )
    for interface in interfaces:
        check_cidr(interface["cidr"])
        if interface["subnet_id"] in router.get("other_subnets", ()):
            raise NotSupported(
                "a subnet on Yandex Cloud has one route table, so it cannot have interfaces of several routers"
            )
    if router.get("conntrack_helpers"):
        raise NotSupported("Yandex Cloud has no conntrack helpers")
    if router.get("ndp_proxies"):
        raise NotSupported("Yandex Cloud has no NDP proxies")
    for route in router.get("routes", ()):
        _check_route(router, ip_network(route["destination"]), route["nexthop"])


def _check_route(router: Mapping[str, Any], destination: Any, nexthop: str) -> None:
    if not isinstance(destination, IPv4Network):
        raise NotSupported("IPv6 extra routes are not supported on Yandex Cloud")
    cidrs = [IPv4Network(interface["cidr"]) for interface in router.get("interfaces", ())]
    if not any(ip_address(nexthop) in cidr for cidr in cidrs):
        raise NotSupported(
            f"the next hop of a route on Yandex Cloud must be a server in a subnet of the router: '{nexthop}'"
        )
    if destination == _DEFAULT_ROUTE and router.get("gateway") and router.get("snat", True):
        raise NotSupported("a route table has only one default route, which the NAT gateway of the router uses")
    if any(destination != _DEFAULT_ROUTE and cidr.overlaps(destination) for cidr in cidrs):
        raise NotSupported(f"Yandex Cloud routes the addresses of the network itself: '{destination}'")


def _check_floating_ip(floating_ip: Mapping[str, Any]) -> None:
    if floating_ip.get("forwardings"):
        raise NotSupported("addresses of Yandex Cloud do not support port forwarding")


def _refuse_local_ip(_local_ip: Mapping[str, Any]) -> None:
    raise NotSupported("Yandex Cloud has no addresses that are local to a host")


def _check_security_group(group: Mapping[str, Any]) -> None:
    if not group.get("stateful", True):
        raise NotSupported("Yandex Cloud does not support stateless security groups")
    rules = [rule for rule in group.get("rules", ()) if rule["ethertype"] == "IPv4"]  # others have no effect
    if len(rules) > _MAX_RULES:
        raise RequestRejected(f"a security group on Yandex Cloud can have at most {_MAX_RULES} rules")
    for rule in rules:
        if rule["port_range_min"] is None and rule["port_range_max"] is None:
            continue
        if rule["protocol"] in _ICMP:
            raise NotSupported("security groups of Yandex Cloud do not filter by the type and code of ICMP")
        if rule["protocol"] not in _PORT_PROTOCOLS:
            raise NotSupported(
                f"security groups of Yandex Cloud support ports only for tcp and udp, not for '{rule['protocol']}'"
            )


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "router": _check_router,
    "floating_ip": _check_floating_ip,
    "local_ip": _refuse_local_ip,
    "security_group": _check_security_group,
}
