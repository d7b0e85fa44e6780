"""Notifications of networks, subnets and ports; ports of routers and floating IPs are not reported, as in Neutron."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.policy import SYSTEM
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network import events
from stratiform.services.network.model import Attributes, Network, Port, Subnet
from stratiform.services.network.model.payloads import describe_network, describe_port, describe_subnet
from stratiform.services.network.repository import resources


@dataclass(frozen=True, slots=True)
class Notifications:
    """Appends the notification of a change in its transaction. `operation`: create, update or delete."""

    ids: Ids
    clouds: CloudsService

    def notify_network(self, ctx: RequestContext, operation: str, network: Network) -> None:
        subnets = resources.list_subnets_by_network(ctx.db, [network.id])[network.id]
        zones = self.clouds.bindings.list_zones(ctx.db, network.project_id)
        body = describe_network(network, [subnet.id for subnet in subnets], zones)
        self._append(ctx, "network", operation, body)

    def notify_subnet(self, ctx: RequestContext, operation: str, subnet: Subnet) -> None:
        self._append(ctx, "subnet", operation, describe_subnet(subnet))

    def notify_port(self, ctx: RequestContext, operation: str, port: Port) -> None:
        self.notify_ports(ctx, operation, [port])

    def notify_ports(self, ctx: RequestContext, operation: str, ports: Sequence[Port]) -> None:
        """As `notify_port`, with few statements for the ports of many servers."""
        clouds = {project_id: self._find_cloud(ctx, project_id) for project_id in {port.project_id for port in ports}}
        changes = [(clouds[port.project_id], describe_port(port)) for port in ports]
        events.append_changes(ctx, self.ids, "port", operation, changes)

    def notify_port_of_server(self, db: Connection, operation: str, port: Port, now: Micros) -> None:
        """As `notify_port`, in background work."""
        self.notify_port(RequestContext(db, SYSTEM, now), operation, port)

    def _append(self, ctx: RequestContext, resource_type: str, operation: str, body: Attributes) -> None:
        changes = [(self._find_cloud(ctx, body["project_id"]), body)]
        events.append_changes(ctx, self.ids, resource_type, operation, changes)

    def _find_cloud(self, ctx: RequestContext, project_id: str) -> str:
        bindings = self.clouds.bindings.list_for_project(ctx.db, project_id)
        return bindings[0].cloud_name if bindings else events.NO_CLOUD
