"""Floating IPs: addresses of external networks, associated with fixed IPs of ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.policy import SYSTEM
from stratiform.kit.work_queue import enqueue
from stratiform.services.network.errors.routing import (
    BadFloatingIpRequest,
    ExternalGatewayForFloatingIpNotFound,
    FloatingIpPortAlreadyAssociated,
    FloatingIpUsedByPortForwarding,
)
from stratiform.services.network.model import Attributes, FixedIpRequest, Port
from stratiform.services.network.model.declared_types.routing import FLOATING_IP
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import local_ips, resources, router_services
from stratiform.services.network.repository import routers as repository
from stratiform.services.network.service.cloud_objects import require_routing
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies
from stratiform.services.network.service.service_ports import ServicePorts


@dataclass(frozen=True, slots=True)
class FloatingIps:
    """Floating IPs. The address belongs to a port on the external network."""

    dependencies: ResourceDependencies
    networks: Networks
    ports: Ports
    service_ports: ServicePorts

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            FLOATING_IP,
            prepare=self._prepare,
            after_create=lambda ctx, floating_ip: enqueue_floating_ip(ctx, floating_ip.id),
            check_update=self._check_update,
            after_update=lambda ctx, _previous, floating_ip: enqueue_floating_ip(ctx, floating_ip.id),
            before_delete=self._before_delete,
            compute=self._compute,
            build_duplicate_error=lambda _ctx, floating_ip: _already_associated(floating_ip),
        )

    def delete(self, ctx: RequestContext, floating_ip_id: str) -> None:
        """Delete a floating IP and release its address."""
        floating_ip = self.collection.get(ctx, floating_ip_id)
        self.collection.delete(ctx, floating_ip_id)
        self.service_ports.delete(ctx, floating_ip["external_port_id"])

    def disassociate_port(self, db: Connection, port_id: str, now: Micros) -> None:
        """Disassociate the floating IPs of a port that is deleted, without a policy check."""
        ctx = RequestContext(db, SYSTEM, now)
        for floating_ip in repository.list_floating_ips_of_port(db, port_id):
            self.collection.update(ctx, floating_ip.id, {"port_id": None})

    def delete_unassociated(self, db: Connection, network_id: str, now: Micros) -> None:
        """Delete the floating IPs of a network that is deleted, unless they are in use. Without a policy check."""
        ctx = RequestContext(db, SYSTEM, now)
        for floating_ip in repository.list_floating_ips_of_network(db, network_id):
            if floating_ip["router_id"] is None:
                self.delete(ctx, floating_ip.id)

    def find_by_address(self, ctx: RequestContext, address: str) -> Resource | None:
        """Return the caller's floating IP with this address, for the compute service."""
        return repository.find_floating_ip_by_address(ctx.db, ctx.caller.require_project_id(), address)

    def _prepare(self, ctx: RequestContext, floating_ip: Resource) -> Resource:
        require_routing(ctx, self.dependencies.clouds, floating_ip.project_id, "floating IPs")
        network = self.networks.get(ctx, floating_ip["floating_network_id"])
        if not network.external:
            raise BadFloatingIpRequest(f"Network {network.id} is not a valid external network")
        values = {**floating_ip.values, "router_id": None, "status": "DOWN"}
        if values["port_id"] is not None:
            values |= self._associate(ctx, floating_ip, values["port_id"], values["fixed_ip_address"])
        elif values["fixed_ip_address"] is not None:
            raise BadFloatingIpRequest("fixed_ip_address cannot be specified without a port_id")
        port = self.service_ports.create(
            ctx, network, repository.FLOATING_IP_OWNER, floating_ip.id, _build_requests(values)
        )
        addresses = [fixed_ip["ip_address"] for fixed_ip in port.fixed_ips if ":" not in fixed_ip["ip_address"]]
        if not addresses and not values["assigned_address"]:
            raise BadFloatingIpRequest(f"Network {network.id} does not contain any IPv4 subnet")
        values |= {
            "floating_ip_address": values["assigned_address"] or addresses[0],
            "external_port_id": port.id,
            "cloud_name": self.collection.find_cloud_name(ctx, floating_ip.project_id),
        }
        return replace(floating_ip, values=values)

    def _check_update(self, ctx: RequestContext, floating_ip: Resource, changes: Attributes) -> Attributes:
        if "port_id" not in changes and "fixed_ip_address" not in changes:
            return changes
        if repository.list_port_forwardings(ctx.db, [floating_ip.id])[floating_ip.id]:
            raise FloatingIpUsedByPortForwarding(floating_ip.id)
        port_id = changes.get("port_id")
        if port_id is None:
            if changes.get("fixed_ip_address") is not None:
                raise BadFloatingIpRequest("fixed_ip_address cannot be specified without a port_id")
            return {**changes, "port_id": None, "fixed_ip_address": None, "router_id": None, "status": "DOWN"}
        return {**changes, **self._associate(ctx, floating_ip, port_id, changes.get("fixed_ip_address"))}

    def _associate(self, ctx: RequestContext, floating_ip: Resource, port_id: str, fixed_ip: str | None) -> Attributes:
        """Return the values of an association. Raises the errors that this module imports, and PortNotFound."""
        port = self.ports.get(ctx, port_id)
        fixed_ip, subnet_id = _select_fixed_ip(port, fixed_ip)
        router = find_router(ctx.db, port, subnet_id, floating_ip["floating_network_id"])
        if router is None:
            raise ExternalGatewayForFloatingIpNotFound(floating_ip["floating_network_id"], subnet_id, port_id)
        return {"port_id": port_id, "fixed_ip_address": fixed_ip, "router_id": router.id, "status": "ACTIVE"}

    def _before_delete(self, ctx: RequestContext, floating_ip: Resource) -> None:
        if repository.list_port_forwardings(ctx.db, [floating_ip.id])[floating_ip.id]:
            raise FloatingIpUsedByPortForwarding(floating_ip.id)
        enqueue_floating_ip(ctx, floating_ip.id)

    def _compute(self, ctx: RequestContext, floating_ips: Sequence[Resource]) -> Mapping[str, Attributes]:
        forwardings = repository.list_port_forwardings(ctx.db, [floating_ip.id for floating_ip in floating_ips])
        port_ids = [floating_ip["port_id"] for floating_ip in floating_ips if floating_ip["port_id"]]
        ports = {port.id: port for port in resources.list_ports_by_id(ctx.db, port_ids)}
        return {
            floating_ip.id: {
                "port_details": _describe_port(ports.get(floating_ip["port_id"])),
                "port_forwardings": [_describe_forwarding(item) for item in forwardings[floating_ip.id]],
            }
            for floating_ip in floating_ips
        }


