"""Conntrack helpers and NDP proxies of routers."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from msgspec import Meta

from stratiform.services.network import policy
from stratiform.services.network.errors.router_services import ConntrackHelperNotFound, NdpProxyNotFound
from stratiform.services.network.model.resource_types import (
    REQUIRED,
    STANDARD,
    Port,
    ResourceType,
    number,
    reference,
    text,
)

#: The helpers that routers may have, with their protocols. Source: Neutron's default `allowed_conntrack_helpers`.
ALLOWED_HELPERS: Mapping[str, Sequence[str]] = {
    "amanda": ("tcp",),
    "ftp": ("tcp",),
    "h323": ("udp", "tcp"),
    "irc": ("tcp",),
    "netbios-ns": ("udp",),
    "pptp": ("tcp",),
    "sane": ("tcp",),
    "sip": ("udp", "tcp"),
    "snmp": ("udp",),
    "tftp": ("udp",),
}

CONNTRACK_HELPER = ResourceType(
    "conntrack_helper",
    "conntrack_helpers",
    "/routers/{router_id}/conntrack_helpers",
    policy.CONNTRACK_HELPERS,
    ConntrackHelperNotFound,
    (
        reference("router_id", "network_router", update=False, cascades=True, hidden=True),
        text("protocol", REQUIRED),
        number("port", Port),
        text("helper", REQUIRED, Annotated[str, Meta(max_length=64)]),
    ),
    standard=frozenset(),
    owned=False,
    parent="router_id",
    unique=(("router_id", "protocol", "port", "helper"),),
)

NDP_PROXY = ResourceType(
    "ndp_proxy",
    "ndp_proxies",
    "/ndp_proxies",
    policy.NDP_PROXIES,
    NdpProxyNotFound,
    (
        reference("router_id", "network_router", update=False, cascades=True),
        reference("port_id", "network_port", update=False, cascades=True),
        text("ip_address", None, update=False),
    ),
    standard=STANDARD - {"tags"},
)
