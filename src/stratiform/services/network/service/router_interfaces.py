"""Interfaces of routers: ports on the subnets that a router connects."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_network

from stratiform.kit.context import RequestContext
from stratiform.services.network import events
from stratiform.services.network.errors.router_services import RouterInterfaceInUseByNdpProxy
from stratiform.services.network.errors.routing import (
    BadRouterRequest,
    PortAttached,
    RouterInterfaceInUseByFloatingIp,
    RouterInterfaceInUseByRoute,
    RouterInterfaceNotFound,
    RouterInterfaceNotFoundForSubnet,
)
from stratiform.services.network.model import Attributes, FixedIpRequest, Port, Subnet
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import resources, router_services
from stratiform.services.network.repository import routers as repository
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.routers import Routers, enqueue_router
from stratiform.services.network.service.subnets import Subnets


@dataclass(frozen=True, slots=True)
class RouterInterfaces:
    """Adds and removes interfaces. Results have the form of the API's responses."""

    routers: Routers
    subnets: Subnets
    ports: Ports

    def add(self, ctx: RequestContext, router_id: str, subnet_id: str | None, port_id: str | None) -> Attributes:
        """Connect a router to a subnet, by a new port with the subnet's gateway address or by an existing port.

        Raises: RouterNotFound, SubnetNotFound, PortNotFound, BadRouterRequest, PortAttached, IpAddressInUse.
        """
        router = self.routers.collection.get_for_update(ctx, router_id)
        _require_one(subnet_id, port_id)
        if port_id is not None:
            port = self._attach_port(ctx, router, port_id)
        else:
            port = self._create_port(ctx, router, str(subnet_id))
        self.routers.request_reconcile(ctx, router)
        return self._notify(ctx, "create", router, port, port.fixed_ips[0]["subnet_id"])

    def remove(self, ctx: RequestContext, router_id: str, subnet_id: str | None, port_id: str | None) -> Attributes:
        """Disconnect a router from a subnet, and delete the port.

        Raises: RouterNotFound, RouterInterfaceNotFound, RouterInterfaceNotFoundForSubnet,
        RouterInterfaceInUseByFloatingIp, RouterInterfaceInUseByRoute.
        """
        router = self.routers.collection.get_for_update(ctx, router_id)
        if subnet_id is None and port_id is None:
            raise BadRouterRequest("Either subnet_id or port_id must be specified")
        port = _find_interface(ctx, router_id, subnet_id, port_id)
        for fixed_ip in port.fixed_ips:
            self._require_unused(ctx, router, fixed_ip["subnet_id"])
        self.routers.service_ports.delete(ctx, port.id)
        enqueue_router(ctx, router_id)
        return self._notify(ctx, "delete", router, port, subnet_id or port.fixed_ips[0]["subnet_id"])

    def _create_port(self, ctx: RequestContext, router: Resource, subnet_id: str) -> Port:
        subnet = self.subnets.get(ctx, subnet_id)
        if subnet.gateway_ip is None:
            raise BadRouterRequest("Subnet for router interface must have a gateway IP")
        self._require_connectable(ctx, router, [subnet])
        network = self.ports.networks.get(ctx, subnet.network_id)
        self.ports.quotas.reserve(ctx.db, router.project_id, "port")
        requests = [FixedIpRequest(subnet.id, subnet.gateway_ip)]
        return self.routers.service_ports.create(
            ctx, network, repository.INTERFACE_OWNER, router.id, requests, router.project_id
        )

    def _attach_port(self, ctx: RequestContext, router: Resource, port_id: str) -> Port:
        port = self.ports.get(ctx, port_id)
        if port.device_id:
            raise PortAttached(port.id, port.network_id, port.device_id)
        if not port.fixed_ips:
            raise BadRouterRequest("Router port must have at least one fixed IP")
        subnet_ids = [fixed_ip["subnet_id"] for fixed_ip in port.fixed_ips]
        self._require_connectable(ctx, router, resources.list_subnets_by_id(ctx.db, subnet_ids))
        attached = replace(
            port,
            device_id=router.id,
            device_owner=repository.INTERFACE_OWNER,
            updated_at=ctx.now,
            revision=port.revision + 1,
        )
        if not resources.attach_port(ctx.db, attached):
            raise PortAttached(port.id, port.network_id, port.device_id)
        return attached

    def _require_connectable(self, ctx: RequestContext, router: Resource, subnets: Sequence[Subnet]) -> None:
        """Raises BadRouterRequest for a subnet that the router has, or that overlaps with one."""
        interfaces = repository.list_ports(ctx.db, [router.id], repository.INTERFACE_OWNER)[router.id]
        gateways = repository.list_ports(ctx.db, [router.id], repository.GATEWAY_OWNER)[router.id]
        connected_ids = [fixed_ip["subnet_id"] for port in (*interfaces, *gateways) for fixed_ip in port.fixed_ips]
        connected = resources.list_subnets_by_id(ctx.db, connected_ids)
        for subnet in subnets:
            for other in connected:
                if other.id == subnet.id:
                    raise BadRouterRequest(f"Router already has a port on subnet {subnet.id}")
                if ip_network(subnet.cidr).overlaps(ip_network(other.cidr)):
                    raise BadRouterRequest(
                        f"Cidr {subnet.cidr} of subnet {subnet.id} overlaps with cidr {other.cidr} of subnet {other.id}"
                    )

    def _require_unused(self, ctx: RequestContext, router: Resource, subnet_id: str) -> None:
        [subnet] = resources.list_subnets_by_id(ctx.db, [subnet_id])
        network = ip_network(subnet.cidr)
        for floating_ip in repository.list_floating_ips_of_router(ctx.db, router.id):
            if floating_ip["fixed_ip_address"] and ip_address(floating_ip["fixed_ip_address"]) in network:
                raise RouterInterfaceInUseByFloatingIp(router.id, subnet_id)
        if any(ip_address(route["nexthop"]) in network for route in router["routes"]):
            raise RouterInterfaceInUseByRoute(router.id, subnet_id)
        if any(ip_address(proxy["ip_address"]) in network for proxy in router_services.list_proxies(ctx.db, router.id)):
            raise RouterInterfaceInUseByNdpProxy(router.id, subnet_id)

    def _notify(self, ctx: RequestContext, operation: str, router: Resource, port: Port, subnet_id: str) -> Attributes:
        body: Attributes = {
            "id": router.id,
            "project_id": router.project_id,
            "tenant_id": router.project_id,
            "port_id": port.id,
            "network_id": port.network_id,
            "subnet_id": subnet_id,
            "subnet_ids": [fixed_ip["subnet_id"] for fixed_ip in port.fixed_ips],
        }
        cloud = router["cloud_name"] or events.NO_CLOUD
        ids = self.routers.dependencies.ids
        events.append_events(ctx, ids, f"router.interface.{operation}", [(cloud, {"router_interface": body})])
        return body


def _require_one(subnet_id: str | None, port_id: str | None) -> None:
    if subnet_id is None and port_id is None:
        raise BadRouterRequest("Either subnet_id or port_id must be specified")
    if subnet_id is not None and port_id is not None:
        raise BadRouterRequest("Cannot specify both subnet-id and port-id")


def _find_interface(ctx: RequestContext, router_id: str, subnet_id: str | None, port_id: str | None) -> Port:
    for port in repository.list_ports(ctx.db, [router_id], repository.INTERFACE_OWNER)[router_id]:
        subnet_ids = [fixed_ip["subnet_id"] for fixed_ip in port.fixed_ips]
        if port_id in (None, port.id) and (subnet_id is None or subnet_id in subnet_ids):
            return port
    if port_id is not None:
        raise RouterInterfaceNotFound(router_id, port_id)
    raise RouterInterfaceNotFoundForSubnet(router_id, str(subnet_id))
