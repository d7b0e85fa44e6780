"""Port forwardings: ports of a floating IP that lead to ports of fixed IPs."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.services.network.errors.routing import (
    BadFloatingIpRequest,
    ExternalGatewayForFloatingIpNotFound,
    FloatingIpPortAlreadyAssociated,
)
from stratiform.services.network.model import Attributes
from stratiform.services.network.model.declared_types.routing import PORT_FORWARDING
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import routers as repository
from stratiform.services.network.service.cloud_objects import require_applicable
from stratiform.services.network.service.floating_ips import FloatingIps, enqueue_floating_ip, find_router
from stratiform.services.network.service.resource_collection import ResourceCollection


@dataclass(frozen=True, slots=True)
class PortForwardings:
    """Port forwardings. Their project is that of the floating IP, which is not associated with a port."""

    floating_ips: FloatingIps

    @property
    def collection(self) -> ResourceCollection:
        return self.floating_ips.dependencies.build(
            PORT_FORWARDING,
            resolve_owner=self._resolve_owner,
            prepare=self._prepare,
            after_create=self._after_create,
            check_update=self._check_update,
            after_update=lambda ctx, _previous, updated: enqueue_floating_ip(ctx, updated["floatingip_id"]),
            before_delete=lambda ctx, forwarding: enqueue_floating_ip(ctx, forwarding["floatingip_id"]),
            check_parent=self.floating_ips.collection.get,
        )

    def release_unused_router(self, ctx: RequestContext, floating_ip_id: str) -> None:
        """Clear the router of a floating IP without port forwardings and association."""
        floating_ip = self.floating_ips.collection.get(ctx, floating_ip_id)
        used = repository.list_port_forwardings(ctx.db, [floating_ip_id])[floating_ip_id]
        if not used and floating_ip["port_id"] is None and floating_ip["router_id"] is not None:
            repository.set_router_of_floating_ip(ctx.db, floating_ip_id, None, ctx.now)

    def _resolve_owner(self, ctx: RequestContext, values: Attributes, _project_id: str | None) -> str:
        return self.floating_ips.collection.get(ctx, values["floatingip_id"]).project_id

    def _prepare(self, ctx: RequestContext, forwarding: Resource) -> Resource:
        floating_ip = self.floating_ips.collection.get_for_update(ctx, forwarding["floatingip_id"])
        if floating_ip["port_id"] is not None:
            raise FloatingIpPortAlreadyAssociated(
                floating_ip["floating_ip_address"],
                floating_ip.id,
                floating_ip["port_id"],
                floating_ip["fixed_ip_address"],
                floating_ip["floating_network_id"],
            )
        router_id = self._find_router(ctx, floating_ip, forwarding.values)
        if floating_ip["router_id"] is None:
            repository.set_router_of_floating_ip(ctx.db, floating_ip.id, router_id, ctx.now)
        return replace(forwarding)

    def _after_create(self, ctx: RequestContext, forwarding: Resource) -> None:
        floating_ip = self.floating_ips.collection.get(ctx, forwarding["floatingip_id"])
        clouds = self.floating_ips.dependencies.clouds
        require_applicable(ctx, clouds, "floating_ip", floating_ip.id, floating_ip.project_id)
        enqueue_floating_ip(ctx, floating_ip.id)

    def _check_update(self, ctx: RequestContext, forwarding: Resource, changes: Attributes) -> Attributes:
        if "internal_port_id" in changes or "internal_ip_address" in changes:
            floating_ip = self.floating_ips.collection.get(ctx, forwarding["floatingip_id"])
            self._find_router(ctx, floating_ip, {**forwarding.values, **changes})
        return changes

    def _find_router(self, ctx: RequestContext, floating_ip: Resource, values: Attributes) -> str:
        """Return the router between a floating IP and a port. Raises as the association of a floating IP."""
        port = self.floating_ips.ports.get(ctx, values["internal_port_id"])
        subnets = {fixed_ip["ip_address"]: fixed_ip["subnet_id"] for fixed_ip in port.fixed_ips}
        address = values["internal_ip_address"]
        if address not in subnets:
            raise BadFloatingIpRequest(f"Port {port.id} does not have fixed ip {address}")
        network_id = floating_ip["floating_network_id"]
        router = find_router(ctx.db, port, subnets[address], network_id)
        if router is None or floating_ip["router_id"] not in (None, router.id):
            raise ExternalGatewayForFloatingIpNotFound(network_id, subnets[address], port.id)
        return router.id
