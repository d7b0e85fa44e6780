"""Pools: named groups of clouds, to which projects can be bound."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.clouds import policy
from stratiform.services.clouds.errors import PoolConflict, PoolInUse, PoolMemberNotFound, PoolNotFound
from stratiform.services.clouds.model import UNBOUND_PROJECTS, Cloud, Pool, PoolMember, check_name
from stratiform.services.clouds.repository import bindings, pools


@dataclass(frozen=True, slots=True)
class Pools:
    """Pools of clouds and their members."""

    ids: Ids

    def create(self, ctx: RequestContext, name: str) -> Pool:
        """Create a pool without members. Raises: PoolConflict, Invalid."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        check_name(name, "pool")
        pool = Pool(self.ids.uuid(), name, ctx.now)
        if pools.find_pool_by_name(ctx.db, name) is not None or not pools.insert_pool(ctx.db, pool):
            raise PoolConflict(f"A pool named '{name}' already exists")
        return pool

    def get(self, ctx: RequestContext, name_or_id: str) -> Pool:
        """Raises: PoolNotFound."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        pool = pools.find_pool_by_name(ctx.db, name_or_id) or pools.pools.find(ctx.db, name_or_id)
        if pool is None:
            raise PoolNotFound(name_or_id)
        return pool

    def list(self, ctx: RequestContext) -> Sequence[Pool]:
        """Return all pools, ordered by name."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        return pools.list_pools(ctx.db)

    def list_members(self, ctx: RequestContext, pool: Pool) -> Sequence[PoolMember]:
        """Return the clouds of a pool in the order in which they were added."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        return pools.list_members(ctx.db, pool.id)

    def delete(self, ctx: RequestContext, pool: Pool) -> None:
        """Delete a pool; its clouds stay. Raises: PoolInUse while projects are bound to it."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        projects = bindings.list_projects_of_pool(ctx.db, pool.id)
        if projects or not pools.delete_pool(ctx.db, pool.id):
            names = ["all projects without bindings" if id_ == UNBOUND_PROJECTS else id_ for id_ in projects]
            raise PoolInUse(f"Pool '{pool.name}' serves projects: {', '.join(names)}", hint="unbind them first")

    def add_member(self, ctx: RequestContext, pool: Pool, cloud: Cloud, native_zone: str = "") -> None:
        """Add a cloud: it serves all projects that are bound to the pool. Raises: PoolConflict."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        is_member = any(member.cloud_id == cloud.id for member in pools.list_members(ctx.db, pool.id))
        if is_member or not pools.insert_member(ctx.db, pool.id, cloud.id, native_zone):
            raise PoolConflict(f"Cloud '{cloud.name}' is already a member of pool '{pool.name}'")

    def remove_member(self, ctx: RequestContext, pool: Pool, cloud: Cloud) -> None:
        """Remove a cloud; existing resources in it stay. Raises: PoolMemberNotFound."""
        policy.POOLS_MANAGE.require(ctx.caller, None)
        if not pools.delete_member(ctx.db, pool.id, cloud.id):
            raise PoolMemberNotFound(f"Cloud '{cloud.name}' is not a member of pool '{pool.name}'")
