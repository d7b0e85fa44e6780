"""NDP proxies: IPv6 addresses of ports that a router announces on its external network.

Source: neutron/services/ndp_proxy/plugin.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.network.errors.router_services import (
    AddressScopeConflict,
    BadNdpProxyRequest,
    InvalidNdpAddress,
    PortUnreachableRouter,
    RouterNdpProxyNotEnabled,
)
from stratiform.services.network.model import Port
from stratiform.services.network.model.declared_types.router_services import NDP_PROXY
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import router_services as repository
from stratiform.services.network.repository import routers as router_repository
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.resource_collection import ResourceCollection
from stratiform.services.network.service.routers import Routers, enqueue_router

_VERSION = 6


@dataclass(frozen=True, slots=True)
class NdpProxies:
    """NDP proxies. A router with proxies keeps its gateway and the interfaces to the subnets of their addresses."""

    routers: Routers
    ports: Ports

    @property
    def collection(self) -> ResourceCollection:
        return self.routers.dependencies.build(
            NDP_PROXY,
            prepare=self._prepare,
            after_create=self._request_reconcile,
            before_delete=lambda ctx, proxy: enqueue_router(ctx, proxy["router_id"]),
        )

    def _prepare(self, ctx: RequestContext, proxy: Resource) -> Resource:
        """Raises the errors that this module imports, PortNotFound and RouterNotFound."""
        self.routers.collection.rows.lock(ctx.db, proxy["router_id"])
        port, router_id = self.ports.get(ctx, proxy["port_id"]), proxy["router_id"]
        interfaces = _list_interfaces(ctx.db, router_id, port.network_id)
        if not interfaces:
            raise PortUnreachableRouter(port.id, router_id)
        router = self.routers.collection.get(ctx, router_id)
        if not (router["enable_ndp_proxy"] and router["external_network_id"]):
            raise RouterNdpProxyNotEnabled(router_id)
        address = _select_address(proxy, port, interfaces)
        _require_same_scope(ctx.db, router["external_network_id"], port.network_id)
        return replace(proxy, values={**proxy.values, "ip_address": address})

    def _request_reconcile(self, ctx: RequestContext, proxy: Resource) -> None:
        self.routers.request_reconcile(ctx, self.routers.collection.get(ctx, proxy["router_id"]))


def _list_interfaces(db: Connection, router_id: str, network_id: str) -> Sequence[Port]:
    """Return the interfaces of a router on a network."""
    interfaces = router_repository.list_interfaces_on_network(db, network_id)
    return [interface for interface in interfaces if interface.device_id == router_id]


def _select_address(proxy: Resource, port: Port, interfaces: Sequence[Port]) -> str:
    """Return the requested address of a port, or its first one that the router reaches."""
    addresses = _list_addresses([port])
    if not addresses:
        raise BadNdpProxyRequest(f"Requested port {port.id} must allocate one IPv6 address at least")
    reachable = set(_list_addresses(interfaces).values())
    requested = proxy["ip_address"]
    if requested is None:
        for address, subnet_id in addresses.items():
            if subnet_id in reachable:
                return address
        raise PortUnreachableRouter(port.id, proxy["router_id"])
    address = _normalize(requested)
    if address not in addresses:
        raise InvalidNdpAddress(requested, f"This address not belong to the port {port.id}")
    if addresses[address] not in reachable:
        raise InvalidNdpAddress(requested, f"This address cannot reach the router {proxy['router_id']}")
    return address


def _list_addresses(ports: Sequence[Port]) -> Mapping[str, str]:
    """Return the IPv6 addresses of ports with their subnets."""
    fixed_ips = [fixed_ip for port in ports for fixed_ip in port.fixed_ips]
    return {item["ip_address"]: item["subnet_id"] for item in fixed_ips if ":" in item["ip_address"]}


def _normalize(address: str) -> str:
    """Raises: BadNdpProxyRequest."""
    try:
        return str(ip_address(address))
    except ValueError as error:
        raise BadNdpProxyRequest(f"'{address}' is not a valid IP address") from error


def _require_same_scope(db: Connection, external_id: str, internal_id: str) -> None:
    """Raises: AddressScopeConflict."""
    scopes = repository.list_address_scopes(db, [external_id, internal_id])
    external, internal = scopes[external_id].get(_VERSION), scopes[internal_id].get(_VERSION)
    if external != internal:
        raise AddressScopeConflict(external, internal)
