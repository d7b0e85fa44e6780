"""IP availabilities: the numbers of total and used addresses of each network."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.pagination import Slice
from stratiform.services.network import policy
from stratiform.services.network.errors import NetworkNotFound
from stratiform.services.network.model import IpAvailability, ListQuery, Network, Subnet, SubnetIpAvailability
from stratiform.services.network.model.ip_addresses import parse_pool_ranges
from stratiform.services.network.repository import ip_allocations, list_queries, resources


@dataclass(frozen=True, slots=True)
class IpAvailabilities:
    """IP availabilities, for admins."""

    def get(self, ctx: RequestContext, network_id: str) -> IpAvailability:
        """Return the IP availability of a network. Raises NetworkNotFound."""
        policy.IP_AVAILABILITIES_GET.require(ctx.caller, None)
        network = resources.networks.find(ctx.db, network_id)
        if network is None:
            raise NetworkNotFound(network_id)
        return _count(ctx, [network], ())[0]

    def list(self, ctx: RequestContext, query: ListQuery, ip_versions: Collection[int] = ()) -> Slice[IpAvailability]:
        """Return the IP availability of networks, counting only subnets of `ip_versions` (default: all)."""
        policy.IP_AVAILABILITIES_GET.require(ctx.caller, None)
        networks = list_queries.list_page(ctx.db, resources.networks, query)
        return Slice(_count(ctx, networks.items, ip_versions), networks.more)


def _count(ctx: RequestContext, networks: Sequence[Network], ip_versions: Collection[int]) -> list[IpAvailability]:
    subnets = resources.list_subnets_by_network(ctx.db, [network.id for network in networks])
    used = ip_allocations.count_allocated_addresses(
        ctx.db, [subnet.id for group in subnets.values() for subnet in group]
    )
    return [
        IpAvailability(
            network,
            tuple(
                _count_subnet(subnet, used)
                for subnet in subnets[network.id]
                if not ip_versions or subnet.ip_version in ip_versions
            ),
        )
        for network in networks
    ]


def _count_subnet(subnet: Subnet, used: Mapping[str, int]) -> SubnetIpAvailability:
    total = sum(pool.size for pool in parse_pool_ranges(subnet.allocation_pools))
    return SubnetIpAvailability(subnet, total, used.get(subnet.id, 0))
