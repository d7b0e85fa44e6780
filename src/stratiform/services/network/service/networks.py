"""Networks, how full they are, and how many a project may have."""

from collections.abc import Collection
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection, IntegrityError
from stratiform.kit.pagination import Slice
from stratiform.services.network.errors import NetworkInUse, NetworkNotFound
from stratiform.services.network.model import Availability, Listing, Network, Subnet
from stratiform.services.network.model.addressing import spans
from stratiform.services.network.policy import policy
from stratiform.services.network.repository import allocation
from stratiform.services.network.repository import rows as repository
from stratiform.services.network.service.parts import Parts, changed, owner, require_listing, require_visible, sees_all
from stratiform.services.network.service.removal import remove_subnet
from stratiform.services.network.tables import networks as table
from stratiform.services.network.tables import ports as ports_table

#: What only the operator may say of a network, and the rule for it.
_OPERATORS = {"shared": "shared", "external": "router:external", "is_default": "is_default"}

#: What each project has, and what nobody can have here.
_FIXED_QUOTA = {
    "security_group": (1, 1),
    "security_group_rule": (4, 4),
    "router": (0, 0),
    "floatingip": (0, 0),
    "subnetpool": (0, 0),
    "rbac_policy": (0, 0),
}


class NetworkVerbs(Parts):
    """Verbs on networks."""

    __slots__ = ()

    def networks(self, ctx: RequestContext, listing: Listing) -> Slice[Network]:
        """The project's networks and the shared ones; the operator's list has all."""
        require_listing(ctx.caller, "get_network")
        seen = repository.visible(ctx.caller.project_id, sees_all(ctx.caller))
        return repository.listed(ctx.db, repository.networks, listing, seen)

    def network(self, ctx: RequestContext, network_id: str) -> Network:
        """Raises NetworkNotFound, also where it is a stranger's."""
        found = repository.networks.get(ctx.db, network_id)
        if found is None:
            raise NetworkNotFound(network_id)
        if not found.shared:
            require_visible(ctx.caller, "get_network", found.project_id, NetworkNotFound(network_id))
        return found

    def create_network(self, ctx: RequestContext, project_id: str | None, values: dict[str, Any]) -> Network:
        """`values`: fields of model.Network."""
        mine = owner(ctx.caller, project_id)
        policy.require(ctx.caller, "create_network", mine)
        for name, rule in _OPERATORS.items():
            if values.get(name):
                policy.require(ctx.caller, f"create_network:{rule}", mine)
        made = Network(id=self.ids.uuid(), project_id=mine, created_at=ctx.now, updated_at=ctx.now, **values)
        return repository.networks.insert(ctx.db, made)

    def update_network(self, ctx: RequestContext, network_id: str, values: dict[str, Any]) -> Network:
        network = self.network(ctx, network_id)
        policy.require(ctx.caller, "update_network", network.project_id)
        for name, rule in _OPERATORS.items():
            if name in values and values[name] != getattr(network, name):
                policy.require(ctx.caller, f"update_network:{rule}", network.project_id)
        after: Network = changed(ctx, repository.networks, network, values)
        return after

    def delete_network(self, ctx: RequestContext, network_id: str) -> None:
        """Its subnets go with it. Raises NetworkInUse while ports are on it."""
        network = self.network(ctx, network_id)
        policy.require(ctx.caller, "delete_network", network.project_id)
        subnets = repository.subnets_of(ctx.db, [network_id])[network_id]
        allocation.lock(ctx.db, [subnet.id for subnet in subnets])
        left = repository.ports.all(ctx.db, ports_table.c.network_id == network_id, limit=5)
        if left:
            raise NetworkInUse(network_id, ", ".join(port.id for port in left))
        try:
            with ctx.db.begin_nested():
                for subnet in subnets:
                    remove_subnet(ctx, subnet)
                repository.networks.delete(ctx.db, table.c.id == network_id)
        except IntegrityError as error:
            raise NetworkInUse(network_id) from error

    def subnets_of(self, db: Connection, network_ids: list[str]) -> dict[str, list[Subnet]]:
        """The subnets of each network, oldest first, of networks that the caller has seen."""
        return repository.subnets_of(db, network_ids)

    def names(self, db: Connection, network_ids: list[str]) -> dict[str, str]:
        """The name of each network that exists; for what Nova says of a server's addresses."""
        found = repository.networks.all(db, table.c.id.in_(sorted(set(network_ids))))
        return {network.id: network.name for network in found}

    def availability(self, ctx: RequestContext, listing: Listing, versions: Collection[int] = ()) -> list[Availability]:
        """How many addresses each network has and how many are held, of the IP `versions` asked for (none: all)."""
        policy.require(ctx.caller, "get_network_ip_availability", None)
        found = repository.listed(ctx.db, repository.networks, listing).items
        subnets = repository.subnets_of(ctx.db, [network.id for network in found])
        held = allocation.held(ctx.db, [subnet.id for group in subnets.values() for subnet in group])
        return [
            _availability(
                network, [one for one in subnets[network.id] if not versions or one.ip_version in versions], held
            )
            for network in found
        ]

    def zones(self, db: Connection, project_id: str) -> list[str]:
        """The availability zones where the project's networks can be."""
        return list(self.clouds.bindings.list_zones(db, project_id))

    def quota(self, ctx: RequestContext, project_id: str) -> dict[str, tuple[int, int]]:
        """Each kind of thing with how many a project may have (-1: no limit) and has. Raises Forbidden."""
        policy.require(ctx.caller, "get_quota", project_id)
        counts = repository.counts(ctx.db, project_id)
        return {noun: (-1, count) for noun, count in counts.items()} | _FIXED_QUOTA


def _availability(network: Network, subnets: list[Subnet], held: dict[str, int]) -> Availability:
    counted = [
        (subnet, sum(span.size for span in spans(subnet.allocation_pools)), held.get(subnet.id, 0))
        for subnet in subnets
    ]
    return Availability(
        network=network,
        total=sum(total for _, total, _ in counted),
        used=sum(used for _, _, used in counted),
        subnets=counted,
    )
