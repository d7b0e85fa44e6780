"""Services, endpoints, regions, and the catalog made of them. Source: Identity API v3, "Service catalog"."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.db import Connection, Record, Rows
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.identity import repository
from stratiform.services.identity import tables as t
from stratiform.services.identity.errors import Denied, NoSuch
from stratiform.services.identity.model import CatalogEntry, Document, Endpoint, Query, Region, Service
from stratiform.services.identity.policy import policy
from stratiform.services.identity.service.memory import Memory

T = TypeVar("T", bound=Record)

_PLACEHOLDER = re.compile(r"[$%]\((project_id|tenant_id|user_id)\)s")


@dataclass(frozen=True, slots=True)
class Catalog:
    """The verbs of `/services`, `/endpoints`, `/regions` and `/auth/catalog`."""

    ids: Ids
    memory: Memory

    def own(self, ctx: RequestContext) -> list[CatalogEntry]:
        """The catalog as the caller's token has it."""
        policy.require(ctx.caller, "identity:get_auth_catalog")
        return self.of(ctx.db, ctx.now, project_id=ctx.caller.project_id, user_id=ctx.caller.user_id)

    def of(self, db: Connection, now: Micros, *, project_id: str | None, user_id: str) -> list[CatalogEntry]:
        """URLs that need a project are left out where there is none."""
        template, is_plain = self._template(db, now)
        if is_plain:
            return template
        known: dict[str, str] = {"user_id": user_id}
        if project_id:
            known |= {"project_id": project_id, "tenant_id": project_id}
        return [replace(entry, endpoints=tuple(_filled(entry.endpoints, known))) for entry in template]

    def _template(self, db: Connection, now: Micros) -> tuple[list[CatalogEntry], bool]:
        """The catalog before its URLs are filled, and whether there is nothing to fill."""
        kept = self.memory.current(db, now)
        found: tuple[list[CatalogEntry], bool] | None = kept.entries.get("catalog")
        if found is None:
            entries = _catalog(db)
            is_plain = not any(_PLACEHOLDER.search(each.url) for entry in entries for each in entry.endpoints)
            found = entries, is_plain
            kept.put(db, "catalog", found)
        return found

    def create_service(self, ctx: RequestContext, new: Service) -> Service:
        policy.require(ctx.caller, "identity:create_service")
        self.memory.changed(ctx.db, ctx.now)
        return repository.services.insert(ctx.db, replace(new, id=self.ids.hex()))

    def service(self, ctx: RequestContext, service_id: str) -> Service:
        policy.require(ctx.caller, "identity:get_service")
        return _one(ctx.db, repository.services, "service", service_id)

    def services(self, ctx: RequestContext, query: Query) -> Slice[Service]:
        policy.require(ctx.caller, "identity:list_services")
        return repository.listed(ctx.db, repository.services, query)

    def update_service(
        self, ctx: RequestContext, service_id: str, changes: Mapping[str, Any], extra: Document
    ) -> Service:
        policy.require(ctx.caller, "identity:update_service")
        old = _one(ctx.db, repository.services, "service", service_id)
        self.memory.changed(ctx.db, ctx.now)
        return repository.services.save(ctx.db, replace(old, **changes, extra=old.extra | extra))

    def delete_service(self, ctx: RequestContext, service_id: str) -> None:
        """With its endpoints."""
        policy.require(ctx.caller, "identity:delete_service")
        _one(ctx.db, repository.services, "service", service_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.endpoints.delete(ctx.db, t.endpoints.c.service_id == service_id)
        repository.services.delete(ctx.db, t.services.c.id == service_id)

    def create_endpoint(self, ctx: RequestContext, new: Endpoint) -> Endpoint:
        """Raises Invalid for an unknown service or region."""
        policy.require(ctx.caller, "identity:create_endpoint")
        self._check(ctx.db, new)
        self.memory.changed(ctx.db, ctx.now)
        return repository.endpoints.insert(ctx.db, replace(new, id=self.ids.hex()))

    def endpoint(self, ctx: RequestContext, endpoint_id: str) -> Endpoint:
        policy.require(ctx.caller, "identity:get_endpoint")
        return _one(ctx.db, repository.endpoints, "endpoint", endpoint_id)

    def endpoints(self, ctx: RequestContext, query: Query) -> Slice[Endpoint]:
        policy.require(ctx.caller, "identity:list_endpoints")
        return repository.listed(ctx.db, repository.endpoints, query)

    def update_endpoint(
        self, ctx: RequestContext, endpoint_id: str, changes: Mapping[str, Any], extra: Document
    ) -> Endpoint:
        policy.require(ctx.caller, "identity:update_endpoint")
        old = _one(ctx.db, repository.endpoints, "endpoint", endpoint_id)
        new = replace(old, **changes, extra=old.extra | extra)
        self._check(ctx.db, new)
        self.memory.changed(ctx.db, ctx.now)
        return repository.endpoints.save(ctx.db, new)

    def delete_endpoint(self, ctx: RequestContext, endpoint_id: str) -> None:
        policy.require(ctx.caller, "identity:delete_endpoint")
        _one(ctx.db, repository.endpoints, "endpoint", endpoint_id)
        self.memory.changed(ctx.db, ctx.now)
        repository.endpoints.delete(ctx.db, t.endpoints.c.id == endpoint_id)

    def _check(self, db: Connection, endpoint: Endpoint) -> None:
        if repository.services.get(db, endpoint.service_id) is None:
            raise Invalid(f"Could not find service: {endpoint.service_id}.")
        if endpoint.region_id is not None and repository.regions.get(db, endpoint.region_id) is None:
            raise Invalid(f"Could not find region: {endpoint.region_id}.")

    def create_region(self, ctx: RequestContext, new: Region) -> Region:
        """An empty id is filled. Raises Conflict where it is taken."""
        policy.require(ctx.caller, "identity:create_region")
        region = new if new.id else replace(new, id=self.ids.hex())
        if repository.regions.get(ctx.db, region.id) is not None:
            raise Conflict(
                f"Conflict occurred attempting to store region - Duplicate ID, {region.id}.",
            )
        if region.parent_region_id:
            _one(ctx.db, repository.regions, "region", region.parent_region_id)
        return repository.store(ctx.db, repository.regions, region, "region", name=region.id)

    def region(self, ctx: RequestContext, region_id: str) -> Region:
        policy.require(ctx.caller, "identity:get_region")
        return _one(ctx.db, repository.regions, "region", region_id)

    def regions(self, ctx: RequestContext, query: Query) -> Slice[Region]:
        policy.require(ctx.caller, "identity:list_regions")
        return repository.listed(ctx.db, repository.regions, query)

    def update_region(self, ctx: RequestContext, region_id: str, changes: Mapping[str, Any], extra: Document) -> Region:
        """Raises NoSuch for an unknown parent, Conflict where a region would be inside itself."""
        policy.require(ctx.caller, "identity:update_region")
        old = _one(ctx.db, repository.regions, "region", region_id)
        new = replace(old, **changes, extra=old.extra | extra)
        above = new.parent_region_id
        while above:
            if above == region_id:
                raise Conflict("Conflict occurred attempting to store region - Circular parent.")
            above = _one(ctx.db, repository.regions, "region", above).parent_region_id
        return repository.regions.save(ctx.db, new)

    def delete_region(self, ctx: RequestContext, region_id: str) -> None:
        """Raises Denied where endpoints or regions are inside it."""
        policy.require(ctx.caller, "identity:delete_region")
        _one(ctx.db, repository.regions, "region", region_id)
        inside = repository.endpoints.count(ctx.db, t.endpoints.c.region_id == region_id)
        inside += repository.regions.count(ctx.db, t.regions.c.parent_region_id == region_id)
        if inside:
            raise Denied(
                f"Unable to delete region {region_id} because it or its child regions have associated endpoints"
            )
        repository.regions.delete(ctx.db, t.regions.c.id == region_id)


def _one(db: Connection, rows: Rows[T], kind: str, key: str) -> T:
    found = rows.get(db, key)
    if found is None:
        raise NoSuch(kind, key)
    return found


def _catalog(db: Connection) -> list[CatalogEntry]:
    by_service: dict[str, list[Endpoint]] = {}
    for endpoint in repository.endpoints.all(db, t.endpoints.c.enabled.is_(True)):
        by_service.setdefault(endpoint.service_id, []).append(endpoint)
    services = repository.services.all(db, t.services.c.enabled.is_(True), order=(t.services.c.type, t.services.c.id))
    return [CatalogEntry(service, tuple(by_service.get(service.id, ()))) for service in services]


def _filled(endpoints: tuple[Endpoint, ...], known: Mapping[str, str]) -> list[Endpoint]:
    found = []
    for endpoint in endpoints:
        needed = set(_PLACEHOLDER.findall(endpoint.url))
        if not needed:
            found.append(endpoint)
        elif needed <= set(known):
            url = _PLACEHOLDER.sub(lambda place: known[place[1]], endpoint.url)
            found.append(replace(endpoint, url=url))
    return found
