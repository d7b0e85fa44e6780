"""Default networks: a network `private` for projects without one."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.network import policy
from stratiform.services.network.model import Network, NewSubnet
from stratiform.services.network.model.ip_addresses import LARGEST_RESERVATION
from stratiform.services.network.repository import resources
from stratiform.services.network.service.networks import Networks
from stratiform.services.network.service.subnets import Subnets

_NAME = "private"


@dataclass(frozen=True, slots=True)
class DefaultNetworks:
    """The network of a project that needs no configuration."""

    networks: Networks
    subnets: Subnets

    def ensure_network(self, ctx: RequestContext, project_id: str) -> Network:
        """Return the project's network `private`; create it with a /24 subnet if it does not exist.

        The subnet's pool suits every cloud: the project may be bound to another one later.
        """
        policy.NETWORKS_CREATE.require(ctx.caller, project_id)
        existing = resources.find_network_by_name(ctx.db, project_id, _NAME)
        if existing is not None:
            return existing
        network = self.networks.create(ctx, project_id, {"name": _NAME})
        cidr = f"10.{int(network.id[-2:], 16) % 200 + 20}.{int(network.id[-4:-2], 16)}.0/24"
        new = NewSubnet(network.id, 4, cidr, attributes={"name": _NAME})
        self.subnets.create(ctx, new, project_id, LARGEST_RESERVATION)
        return self.networks.get(ctx, network.id)
