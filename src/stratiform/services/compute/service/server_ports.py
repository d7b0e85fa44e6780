"""Ports of servers, by the name of their network."""

from collections.abc import Sequence

from stratiform.kit.context import RequestContext
from stratiform.services.network.model import Port
from stratiform.services.network.service import NetworkService


def list_ports_by_network(
    network: NetworkService, ctx: RequestContext, server_ids: Sequence[str]
) -> dict[str, dict[str, list[Port]]]:
    """Return for each server its ports by the name of their network, in two queries."""
    ports_by_server = network.server_ports.list_by_server(ctx.db, list(server_ids))
    network_ids = {port.network_id for ports in ports_by_server.values() for port in ports}
    names = network.networks.list_names(ctx.db, sorted(network_ids))
    grouped: dict[str, dict[str, list[Port]]] = {server_id: {} for server_id in server_ids}
    for server_id, ports in ports_by_server.items():
        for port in ports:
            grouped[server_id].setdefault(names.get(port.network_id, ""), []).append(port)
    return grouped
