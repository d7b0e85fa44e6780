"""Local IPs and their associations with ports. Source: neutron/db/local_ip_db.py."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.work_queue import enqueue
from stratiform.services.network.errors import PortNotFound
from stratiform.services.network.errors.local_ips import (
    BadLocalIpRequest,
    LocalIpAssociationExists,
    LocalIpInUse,
    LocalIpNoIp,
    LocalIpNoRequestedIp,
    LocalIpPortOrNetworkRequired,
    LocalIpRequestedIpNotFound,
)
from stratiform.services.network.model import Attributes, FixedIpRequest, Port
from stratiform.services.network.model.declared_types.local_ips import (
    LOCAL_IP,
    PORT_ASSOCIATION,
    get_association_id,
)
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.repository import local_ips as repository
from stratiform.services.network.repository import resources
from stratiform.services.network.repository.routers import LOCAL_IP_OWNER
from stratiform.services.network.service.cloud_objects import require_applicable, require_routing
from stratiform.services.network.service.ports import Ports
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies
from stratiform.services.network.service.service_ports import ServicePorts


@dataclass(frozen=True, slots=True)
class LocalIps:
    """Local IPs. The address is that of a port, which is created for it unless the request names one."""

    dependencies: ResourceDependencies
    ports: Ports
    service_ports: ServicePorts

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            LOCAL_IP,
            prepare=self._prepare,
            after_create=self._request_reconcile,
            before_delete=_before_delete,
        )

    @property
    def associations(self) -> ResourceCollection:
        """The associations of local IPs, which belong to the project of the local IP."""
        return self.dependencies.build(
            PORT_ASSOCIATION,
            resolve_owner=lambda ctx, values, _project_id: self._get(ctx, values["local_ip_id"]).project_id,
            prepare=self._prepare_association,
            after_create=lambda ctx, item: self._request_reconcile(ctx, self._get(ctx, item["local_ip_id"])),
            before_delete=lambda ctx, item: _enqueue(ctx, item["local_ip_id"]),
            check_parent=self._get,
            compute=_compute_associations,
            build_duplicate_error=lambda _ctx, item: LocalIpAssociationExists(
                item["local_ip_id"], item["fixed_port_id"]
            ),
        )

    def delete(self, ctx: RequestContext, local_ip_id: str) -> None:
        """Delete a local IP, and the port that was created for it. Raises: LocalIpInUse."""
        local_ip = self._get(ctx, local_ip_id)
        self.collection.delete(ctx, local_ip_id)
        port = resources.ports.find(ctx.db, local_ip["local_port_id"])
        if port is not None and port.device_owner == LOCAL_IP_OWNER:
            self.service_ports.delete(ctx, port.id)

    def _get(self, ctx: RequestContext, local_ip_id: str) -> Resource:
        return self.collection.get(ctx, local_ip_id)

    def _prepare(self, ctx: RequestContext, local_ip: Resource) -> Resource:
        """Raises the errors of local IPs, NetworkNotFound, InvalidIpForNetwork, IpAddressInUse."""
        require_routing(ctx, self.dependencies.clouds, local_ip.project_id, "local IPs")
        requested = local_ip["local_ip_address"]
        if local_ip["local_port_id"] is not None:
            port = self._get_port(ctx, local_ip["local_port_id"])
            address = _select_address(port, requested)
        elif local_ip["network_id"] is not None:
            port = self._create_port(ctx, local_ip, requested)
            address = port.fixed_ips[0]["ip_address"]
        else:
            raise LocalIpPortOrNetworkRequired
        values = {"local_port_id": port.id, "network_id": port.network_id, "local_ip_address": address}
        return replace(local_ip, values={**local_ip.values, **values})

    def _create_port(self, ctx: RequestContext, local_ip: Resource, address: str | None) -> Port:
        network = self.ports.networks.get_usable(ctx, local_ip["network_id"])
        subnets = resources.list_subnets_by_network(ctx.db, [network.id])[network.id]
        if all(subnet.ip_version != 4 for subnet in subnets):
            raise BadLocalIpRequest(f"Network {network.id} does not contain any IPv4 subnet")
        requests = None if address is None else [FixedIpRequest(ip_address=address)]
        return self.service_ports.create(ctx, network, LOCAL_IP_OWNER, local_ip.id, requests, local_ip.project_id)

    def _get_port(self, ctx: RequestContext, port_id: str) -> Port:
        try:
            return self.ports.get(ctx, port_id)
        except PortNotFound as error:
            raise BadLocalIpRequest(f"Port {port_id} not found") from error

    def _prepare_association(self, ctx: RequestContext, association: Resource) -> Resource:
        self.collection.rows.lock(ctx.db, association["local_ip_id"])
        port = self._get_port(ctx, association["fixed_port_id"])
        address = _select_address(port, association["fixed_ip"])
        association_id = get_association_id(association["local_ip_id"], port.id)
        return replace(association, id=association_id, values={**association.values, "fixed_ip": address})

    def _request_reconcile(self, ctx: RequestContext, local_ip: Resource) -> None:
        """Raises as `require_applicable`."""
        require_applicable(ctx, self.dependencies.clouds, "local_ip", local_ip.id, local_ip.project_id)
        _enqueue(ctx, local_ip.id)


def _enqueue(ctx: RequestContext, local_ip_id: str) -> None:
    enqueue(ctx.db, "network.local_ip", local_ip_id, ctx.now)


def _before_delete(ctx: RequestContext, local_ip: Resource) -> None:
    if repository.list_associations(ctx.db, local_ip.id):
        raise LocalIpInUse(local_ip.id)
    _enqueue(ctx, local_ip.id)


def _select_address(port: Port, requested: str | None) -> str:
    """Raises: LocalIpNoIp, LocalIpRequestedIpNotFound, LocalIpNoRequestedIp."""
    addresses = [fixed_ip["ip_address"] for fixed_ip in port.fixed_ips]
    if not addresses:
        raise LocalIpNoIp(port.id)
    if requested is not None:
        if requested not in addresses:
            raise LocalIpRequestedIpNotFound(port.id, requested)
        return requested
    if len(addresses) > 1:
        raise LocalIpNoRequestedIp(port.id)
    return addresses[0]


def _compute_associations(ctx: RequestContext, associations: Sequence[Resource]) -> Mapping[str, Attributes]:
    local_ips = repository.list_local_ips_by_id(ctx.db, [item["local_ip_id"] for item in associations])
    port_ids = [item["fixed_port_id"] for item in associations]
    hosts = {port.id: port.host for port in resources.list_ports_by_id(ctx.db, port_ids)}
    return {
        item.id: {
            "local_ip_address": local_ips[item["local_ip_id"]]["local_ip_address"],
            "host": hosts.get(item["fixed_port_id"], ""),
        }
        for item in associations
    }