class FloatingIpsOfPorts:
    """Implements PortUsers and NetworkUsers: floating IPs need both, and are set after all are composed."""

    floating_ips: FloatingIps

    def release(self, db: Connection, port_id: str, now: Micros) -> None:
        """Disassociate the floating IPs of a port, before it is deleted with its NDP proxies and local IPs."""
        self.floating_ips.disassociate_port(db, port_id, now)
        for proxy in router_services.list_proxies_of_port(db, port_id):
            enqueue(db, "network.router", proxy["router_id"], now)
        for association in local_ips.list_associations_of_port(db, port_id):
            enqueue(db, "network.local_ip", association["local_ip_id"], now)

    def release_network(self, db: Connection, network_id: str, now: Micros) -> None:
        """Delete the unassociated floating IPs of an external network, before it is deleted."""
        self.floating_ips.delete_unassociated(db, network_id, now)


def enqueue_floating_ip(ctx: RequestContext, floating_ip_id: str) -> None:
    """Request that the cloud of a floating IP applies its changes."""
    enqueue(ctx.db, "network.floating_ip", floating_ip_id, ctx.now)


def find_router(db: Connection, port: Port, subnet_id: str, external_network_id: str) -> Resource | None:
    """Return the router with an interface on the subnet and a gateway on the external network."""
    interfaces = repository.list_interfaces_on_network(db, port.network_id)
    router_ids = [
        interface.device_id
        for interface in interfaces
        if subnet_id in [fixed_ip["subnet_id"] for fixed_ip in interface.fixed_ips]
    ]
    routers = repository.list_routers_by_id(db, router_ids)
    for router_id in router_ids:
        if routers[router_id]["external_network_id"] == external_network_id:
            return routers[router_id]
    return None


def _build_requests(values: Attributes) -> list[FixedIpRequest] | None:
    """Return the addresses to request for the external port: none if a cloud assigned one. None: any address."""
    subnet_id, address = values["subnet_id"], values["floating_ip_address"]
    if values["assigned_address"] is not None:
        if subnet_id or address:
            raise BadFloatingIpRequest("The cloud assigns the addresses of floating IPs")
        return []
    return [FixedIpRequest(subnet_id, address)] if subnet_id or address else None


def _select_fixed_ip(port: Port, fixed_ip: str | None) -> tuple[str, str]:
    """Return an IPv4 address of a port and its subnet. Raises BadFloatingIpRequest."""
    addresses = {item["ip_address"]: item["subnet_id"] for item in port.fixed_ips if ":" not in item["ip_address"]}
    if fixed_ip is not None:
        if fixed_ip not in addresses:
            raise BadFloatingIpRequest(f"Port {port.id} does not have fixed ip {fixed_ip}")
        return fixed_ip, addresses[fixed_ip]
    if not addresses:
        raise BadFloatingIpRequest(f"Cannot add floating IP to port {port.id} that has no fixed IPv4 addresses")
    if len(addresses) > 1:
        raise BadFloatingIpRequest(
            f"Port {port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning"
            " a floating IP"
        )
    return next(iter(addresses.items()))


def _already_associated(floating_ip: Resource) -> FloatingIpPortAlreadyAssociated:
    return FloatingIpPortAlreadyAssociated(
        floating_ip["floating_ip_address"],
        floating_ip.id,
        str(floating_ip["port_id"]),
        str(floating_ip["fixed_ip_address"]),
        floating_ip["floating_network_id"],
    )


def _describe_port(port: Port | None) -> Attributes | None:
    if port is None:
        return None
    return {
        "name": port.name,
        "network_id": port.network_id,
        "mac_address": port.mac_address,
        "admin_state_up": port.admin_state_up,
        "status": port.status,
        "device_id": port.device_id,
        "device_owner": port.device_owner,
    }


def _describe_forwarding(forwarding: Resource) -> Attributes:
    return {
        "protocol": forwarding["protocol"],
        "internal_ip_address": forwarding["internal_ip_address"],
        "internal_port": forwarding["internal_port"],
        "external_port": forwarding["external_port"],
    }
