"""Endpoints of the catalog. Source: Identity API v3, "Service catalog and endpoints"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import EndpointNotFound
from stratiform.services.identity.model import Changes, Endpoint, JsonObject, ListQuery, Region
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.notifications import Notifications


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Operations on `/endpoints`."""

    ids: Ids
    cache: DirectoryCache
    notifications: Notifications

    def create(self, ctx: RequestContext, new: Endpoint, *, create_region: bool = False) -> Endpoint:
        """Create an endpoint; the id of `new` is ignored. `create_region`: and its region, if that does not exist.

        Raises: Invalid for an unknown service or region
        """
        policy.CREATE_ENDPOINT.require(ctx.caller)
        if create_region:
            self._ensure_region(ctx, new.region_id)
        _validate(ctx.db, new)
        self.cache.invalidate(ctx.db, ctx.now)
        created = repository.endpoints.insert(ctx.db, replace(new, id=self.ids.hex()))
        self.notifications.report(ctx, "endpoint", "created", created.id)
        return created

    def get(self, ctx: RequestContext, endpoint_id: str) -> Endpoint:
        policy.GET_ENDPOINT.require(ctx.caller)
        return _load_endpoint(ctx.db, endpoint_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Endpoint]:
        policy.LIST_ENDPOINTS.require(ctx.caller)
        return repository.list_records(ctx.db, repository.endpoints, query)

    def update(
        self,
        ctx: RequestContext,
        endpoint_id: str,
        changes: Changes,
        extra: JsonObject,
        *,
        create_region: bool = False,
    ) -> Endpoint:
        """Set columns of an endpoint to new values and merge `extra`. `create_region`: as in `create`.

        Raises: EndpointNotFound, Invalid for an unknown service or region
        """
        policy.UPDATE_ENDPOINT.require(ctx.caller)
        endpoint = _load_endpoint(ctx.db, endpoint_id)
        updated = replace(endpoint, **changes, extra=endpoint.extra | extra)
        if create_region:
            self._ensure_region(ctx, updated.region_id)
        _validate(ctx.db, updated)
        self.cache.invalidate(ctx.db, ctx.now)
        self.notifications.report(ctx, "endpoint", "updated", endpoint_id)
        return repository.endpoints.save(ctx.db, updated)

    def delete(self, ctx: RequestContext, endpoint_id: str) -> None:
        policy.DELETE_ENDPOINT.require(ctx.caller)
        _load_endpoint(ctx.db, endpoint_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.endpoints.delete(ctx.db, repository.endpoints.key == endpoint_id)
        self.notifications.report(ctx, "endpoint", "deleted", endpoint_id)

    def _ensure_region(self, ctx: RequestContext, region_id: str | None) -> None:
        """Create a region unless it exists. Source: keystone/api/endpoints.py (_validate_endpoint_region)."""
        if region_id is not None and repository.regions.find(ctx.db, region_id) is None:
            repository.regions.insert(ctx.db, Region(region_id))
            self.notifications.report(ctx, "region", "created", region_id)


def _load_endpoint(db: Connection, endpoint_id: str) -> Endpoint:
    endpoint = repository.endpoints.find(db, endpoint_id)
    if endpoint is None:
        raise EndpointNotFound(endpoint_id)
    return endpoint


def _validate(db: Connection, endpoint: Endpoint) -> None:
    if repository.services.find(db, endpoint.service_id) is None:
        raise Invalid(f"Could not find service: {endpoint.service_id}.")
    if endpoint.region_id is not None and repository.regions.find(db, endpoint.region_id) is None:
        raise Invalid(f"Could not find region: {endpoint.region_id}.")
