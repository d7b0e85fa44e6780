"""Which gateways a router with `enable_ndp_proxy` may have. Source: neutron/services/ndp_proxy/plugin.py."""

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.network.errors.router_services import (
    RouterGatewayInUseByNdpProxy,
    RouterGatewayNotValid,
    RouterIpv6GatewayInUse,
)
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import resources
from stratiform.services.network.repository import router_services as repository
from stratiform.services.network.repository import routers as router_repository

_VERSION = 6


def check_new_router(db: Connection, router: Resource, external_network_id: str | None) -> None:
    """Check the gateway of a new router that enables NDP proxies. Raises: RouterGatewayNotValid."""
    if external_network_id is None:
        raise RouterGatewayNotValid(router.id, "The request body not contain external gateway information")
    if not _supports_proxies(db, external_network_id):
        raise RouterGatewayNotValid(
            router.id,
            f"The external network {external_network_id} don't support IPv6 ndp proxy, the network has no IPv6 subnets"
            " or has no IPv6 address scope",
        )


def check_gateway(ctx: RequestContext, router: Resource, external_network_id: str | None, *, enables: bool) -> None:
    """Check the gateway port of a router with NDP proxies, after a change.

    `enables`: this change enables them. Raises: RouterGatewayNotValid, RouterIpv6GatewayInUse.
    """
    ports = router_repository.list_ports(ctx.db, [router.id], router_repository.GATEWAY_OWNER)[router.id]
    has_address = any(":" in fixed_ip["ip_address"] for port in ports for fixed_ip in port.fixed_ips)
    if not enables and not has_address:
        raise RouterIpv6GatewayInUse(router.id)
    if enables and not (external_network_id and has_address and _supports_proxies(ctx.db, external_network_id)):
        raise RouterGatewayNotValid(
            router.id,
            "The router has no external gateway or the external gateway port has no IPv6 address or IPv6 address scope",
        )


def require_no_proxies(ctx: RequestContext, router: Resource) -> None:
    """Raises: RouterGatewayInUseByNdpProxy."""
    if repository.list_proxies(ctx.db, router.id):
        raise RouterGatewayInUseByNdpProxy(router.id)


def _supports_proxies(db: Connection, network_id: str) -> bool:
    subnets = resources.list_subnets_by_network(db, [network_id])[network_id]
    has_scope = _VERSION in repository.list_address_scopes(db, [network_id])[network_id]
    return has_scope and any(subnet.ip_version == _VERSION for subnet in subnets)
