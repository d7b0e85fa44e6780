"""Interfaces of servers. Source: Compute API reference, "Port interfaces (os-interface)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import policy
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.service.action_table import (
    ADD_FIXED_IP,
    ATTACH_INTERFACE,
    DETACH_INTERFACE,
    REMOVE_FIXED_IP,
    ServerAction,
)
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.compute.service.server_transitions import apply_action, get_server_for_supported_action
from stratiform.services.network.errors import NetworkNotFound
from stratiform.services.network.model import FixedIpRequest, ListQuery, NicRequest, Port
from stratiform.services.network.service import NetworkService


@dataclass(frozen=True, slots=True)
class ServerInterfaces:
    """Operations of `/servers/{server_id}/os-interface`. An interface is a port of the network service.

    Changes raise ServerNotFound, Forbidden, ServerLocked, InvalidServerState; UnsupportedOperation if the cloud lacks
    them.
    """

    ids: Ids
    clouds: CloudsService
    network: NetworkService

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[Port]:
        """Raises ServerNotFound, Forbidden."""
        server = get_server(ctx, policy.SERVER_INTERFACES_LIST, server_id)
        return self.network.server_ports.list(ctx.db, server.id)

    def get(self, ctx: RequestContext, server_id: str, port_id: str) -> Port:
        """Raises ServerNotFound, Forbidden; NotFound if the server has no such port."""
        server = get_server(ctx, policy.SERVER_INTERFACES_SHOW, server_id)
        return self._get_port(ctx, server, port_id)

    def attach(self, ctx: RequestContext, server_id: str, request: NicRequest | None) -> Port:
        """Attach a port, a new one on a network, or (None) a new one on the project's only network.

        Raises as `ServerPorts.create`; Invalid if the project has no network.
        """
        server = get_server_for_supported_action(ctx, self.clouds, ATTACH_INTERFACE, server_id)
        requests = [] if request is None else [request]
        ports = self.network.server_ports.create(ctx, server.project_id, server.id, requests)
        if not ports:
            raise Invalid("No network is available for an interface.")
        self._apply(ctx, ATTACH_INTERFACE, server)
        return ports[0]

    def detach(self, ctx: RequestContext, server_id: str, port_id: str) -> None:
        """Detach a port; one that was created for the server is deleted. Raises NotFound."""
        server = get_server_for_supported_action(ctx, self.clouds, DETACH_INTERFACE, server_id)
        port = self._get_port(ctx, server, port_id)
        self.network.server_ports.detach(ctx.db, port, ctx.now)
        self._apply(ctx, DETACH_INTERFACE, server)

    def add_fixed_ip(self, ctx: RequestContext, server_id: str, network_id: str) -> None:
        """Add an address to the server's first port on a network. Raises NetworkNotFound."""
        server = get_server_for_supported_action(ctx, self.clouds, ADD_FIXED_IP, server_id)
        for port in self.network.server_ports.list(ctx.db, server.id):
            if port.network_id == network_id:
                subnets = self.network.subnets.list(ctx, ListQuery({"network_id": [network_id]})).items
                requests = [*_request_current(port), *(FixedIpRequest(subnet.id) for subnet in subnets[:1])]
                self.network.ports.update(ctx, port.id, {}, requests)
                self._apply(ctx, ADD_FIXED_IP, server)
                return
        raise NetworkNotFound(network_id)

    def remove_fixed_ip(self, ctx: RequestContext, server_id: str, address: str) -> None:
        """Raises NotFound unless one of the server's ports has the address."""
        server = get_server_for_supported_action(ctx, self.clouds, REMOVE_FIXED_IP, server_id)
        for port in self.network.server_ports.list(ctx.db, server.id):
            remaining = [request for request in _request_current(port) if request.ip_address != address]
            if len(remaining) < len(port.fixed_ips):
                self.network.ports.update(ctx, port.id, {}, remaining)
                self._apply(ctx, REMOVE_FIXED_IP, server)
                return
        raise NotFound(f"Fixed IP {address} is not associated with instance {server_id}.")

    def _apply(self, ctx: RequestContext, action: ServerAction, server: Server) -> None:
        apply_action(ctx, self.ids, action, server, task_arguments={"interfaces": "changed"})

    def _get_port(self, ctx: RequestContext, server: Server, port_id: str) -> Port:
        for port in self.network.server_ports.list(ctx.db, server.id):
            if port.id == port_id:
                return port
        raise NotFound(f"Port {port_id} not found.")


def _request_current(port: Port) -> list[FixedIpRequest]:
    return [FixedIpRequest(fixed_ip["subnet_id"], fixed_ip["ip_address"]) for fixed_ip in port.fixed_ips]
