"""Services of the catalog. Source: Identity API v3, "Service catalog and endpoints"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import policy, repository
from stratiform.services.identity.errors import ServiceNotFound
from stratiform.services.identity.model import Changes, JsonObject, ListQuery, Service
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.notifications import Notifications


@dataclass(frozen=True, slots=True)
class CatalogServices:
    """Operations on `/services`."""

    ids: Ids
    cache: DirectoryCache
    notifications: Notifications

    def create(self, ctx: RequestContext, new: Service) -> Service:
        """Create a service; the id of `new` is ignored."""
        policy.CREATE_SERVICE.require(ctx.caller)
        self.cache.invalidate(ctx.db, ctx.now)
        created = repository.services.insert(ctx.db, replace(new, id=self.ids.hex()))
        self.notifications.report(ctx, "service", "created", created.id)
        return created

    def get(self, ctx: RequestContext, service_id: str) -> Service:
        policy.GET_SERVICE.require(ctx.caller)
        return _load_service(ctx.db, service_id)

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Service]:
        policy.LIST_SERVICES.require(ctx.caller)
        return repository.list_records(ctx.db, repository.services, query)

    def update(self, ctx: RequestContext, service_id: str, changes: Changes, extra: JsonObject) -> Service:
        """Set columns of a service to new values and merge `extra`.

        Raises: ServiceNotFound
        """
        policy.UPDATE_SERVICE.require(ctx.caller)
        service = _load_service(ctx.db, service_id)
        self.cache.invalidate(ctx.db, ctx.now)
        self.notifications.report(ctx, "service", "updated", service_id)
        return repository.services.save(ctx.db, replace(service, **changes, extra=service.extra | extra))

    def delete(self, ctx: RequestContext, service_id: str) -> None:
        """Delete a service with its endpoints.

        Raises: ServiceNotFound
        """
        policy.DELETE_SERVICE.require(ctx.caller)
        _load_service(ctx.db, service_id)
        self.cache.invalidate(ctx.db, ctx.now)
        repository.delete_service(ctx.db, service_id)
        self.notifications.report(ctx, "service", "deleted", service_id)


def _load_service(db: Connection, service_id: str) -> Service:
    service = repository.services.find(db, service_id)
    if service is None:
        raise ServiceNotFound(service_id)
    return service
