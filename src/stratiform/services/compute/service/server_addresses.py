"""Addresses of servers. Source: Compute API reference, "Servers IPs"."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.compute import policy
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.service.server_access import get_server
from stratiform.services.compute.service.server_ports import list_ports_by_network
from stratiform.services.network.model import Port
from stratiform.services.network.service import NetworkService


@dataclass(frozen=True, slots=True)
class ServerAddresses:
    """Operations of `/servers/{server_id}/ips`."""

    network: NetworkService

    def list(self, ctx: RequestContext, server_id: str) -> Mapping[str, Sequence[Port]]:
        """Return the server's ports with addresses, by the name of their network."""
        return self._list(ctx, get_server(ctx, policy.SERVER_ADDRESSES_LIST, server_id))

    def get(self, ctx: RequestContext, server_id: str, network_name: str) -> Sequence[Port]:
        """Return the server's ports with addresses in one network. Raises NotFound."""
        ports_by_network = self._list(ctx, get_server(ctx, policy.SERVER_ADDRESSES_SHOW, server_id))
        if network_name not in ports_by_network:
            raise NotFound("Instance is not a member of specified network")
        return ports_by_network[network_name]

    def _list(self, ctx: RequestContext, server: Server) -> Mapping[str, Sequence[Port]]:
        ports_by_network = list_ports_by_network(self.network, ctx, [server.id])[server.id]
        return {name: ports for name, ports in ports_by_network.items() if any(port.fixed_ips for port in ports)}
