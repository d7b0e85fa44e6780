"""Interfaces of servers. Source: Compute API reference, "Port interfaces (os-interface)"."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.network.model import Port
from stratiform.services.network.service import NetworkService


@dataclass(frozen=True, slots=True)
class ServerInterfaces:
    """Operations of `/servers/{server_id}/os-interface`. An interface is a port of the network service."""

    network: NetworkService

    def list(self, ctx: RequestContext, server_id: str) -> Sequence[Port]:
        """Raises ServerNotFound, Forbidden."""
        server = get_server(ctx, policy.SERVER_INTERFACES_LIST, server_id)
        return self.network.server_ports.list(ctx.db, server.id)

    def get(self, ctx: RequestContext, server_id: str, port_id: str) -> Port:
        """Raises ServerNotFound, Forbidden; NotFound if the server has no such port."""
        server = get_server(ctx, policy.SERVER_INTERFACES_SHOW, server_id)
        for port in self.network.server_ports.list(ctx.db, server.id):
            if port.id == port_id:
                return port
        raise NotFound(f"Port {port_id} not found.")
