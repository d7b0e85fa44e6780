"""Subnet pools, from which subnets are allocated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from ipaddress import ip_network

from stratiform.kit.context import RequestContext
from stratiform.services.network.errors import BadRequest, SubnetPoolNotFound
from stratiform.services.network.errors.addressing import (
    AddressScopeNotFound,
    IllegalPrefixLength,
    IllegalSubnetPoolPrefix,
    SubnetAllocationFailed,
    SubnetPoolInUse,
    SubnetPoolQuotaExceeded,
)
from stratiform.services.network.model import Attributes, Subnet
from stratiform.services.network.model.declared_types.addressing import ADDRESS_SCOPE, SUBNET_POOL
from stratiform.services.network.model.resource_types import Resource
from stratiform.services.network.model.subnet_prefixes import (
    check_lengths,
    contains,
    find_free_subnet,
    merge_prefixes,
    parse_prefixes,
)
from stratiform.services.network.repository import resources
from stratiform.services.network.service.resource_collection import ResourceCollection, ResourceDependencies


@dataclass(frozen=True, slots=True)
class SubnetPools:
    """Subnet pools. A pool is locked while a subnet is allocated, so that no address is allocated twice."""

    dependencies: ResourceDependencies

    @property
    def collection(self) -> ResourceCollection:
        return self.dependencies.build(
            SUBNET_POOL, prepare=self._prepare, check_update=self._check_update, before_delete=self._before_delete
        )

    def allocate(
        self, ctx: RequestContext, pool_id: str, project_id: str, *, cidr: str | None, length: int | None
    ) -> tuple[str, int]:
        """Return the CIDR and the IP version of a new subnet: `cidr`, or any with a prefix of `length`.

        Raises: SubnetPoolNotFound, SubnetAllocationFailed, SubnetPoolQuotaExceeded, IllegalPrefixLength.
        """
        self.collection.rows.lock(ctx.db, pool_id)
        pool = self.collection.get(ctx, pool_id)
        allocated = resources.list_subnets_of_pool(ctx.db, pool_id)
        length = _resolve_length(pool, cidr, length)
        _require_quota(pool, allocated, project_id, length)
        cidrs = [subnet.cidr for subnet in allocated]
        if cidr is None:
            allocation = find_free_subnet(pool["prefixes"], cidrs, length)
            if allocation is None:
                raise SubnetAllocationFailed("Insufficient prefix space to allocate subnet size /" + str(length))
            return allocation, pool["ip_version"]
        if not contains(pool["prefixes"], cidr) or any(ip_network(cidr).overlaps(ip_network(used)) for used in cidrs):
            raise SubnetAllocationFailed("Cannot allocate requested subnet from the available set of prefixes")
        return cidr, pool["ip_version"]

    def find_default(self, ctx: RequestContext, ip_version: int) -> str:
        """Return the id of the default pool. Raises SubnetPoolNotFound."""
        pool = resources.find_default_pool(ctx.db, ip_version)
        if pool is None:
            raise SubnetPoolNotFound(f"default (IPv{ip_version})")
        return pool.id

    def add_prefixes(self, ctx: RequestContext, pool_id: str, prefixes: Sequence[str]) -> Resource:
        pool = self.collection.get_for_update(ctx, pool_id)
        return self.collection.update(ctx, pool_id, {"prefixes": [*pool["prefixes"], *prefixes]})

    def remove_prefixes(self, ctx: RequestContext, pool_id: str, prefixes: Sequence[str]) -> Resource:
        """Raises IllegalSubnetPoolPrefix if subnets are allocated from a prefix, or no prefix would be left."""
        pool = self.collection.get_for_update(ctx, pool_id)
        removed = parse_prefixes(prefixes)
        remaining = [ip_network(prefix) for prefix in pool["prefixes"]]
        for network in removed:
            remaining = [
                item
                for other in remaining
                for item in (other.address_exclude(network) if _contains(other, network) else [other])  # type: ignore[arg-type]
                if item != network
            ]
        if not remaining:
            raise IllegalSubnetPoolPrefix("a pool has at least one prefix")
        merged = merge_prefixes(remaining)
        for subnet in resources.list_subnets_of_pool(ctx.db, pool_id):
            if not contains(merged, subnet.cidr):
                raise IllegalSubnetPoolPrefix(f"subnet {subnet.id} is allocated from the prefix")
        return self.collection.save(ctx, pool, {"prefixes": merged})

    def onboard_subnets(self, ctx: RequestContext, pool_id: str, network_id: str) -> Sequence[Subnet]:
        """Add the subnets of a network to a pool, with their prefixes. Raises IllegalSubnetPoolPrefix."""
        pool = self.collection.get_for_update(ctx, pool_id)
        subnets = [
            subnet
            for subnet in resources.list_subnets_by_network(ctx.db, [network_id])[network_id]
            if subnet.ip_version == pool["ip_version"] and subnet.subnetpool_id is None
        ]
        if not subnets:
            raise IllegalSubnetPoolPrefix(f"network {network_id} has no subnets to onboard")
        allocated = [ip_network(subnet.cidr) for subnet in resources.list_subnets_of_pool(ctx.db, pool_id)]
        for subnet in subnets:
            if any(ip_network(subnet.cidr).overlaps(other) for other in allocated):
                raise IllegalSubnetPoolPrefix(f"subnet {subnet.id} overlaps with a subnet of the pool")
            resources.subnets.update(ctx.db, subnet.id, subnetpool_id=pool_id)
        prefixes = [ip_network(prefix) for prefix in (*pool["prefixes"], *(subnet.cidr for subnet in subnets))]
        self.collection.save(ctx, pool, {"prefixes": merge_prefixes(prefixes)})
        return [replace(subnet, subnetpool_id=pool_id) for subnet in subnets]

    def _prepare(self, ctx: RequestContext, pool: Resource) -> Resource:
        networks = parse_prefixes(pool["prefixes"])
        version = networks[0].version
        values = {**pool.values, "prefixes": merge_prefixes(networks), "ip_version": version}
        self._check_scope(ctx, pool["address_scope_id"], version)
        return replace(pool, values={**values, **check_lengths(values, version)})

    def _check_update(self, ctx: RequestContext, pool: Resource, changes: Attributes) -> Attributes:
        changes = dict(changes)
        if "prefixes" in changes:
            networks = parse_prefixes(changes["prefixes"])
            merged = merge_prefixes(networks)
            if networks[0].version != pool["ip_version"] or not all(
                contains(merged, item) for item in pool["prefixes"]
            ):
                raise IllegalSubnetPoolPrefix("existing prefixes must be a subset of the new prefixes")
            changes["prefixes"] = merged
        if changes.get("address_scope_id") is not None:
            self._check_scope(ctx, changes["address_scope_id"], pool["ip_version"])
        values = {**pool.values, **changes}
        return {**changes, **check_lengths(values, pool["ip_version"])}

    def _before_delete(self, ctx: RequestContext, pool: Resource) -> None:
        if resources.list_subnets_of_pool(ctx.db, pool.id):
            raise SubnetPoolInUse(pool.id)

    def _check_scope(self, ctx: RequestContext, scope_id: str | None, version: int) -> None:
        if scope_id is None:
            return
        scope = self.dependencies.build(ADDRESS_SCOPE).get(ctx, scope_id)
        if scope.project_id != ctx.caller.project_id and not ctx.caller.is_admin:
            raise AddressScopeNotFound(scope_id)
        if scope["ip_version"] != version:
            raise BadRequest(f"Address scope {scope_id} has another IP version than the subnet pool.")


def _contains(network: object, other: object) -> bool:
    return contains([str(network)], str(other))


def _resolve_length(pool: Resource, cidr: str | None, length: int | None) -> int:
    if cidr is not None:
        length = ip_network(cidr).prefixlen
    if length is None:
        length = pool["default_prefixlen"]
    if length < pool["min_prefixlen"]:
        raise IllegalPrefixLength("prefixlen", length, "min_prefixlen", pool["min_prefixlen"])
    if length > pool["max_prefixlen"]:
        raise IllegalPrefixLength("prefixlen", length, "max_prefixlen", pool["max_prefixlen"])
    return length


def _require_quota(pool: Resource, allocated: Sequence[Subnet], project_id: str, length: int) -> None:
    """The quota of IPv4 counts addresses, that of IPv6 networks of /64."""
    if pool["default_quota"] is None:
        return
    unit = 32 if pool["ip_version"] == 4 else 64
    lengths = [ip_network(subnet.cidr).prefixlen for subnet in allocated if subnet.project_id == project_id]
    if sum(2 ** max(0, unit - item) for item in (*lengths, length)) > pool["default_quota"]:
        raise SubnetPoolQuotaExceeded
