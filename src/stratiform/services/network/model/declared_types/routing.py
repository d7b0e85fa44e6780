"""Routers, floating IPs and port forwardings."""

from typing import Annotated, Any, Literal

from msgspec import Meta

from stratiform.services.network import policy
from stratiform.services.network.errors.routing import (
    FloatingIpNotFound,
    FloatingIpUsedByPortForwarding,
    PortForwardingExists,
    PortForwardingNotFound,
    RouterInUse,
    RouterNotFound,
)
from stratiform.services.network.model.resource_types import (
    STANDARD,
    Attribute,
    Column,
    Port,
    ResourceType,
    computed,
    document,
    flag,
    hidden,
    number,
    reference,
    text,
)

_MAX_HINTS = 10

Routes = list[dict[Literal["destination", "nexthop"], str]]

ROUTER = ResourceType(
    "router",
    "routers",
    "/routers",
    policy.ROUTERS,
    RouterNotFound,
    (
        flag("admin_state_up", default=True),
        text("status", "ACTIVE", create=False, update=False),
        Attribute("external_gateway_info", dict[str, Any] | None, None, Column.NONE, filters=False),
        computed("external_gateways"),
        document("routes", Routes | None, []),
        flag(
            "distributed",
            create_rule=policy.ROUTERS_DISTRIBUTED,
            update_rule=policy.ROUTERS_DISTRIBUTED,
            read_rule=policy.ROUTERS_GET_DISTRIBUTED,
        ),
        flag("ha", create_rule=policy.ROUTERS_HA, update_rule=policy.ROUTERS_HA, read_rule=policy.ROUTERS_GET_HA),
        reference("flavor_id", default=None, update=False),
        document("availability_zone_hints", Annotated[list[str], Meta(max_length=_MAX_HINTS)], [], update=False),
        computed("availability_zones"),
        flag("enable_ndp_proxy", default=None, nullable=True),
        computed("conntrack_helpers"),
        reference("external_network_id", "network_network", None, create=False, update=False, hidden=True),
        flag("enable_snat", default=True, create=False, update=False, hidden=True),
        hidden("cloud_name"),
    ),
    in_use=RouterInUse,
    quota="router",
)

FLOATING_IP = ResourceType(
    "floatingip",
    "floatingips",
    "/floatingips",
    policy.FLOATING_IPS,
    FloatingIpNotFound,
    (
        reference("floating_network_id", "network_network", update=False),
        text("floating_ip_address", None, update=False, create_rule=policy.FLOATING_IPS_ADDRESS),
        Attribute("subnet_id", str | None, None, Column.NONE, update=False, filters=False, hidden=True),
        Attribute(
            "assigned_address",
            str | None,
            None,
            Column.NONE,
            create=False,
            update=False,
            filters=False,
            hidden=True,
        ),
        reference("port_id", "network_port", None),
        text("fixed_ip_address", None),
        reference("router_id", "network_router", None, create=False, update=False),
        text("status", "DOWN", create=False, update=False),
        text("dns_name"),
        text("dns_domain"),
        reference("qos_policy_id", "network_policy", None),
        computed("port_details"),
        computed("port_forwardings"),
        hidden("cloud_name"),
        hidden("external_port_id"),
    ),
    in_use=FloatingIpUsedByPortForwarding,
    standard=STANDARD - {"name"},
    unique=(("floating_network_id", "port_id", "fixed_ip_address"),),
    quota="floatingip",
)

PORT_FORWARDING = ResourceType(
    "port_forwarding",
    "port_forwardings",
    "/floatingips/{floatingip_id}/port_forwardings",
    policy.PORT_FORWARDINGS,
    PortForwardingNotFound,
    (
        reference("floatingip_id", "network_floatingip", update=False, hidden=True),
        reference("internal_port_id", "network_port", cascades=True),
        text("internal_ip_address"),
        number("internal_port", Port),
        number("external_port", Port),
        text("protocol", kind=Literal["tcp", "udp", "icmp", "icmp6", "sctp", "dccp"], default="tcp"),
    ),
    duplicate=PortForwardingExists,
    standard=frozenset({"description"}),
    owned=False,
    parent="floatingip_id",
    unique=(
        ("floatingip_id", "external_port", "protocol"),
        ("internal_port_id", "internal_ip_address", "internal_port", "protocol"),
    ),
)
