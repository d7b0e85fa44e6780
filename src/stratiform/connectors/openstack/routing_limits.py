"""What this connector does not create in Neutron: an error before anything is created."""

from collections.abc import Callable, Mapping
from typing import Any

from stratiform.contract.errors import NotSupported
from stratiform.contract.routing import RoutingObject


def check_routing(desired: RoutingObject) -> None:
    """Implements the `check_routing` of contract.connector.Connector."""
    _CHECKS[desired.kind](desired.properties)


def _check_router(router: Mapping[str, Any]) -> None:
    if router.get("conntrack_helpers"):
        raise NotSupported("conntrack helpers are not created in OpenStack clouds")
    if router.get("ndp_proxies"):
        raise NotSupported("NDP proxies are not created in OpenStack clouds")


def _check_floating_ip(floating_ip: Mapping[str, Any]) -> None:
    if floating_ip.get("forwardings"):
        raise NotSupported("port forwardings are not created in OpenStack clouds")


def _refuse_local_ip(_local_ip: Mapping[str, Any]) -> None:
    raise NotSupported("local IPs are not created in OpenStack clouds")


def _accept(_group: Mapping[str, Any]) -> None:
    """Neutron applies every security group of ours."""


_CHECKS: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
    "router": _check_router,
    "floating_ip": _check_floating_ip,
    "local_ip": _refuse_local_ip,
    "security_group": _accept,
}
