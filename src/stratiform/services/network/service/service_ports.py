"""Ports that routers and floating IPs create for themselves."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.network.model import FixedIpRequest, Network, Port
from stratiform.services.network.repository import ip_allocations, resources
from stratiform.services.network.service.address_allocator import AddressAllocator


@dataclass(frozen=True, slots=True)
class ServicePorts:
    """Ports of the network service itself: without security groups, and without a quota if they have no project."""

    ids: Ids

    def create(
        self,
        ctx: RequestContext,
        network: Network,
        device_owner: str,
        device_id: str,
        fixed_ips: Sequence[FixedIpRequest] | None,
        project_id: str = "",
    ) -> Port:
        """Raises as AddressAllocator.create_port."""
        port = Port(
            id=self.ids.uuid(),
            project_id=project_id,
            network_id=network.id,
            mac_address="",
            device_id=device_id,
            device_owner=device_owner,
            port_security_enabled=False,
            created_at=ctx.now,
            updated_at=ctx.now,
        )
        return AddressAllocator.lock_network(ctx, network).create_port(self.ids, port, fixed_ips)

    def delete(self, ctx: RequestContext, port_id: str) -> None:
        ip_allocations.release_addresses(ctx.db, port_id, ctx.now)
        resources.delete_port(ctx.db, port_id)
