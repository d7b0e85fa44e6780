"""Limits of CloudStack that are known without a request: they are errors before anything is created.

Source: CloudStack administration guide ("Isolated networks", "Security groups"), CloudStack API reference.
"""

from collections.abc import Callable, Mapping
from typing import Any

from stratiform.contract.errors import NotSupported
from stratiform.contract.routing import RoutingObject

_PROTOCOLS = (None, "any", "0", "tcp", "udp", "icmp", "6", "17", "1")


def check_routing(desired: RoutingObject) -> None:
    """Implements the `check_routing` of contract.connector.Connector."""
    _CHECKS[desired.kind](desired.properties)


def _check_router(router: Mapping[str, Any]) -> None:
    interfaces = router.get("interfaces", ())
    if any(":" in interface["ip_address"] for interface in interfaces):
        raise NotSupported("IPv6 router interfaces are not supported on CloudStack")
    if len(interfaces) > 1:
        raise NotSupported("a router on CloudStack serves one subnet, because isolated networks are not connected")
    if any(interface["subnet_id"] in router.get("other_subnets", ()) for interface in interfaces):
        raise NotSupported("a subnet on CloudStack has one virtual router, so it cannot have interfaces of several")
    if not router.get("snat", True):
        raise NotSupported("SNAT cannot be disabled on the virtual routers of CloudStack")
    if router.get("routes"):
        raise NotSupported("isolated networks of CloudStack have no static routes")
    if router.get("conntrack_helpers"):
        raise NotSupported("virtual routers of CloudStack have no conntrack helpers")
    if router.get("ndp_proxies"):
        raise NotSupported("virtual routers of CloudStack have no NDP proxies")


def _check_floating_ip(floating_ip: Mapping[str, Any]) -> None:
    if floating_ip.get("fixed_address") and floating_ip.get("forwardings"):
        raise NotSupported("a public address of CloudStack has either a server or port forwardings")
    for forwarding in floating_ip.get("forwardings") or ():
        if forwarding["protocol"] not in ("tcp", "udp"):
            raise NotSupported(f"CloudStack forwards only ports of tcp and udp, not of '{forwarding['protocol']}'")


def _refuse_local_ip(_local_ip: Mapping[str, Any]) -> None:
    raise NotSupported("CloudStack has no addresses that are local to a host")


def _check_security_group(group: Mapping[str, Any]) -> None:
    if not group.get("stateful", True):
        raise NotSupported("CloudStack does not support stateless security groups")
    for rule in group.get("rules", ()):
        if rule["ethertype"] == "IPv4" and rule["protocol"] not in _PROTOCOLS:
            raise NotSupported(f"CloudStack filters only tcp, udp and icmp, not '{rule['protocol']}'")


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "router": _check_router,
    "floating_ip": _check_floating_ip,
    "local_ip": _refuse_local_ip,
    "security_group": _check_security_group,
}
