"""Ports of servers, for the compute service."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.services.network import policy
from stratiform.services.network.errors import NetworkAmbiguous, NetworkNotFound, PortInUse
from stratiform.services.network.model import (
    FixedIpRequest,
    FloatingAddresses,
    Network,
    NicRequest,
    Port,
)
from stratiform.services.network.model.declared_types.sharing import ACCESS_AS_SHARED
from stratiform.services.network.repository import ip_allocations, rbac_policies, resources, routers
from stratiform.services.network.repository import security_groups as repository
from stratiform.services.network.service.address_allocator import AddressAllocator
from stratiform.services.network.service.ports import Ports

#: The `device_owner` that Nova sets.
DEVICE_OWNER = "compute:nova"


@dataclass(frozen=True, slots=True)
class ServerPorts:
    """Ports that are attached to servers."""

    ids: Ids
    ports: Ports

    def create(
        self,
        ctx: RequestContext,
        project_id: str,
        server_id: str,
        requests: Sequence[NicRequest],
        security_groups: Sequence[str] | None = None,
    ) -> Sequence[Port]:
        """Create or attach the ports of a server; as `create_for_servers`."""
        return self.create_for_servers(ctx, project_id, [server_id], requests, security_groups)

    def create_for_servers(
        self,
        ctx: RequestContext,
        project_id: str,
        server_ids: Sequence[str],
        requests: Sequence[NicRequest],
        security_groups: Sequence[str] | None = None,
    ) -> Sequence[Port]:
        """Create or attach ports for each server; new ones are in `security_groups` (ids; None: the default).

        Without requests, the server gets a port on the project's only network, or on the only shared network if the
        project has none, or no port. The ports are ordered by server.
        Raises: NetworkAmbiguous, NetworkNotFound, PortNotFound, PortInUse, IpAddressGenerationFailure,
        IpAddressInUse, Invalid.
        """
        policy.PORTS_CREATE.require(ctx.caller, project_id)
        if not requests:
            requests = [NicRequest(network_id=network.id) for network in _find_default_network(ctx, project_id)]
        network_ids = [request.network_id for request in requests if request.network_id is not None]
        self.ports.lock_networks(ctx.db, [project_id], network_ids)
        groups = self.ports.security_groups.resolve_for_port(ctx, project_id, security_groups)
        new = [request for request in requests if request.port_id is None]
        allocators = {request.network_id: _lock_network(ctx, project_id, request.network_id or "") for request in new}
        if new:
            self.ports.quotas.reserve(ctx.db, project_id, "port", len(new) * len(server_ids))
        template = Port(
            id="",
            project_id=project_id,
            network_id="",
            mac_address="",
            device_owner=DEVICE_OWNER,
            security_groups=list(groups),
            created_for_server=True,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        ports = [
            self._attach(ctx, project_id, server_id, request.port_id)
            if request.port_id is not None
            else self._create(ctx, replace(template, device_id=server_id), request, allocators[request.network_id])
            for server_id in server_ids
            for request in requests
        ]
        notify = self.ports.networks.notifications.notify_ports
        notify(ctx, "create", [port for port in ports if port.created_for_server])
        notify(ctx, "update", [port for port in ports if not port.created_for_server])
        return ports

    def list(self, db: Connection, server_id: str) -> Sequence[Port]:
        """Return the ports of a server, in the order of the requests, without a policy check."""
        return resources.list_ports_by_device(db, [server_id])[server_id]

    def list_by_server(self, db: Connection, server_ids: Sequence[str]) -> dict[str, Sequence[Port]]:
        """Return the ports of several servers with one query."""
        return dict(resources.list_ports_by_device(db, server_ids))

    def list_floating_addresses(self, db: Connection, ports: Sequence[Port]) -> FloatingAddresses:
        """Return the floating IPs of ports by port id and fixed IP, without a policy check."""
        return routers.list_floating_addresses(db, [port.id for port in ports])

    def add_security_group(self, ctx: RequestContext, server_id: str, group_id: str) -> None:
        """Add all ports of a server to a security group."""
        for port in self.list(ctx.db, server_id):
            if group_id not in port.security_groups:
                self.ports.update(ctx, port.id, {"security_groups": [*port.security_groups, group_id]})

    def remove_security_group(self, ctx: RequestContext, server_id: str, group_id: str) -> None:
        """Remove all ports of a server from a security group."""
        for port in self.list(ctx.db, server_id):
            if group_id in port.security_groups:
                remaining = [other for other in port.security_groups if other != group_id]
                self.ports.update(ctx, port.id, {"security_groups": remaining})

    def release(self, db: Connection, server_id: str, now: Micros) -> None:
        """Delete the ports that were created for a deleted server, and detach the others. Idempotent."""
        for port in self.list(db, server_id):
            self.detach(db, port, now)

    def detach(self, db: Connection, port: Port, now: Micros) -> None:
        """Delete a port that was created for its server, or detach it. Without a policy check."""
        notifications = self.ports.networks.notifications
        if port.created_for_server:
            notifications.notify_port_of_server(db, "delete", port, now)
            self.ports.port_users.release(db, port.id, now)
            repository.save_groups_of_port(db, port.id, [])
            ip_allocations.release_addresses(db, port.id, now)
            resources.delete_port(db, port.id)
        else:
            detached = replace(port, device_id="", device_owner="", host="", updated_at=now, revision=port.revision + 1)
            resources.ports.save(db, detached)
            notifications.notify_port_of_server(db, "update", detached, now)

    def _create(self, ctx: RequestContext, template: Port, request: NicRequest, allocator: AddressAllocator) -> Port:
        port = replace(template, id=self.ids.uuid(), network_id=allocator.network.id)
        fixed_ips = [FixedIpRequest(ip_address=request.fixed_ip)] if request.fixed_ip else None
        created = allocator.create_port(self.ids, port, fixed_ips)
        repository.save_groups_of_port(ctx.db, created.id, created.security_groups)
        return created

    def _attach(self, ctx: RequestContext, project_id: str, server_id: str, port_id: str) -> Port:
        port = self.ports.get(ctx, port_id)
        if port.project_id != project_id:
            policy.PORTS_UPDATE_HOST.require(ctx.caller, port.project_id)
        attached = replace(
            port, device_id=server_id, device_owner=DEVICE_OWNER, updated_at=ctx.now, revision=port.revision + 1
        )
        if not resources.attach_port(ctx.db, attached):
            raise PortInUse(port_id)
        return attached


def _find_default_network(ctx: RequestContext, project_id: str) -> Sequence[Network]:
    """Return one network or none. Raises NetworkAmbiguous."""
    networks = resources.list_internal_networks(ctx.db, project_id, limit=2)
    networks = networks or resources.list_internal_networks(ctx.db, None, limit=2)
    if len(networks) > 1:
        raise NetworkAmbiguous
    return networks


def _lock_network(ctx: RequestContext, project_id: str, network_id: str) -> AddressAllocator:
    """Return an allocator for new ports. Raises: NetworkNotFound; Invalid if the network has no subnet."""
    network = _get_network(ctx, project_id, network_id)
    allocator = AddressAllocator.lock_network(ctx, network)
    if not allocator.subnets:
        raise Invalid(f"Network {network.id} requires a subnet in order to boot instances on.")
    return allocator


def _get_network(ctx: RequestContext, project_id: str, network_id: str) -> Network:
    """Return a network that the project may use. Raises NetworkNotFound."""
    network = resources.networks.find(ctx.db, network_id)
    usable = network is not None and (
        network.shared
        or network.project_id == project_id
        or ctx.caller.is_admin
        or rbac_policies.is_shared(ctx.db, network_id, project_id, ACCESS_AS_SHARED)
    )
    if network is None or not usable:
        raise NetworkNotFound(network_id)
    return network
