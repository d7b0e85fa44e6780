"""Regions. Source: Identity API v3, "Regions"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import ForbiddenAction, NameConflict, RegionConflict, RegionNotFound
from stratiform.services.identity.model import Changes, JsonObject, ListQuery, Region
from stratiform.services.identity.service.notifications import Notifications


@dataclass(frozen=True, slots=True)
class Regions:
    """Operations on `/regions`."""

    ids: Ids
    notifications: Notifications

    def create(self, ctx: RequestContext, new: Region) -> Region:
        """Create a region, with a random id if `new` has none.

        Raises: RegionConflict, RegionNotFound for the parent
        """
        policy.CREATE_REGION.require(ctx.caller)
        region = new if new.id else replace(new, id=self.ids.hex())
        if repository.regions.find(ctx.db, region.id) is not None:
            raise RegionConflict(f"Duplicate ID, {region.id}")
        if region.parent_region_id:
            _load_region(ctx.db, region.parent_region_id)
        created = repository.insert_unique(ctx.db, repository.regions, region, NameConflict("region", region.id))
        self.notifications.report(ctx, "region", "created", created.id)
        return created

    def get(self, ctx: RequestContext, region_id: str) -> Region:
        policy.GET_REGION.require(ctx.caller)
        return _load_region(ctx.db, region_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Region]:
        policy.LIST_REGIONS.require(ctx.caller)
        return repository.list_records(ctx.db, repository.regions, query)

    def update(self, ctx: RequestContext, region_id: str, changes: Changes, extra: JsonObject) -> Region:
        """Set columns of a region to new values and merge `extra`.

        Raises: RegionNotFound, also for the parent; RegionConflict for a cycle
        """
        policy.UPDATE_REGION.require(ctx.caller)
        region = _load_region(ctx.db, region_id)
        updated = replace(region, **changes, extra=region.extra | extra)
        ancestor_id = updated.parent_region_id
        while ancestor_id:
            if ancestor_id == region_id:
                raise RegionConflict("Circular parent")
            ancestor_id = _load_region(ctx.db, ancestor_id).parent_region_id
        self.notifications.report(ctx, "region", "updated", region_id)
        return repository.regions.save(ctx.db, updated)

    def delete(self, ctx: RequestContext, region_id: str) -> None:
        """Delete a region.

        Raises: RegionNotFound, ForbiddenAction if it contains endpoints or regions
        """
        policy.DELETE_REGION.require(ctx.caller)
        _load_region(ctx.db, region_id)
        if repository.is_region_used(ctx.db, region_id):
            raise ForbiddenAction(
                f"Unable to delete region {region_id} because it or its child regions have associated endpoints"
            )
        repository.regions.delete(ctx.db, repository.regions.key == region_id)
        self.notifications.report(ctx, "region", "deleted", region_id)


def _load_region(db: Connection, region_id: str) -> Region:
    region = repository.regions.find(db, region_id)
    if region is None:
        raise RegionNotFound(region_id)
    return region
