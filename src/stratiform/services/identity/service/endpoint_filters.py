"""Endpoints of projects, which limit the catalog of their tokens. Source: Identity API v3, OS-EP-FILTER."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.identity import repository
from stratiform.services.identity.errors import DuplicateResource, EndpointNotFound, SimpleResourceNotFound
from stratiform.services.identity.model import Endpoint, JsonObject, Project
from stratiform.services.identity.model.simple_resources import (
    ENDPOINT_GROUP,
    PROJECT_ENDPOINT,
    PROJECT_ENDPOINT_GROUP,
    ResourceKind,
    SimpleResource,
)
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import load_project


@dataclass(frozen=True, slots=True)
class EndpointFilters:
    """Associations of projects with endpoints, and with groups of endpoints.

    `kind` is PROJECT_ENDPOINT or PROJECT_ENDPOINT_GROUP; the item is an endpoint or a group.
    """

    cache: DirectoryCache

    def add(self, ctx: RequestContext, kind: ResourceKind, project_id: str, item_id: str) -> None:
        """Associate a project with an item; an association stays. Raises: ProjectNotFound, and that of the item."""
        kind.rules.create.require(ctx.caller)
        load_project(ctx.db, project_id)
        _require_item(ctx.db, kind, item_id)
        association = SimpleResource(
            kind.name, f"{project_id}/{item_id}", f"{project_id}/{item_id}", project_id, {"item_id": item_id}
        )
        if repository.find_simple_resource(ctx.db, kind.name, association.id) is None:
            self.cache.invalidate(ctx.db, ctx.now)
            repository.save_simple_resource(ctx.db, association, DuplicateResource(kind.label), is_new=True)

    def check(self, ctx: RequestContext, kind: ResourceKind, project_id: str, item_id: str) -> None:
        """Check that a project has an item. Raises: SimpleResourceNotFound."""
        kind.rules.get.require(ctx.caller)
        if repository.find_simple_resource(ctx.db, kind.name, f"{project_id}/{item_id}") is None:
            raise SimpleResourceNotFound(kind.label, item_id)

    def remove(self, ctx: RequestContext, kind: ResourceKind, project_id: str, item_id: str) -> None:
        kind.rules.delete.require(ctx.caller)
        self.cache.invalidate(ctx.db, ctx.now)
        if not repository.delete_simple_resource(ctx.db, kind.name, f"{project_id}/{item_id}"):
            raise SimpleResourceNotFound(kind.label, item_id)

    def list_endpoints(self, ctx: RequestContext, project_id: str) -> Sequence[Endpoint]:
        """Return the endpoints of a project, directly and by groups. Raises: ProjectNotFound."""
        PROJECT_ENDPOINT.rules.list.require(ctx.caller)
        load_project(ctx.db, project_id)
        selected = list_project_endpoint_ids(ctx.db, project_id) or frozenset()
        return [endpoint for endpoint in repository.endpoints.list_all(ctx.db) if endpoint.id in selected]

    def list_groups(self, ctx: RequestContext, project_id: str) -> Sequence[SimpleResource]:
        """Return the endpoint groups of a project. Raises: ProjectNotFound."""
        PROJECT_ENDPOINT_GROUP.rules.list.require(ctx.caller)
        load_project(ctx.db, project_id)
        return _list_groups(ctx.db, project_id)

    def list_endpoints_in_group(self, ctx: RequestContext, group_id: str) -> Sequence[Endpoint]:
        ENDPOINT_GROUP.rules.get.require(ctx.caller)
        group = _require_item(ctx.db, PROJECT_ENDPOINT_GROUP, group_id)
        filters = group.attributes["filters"] if group else {}
        return [endpoint for endpoint in repository.endpoints.list_all(ctx.db) if _matches(endpoint, filters)]

    def list_projects(self, ctx: RequestContext, kind: ResourceKind, item_id: str) -> Sequence[Project]:
        """Return the projects that are associated with an item."""
        kind.rules.list.require(ctx.caller)
        _require_item(ctx.db, kind, item_id)
        associations = repository.list_simple_resources(
            ctx.db, kind.name, matches=lambda record: record.attributes["item_id"] == item_id
        )
        return repository.find_by_ids(ctx.db, repository.projects, [record.owner_id for record in associations.items])


def list_project_endpoint_ids(db: Connection, project_id: str) -> frozenset[str] | None:
    """Return the endpoints to which the catalog of a project is limited; None if it has no associations."""
    direct = repository.list_owned_resources(db, PROJECT_ENDPOINT.name, project_id)
    groups = _list_groups(db, project_id)
    if not direct and not groups:
        return None
    ids = {record.attributes["item_id"] for record in direct}
    endpoints = repository.endpoints.list_all(db) if groups else []
    ids |= {e.id for e in endpoints if any(_matches(e, group.attributes["filters"]) for group in groups)}
    return frozenset(ids)


def _list_groups(db: Connection, project_id: str) -> list[SimpleResource]:
    associations = repository.list_owned_resources(db, PROJECT_ENDPOINT_GROUP.name, project_id)
    records = (
        repository.find_simple_resource(db, ENDPOINT_GROUP.name, record.attributes["item_id"])
        for record in associations
    )
    return [group for group in records if group is not None]


def _matches(endpoint: Endpoint, filters: JsonObject) -> bool:
    return all(getattr(endpoint, name) == value for name, value in filters.items())


def _require_item(db: Connection, kind: ResourceKind, item_id: str) -> SimpleResource | None:
    """Check that the endpoint or group exists; return the group."""
    if kind == PROJECT_ENDPOINT:
        if repository.endpoints.find(db, item_id) is None:
            raise EndpointNotFound(item_id)
        return None
    group = repository.find_simple_resource(db, ENDPOINT_GROUP.name, item_id)
    if group is None:
        raise SimpleResourceNotFound(ENDPOINT_GROUP.label, item_id)
    return group
