"""The service catalog. Source: Identity API v3, "Service catalog and endpoints"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.identity import policy, repository
from stratiform.services.identity.model import CatalogEntry, Endpoint
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.endpoint_filters import list_project_endpoint_ids

_PLACEHOLDER = re.compile(r"[$%]\((project_id|tenant_id|user_id)\)s")


@dataclass(frozen=True, slots=True)
class CatalogTemplate:
    """The catalog before substitution; `is_static` if no URL has a placeholder."""

    entries: Sequence[CatalogEntry]
    is_static: bool


@dataclass(frozen=True, slots=True)
class Catalog:
    """Operations on `/auth/catalog`."""

    cache: DirectoryCache

    def get(self, ctx: RequestContext) -> Sequence[CatalogEntry]:
        """Return the catalog of the caller's token."""
        policy.GET_AUTH_CATALOG.require(ctx.caller)
        return self.build_catalog(ctx.db, ctx.now, project_id=ctx.caller.project_id, user_id=ctx.caller.user_id)

    def build_catalog(
        self, db: Connection, now: Micros, *, project_id: str | None, user_id: str
    ) -> Sequence[CatalogEntry]:
        """Return the catalog of a token. Endpoints that need a project are left out of tokens without one."""
        template = self._load_template(db, now)
        entries = self._filter_endpoints(db, now, template.entries, project_id) if project_id else template.entries
        if template.is_static:
            return entries
        values = {"user_id": user_id}
        if project_id:
            values |= {"project_id": project_id, "tenant_id": project_id}
        return [replace(entry, endpoints=_substitute(entry.endpoints, values)) for entry in entries]

    def _filter_endpoints(
        self, db: Connection, now: Micros, entries: Sequence[CatalogEntry], project_id: str
    ) -> Sequence[CatalogEntry]:
        """Return the services with the endpoints of a project, or all if it has no associations."""
        cached, key = self.cache.get_current_cache(db, now), f"endpoints of {project_id}"
        if key not in cached.entries:
            selected = list_project_endpoint_ids(db, project_id)
            cached.put(db, key, selected)
        else:
            selected = cached.entries[key]
        if selected is None:
            return entries
        filtered = [
            replace(entry, endpoints=tuple(endpoint for endpoint in entry.endpoints if endpoint.id in selected))
            for entry in entries
        ]
        return [entry for entry in filtered if entry.endpoints]

    def _load_template(self, db: Connection, now: Micros) -> CatalogTemplate:
        cached = self.cache.get_current_cache(db, now)
        template: CatalogTemplate | None = cached.entries.get("catalog")
        if template is None:
            entries = _load_entries(db)
            urls = (endpoint.url for entry in entries for endpoint in entry.endpoints)
            template = CatalogTemplate(entries, is_static=not any(_PLACEHOLDER.search(url) for url in urls))
            cached.put(db, "catalog", template)
        return template


def _load_entries(db: Connection) -> list[CatalogEntry]:
    endpoints: dict[str, list[Endpoint]] = {}
    for endpoint in repository.list_enabled_endpoints(db):
        endpoints.setdefault(endpoint.service_id, []).append(endpoint)
    services = repository.list_enabled_services(db)
    return [CatalogEntry(service, tuple(endpoints.get(service.id, ()))) for service in services]


def _substitute(endpoints: Sequence[Endpoint], values: Mapping[str, str]) -> tuple[Endpoint, ...]:
    """Replace the placeholders in URLs, and leave out endpoints with a placeholder that has no value."""
    return tuple(
        replace(endpoint, url=_PLACEHOLDER.sub(lambda match: values[match[1]], endpoint.url))
        for endpoint in endpoints
        if values.keys() >= set(_PLACEHOLDER.findall(endpoint.url))
    )
