"""Resources that are stored as a document. Source: Identity API v3, "Policies", "Unified limits", "OS-FEDERATION"."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.identity import repository
from stratiform.services.identity.errors import (
    DuplicateResource,
    LimitRejected,
    RegionNotFound,
    ServiceNotFound,
    SimpleResourceNotFound,
)
from stratiform.services.identity.model import JsonObject, NewProject
from stratiform.services.identity.model.mapping_rules import validate_rules
from stratiform.services.identity.model.simple_resources import (
    ENDPOINT_GROUP,
    IDENTITY_PROVIDER,
    LIMIT,
    MAPPING,
    PROTOCOL,
    REGISTERED_LIMIT,
    ResourceKind,
    SimpleResource,
)
from stratiform.services.identity.service.directory_cache import DirectoryCache
from stratiform.services.identity.service.domains import Domains, load_domain, load_project


@dataclass(frozen=True, slots=True)
class SimpleResources:
    """Operations on resources of every kind. Attributes are checked where they refer to other resources."""

    ids: Ids
    cache: DirectoryCache
    domains: Domains

    def create(
        self,
        ctx: RequestContext,
        kind: ResourceKind,
        attributes: JsonObject,
        *,
        resource_id: str = "",
        parent: str = "",
    ) -> SimpleResource:
        """Create a resource, with a random id by default; `parent` is the id of the resource that contains it.

        Raises: DuplicateResource, LimitRejected, Invalid, and the XNotFound of resources in the attributes
        """
        kind.rules.create.require(ctx.caller)
        resource_id = resource_id or self.ids.hex()
        stored_id = build_stored_id(parent, resource_id)
        if repository.find_simple_resource(ctx.db, kind.name, stored_id) is not None:
            raise DuplicateResource(kind.label)
        attributes = self._complete(ctx, kind, attributes, resource_id, parent)
        record = SimpleResource(
            kind.name,
            stored_id,
            kind.build_unique_key(stored_id, attributes),
            _find_owner(kind, attributes, parent),
            attributes,
        )
        return repository.save_simple_resource(ctx.db, record, DuplicateResource(kind.label), is_new=True)

    def get(self, ctx: RequestContext, kind: ResourceKind, resource_id: str, *, parent: str = "") -> SimpleResource:
        """Return a resource. Raises: SimpleResourceNotFound, ForbiddenAction."""
        record = repository.find_simple_resource(ctx.db, kind.name, build_stored_id(parent, resource_id))
        not_found = SimpleResourceNotFound(kind.label, resource_id)
        kind.rules.get.require_own(ctx.caller, record.owner_id if record else None, not_found)
        if record is None:
            raise not_found
        return record

    def list(
        self, ctx: RequestContext, kind: ResourceKind, filters: JsonObject, page: Page | None, *, parent: str = ""
    ) -> Slice[SimpleResource]:
        """Return the resources that the caller may see and whose attributes equal `filters`."""
        if not kind.rules.list.allows_some_resource(ctx.caller):
            raise kind.rules.list.build_forbidden_error()

        def matches(record: SimpleResource) -> bool:
            is_visible = kind.rules.list.allows(ctx.caller, record.owner_id)
            is_inside = not parent or record.owner_id == parent
            values = record.attributes | {"id": record.id}
            return is_visible and is_inside and all(values.get(name) == value for name, value in filters.items())

        return repository.list_simple_resources(ctx.db, kind.name, page, matches=matches)

    def find_effective_limit(
        self, db: Connection, service_type: str, resource_name: str, project_id: str
    ) -> int | None:
        """Return the limit of a project, or the registered limit of all projects, or None if there is neither."""
        service_ids = {service.id for service in repository.services.list_all(db) if service.type == service_type}

        def is_of_resource(record: SimpleResource) -> bool:
            values = record.attributes
            return values["resource_name"] == resource_name and values["service_id"] in service_ids

        limits = repository.list_simple_resources(db, LIMIT.name, matches=is_of_resource).items
        for record in limits:
            if record.attributes.get("project_id") == project_id:
                return int(record.attributes["resource_limit"])
        registered = repository.list_simple_resources(db, REGISTERED_LIMIT.name, matches=is_of_resource).items
        return int(registered[0].attributes["default_limit"]) if registered else None

    def update(
        self, ctx: RequestContext, kind: ResourceKind, resource_id: str, changes: JsonObject, *, parent: str = ""
    ) -> SimpleResource:
        """Set attributes of a resource to new values.

        Raises: SimpleResourceNotFound, DuplicateResource, LimitRejected
        """
        kind.rules.update.require(ctx.caller)
        record = self.get(ctx, kind, resource_id, parent=parent)
        attributes = record.attributes | changes
        if kind == PROTOCOL:
            self.get(ctx, MAPPING, attributes["mapping_id"])
        if kind == MAPPING:
            validate_rules(attributes["rules"])
        if kind == IDENTITY_PROVIDER and not attributes.get("enabled"):
            self._invalidate_provider(ctx, record.id)
        unique_key = kind.build_unique_key(record.id, attributes)
        if kind == REGISTERED_LIMIT and unique_key != record.unique_key:
            _require_unused(ctx, record, "update")
        if kind == ENDPOINT_GROUP:  # the catalog of its projects changes
            self.cache.invalidate(ctx.db, ctx.now)
        updated = replace(record, attributes=attributes, unique_key=unique_key)
        return repository.save_simple_resource(ctx.db, updated, DuplicateResource(kind.label), is_new=False)

    def delete(self, ctx: RequestContext, kind: ResourceKind, resource_id: str, *, parent: str = "") -> None:
        """Delete a resource and those that it contains. Raises: SimpleResourceNotFound, LimitRejected."""
        kind.rules.delete.require(ctx.caller)
        record = self.get(ctx, kind, resource_id, parent=parent)
        if kind == REGISTERED_LIMIT:
            _require_unused(ctx, record, "delete")
        if kind == ENDPOINT_GROUP:
            self.cache.invalidate(ctx.db, ctx.now)
        if kind == IDENTITY_PROVIDER:
            self._invalidate_provider(ctx, record.id)
            repository.delete_provider_users(ctx.db, record.id)
        repository.delete_simple_resource(ctx.db, kind.name, record.id)
        repository.delete_owned_resources(ctx.db, record.id)

    def _invalidate_provider(self, ctx: RequestContext, idp_id: str) -> None:
        self.cache.invalidate(ctx.db, ctx.now)
        repository.invalidate_provider_tokens(ctx.db, idp_id)

    def _complete(
        self, ctx: RequestContext, kind: ResourceKind, attributes: JsonObject, resource_id: str, parent: str
    ) -> JsonObject:
        """Check references to other resources, and create what belongs to the new one."""
        if kind in (REGISTERED_LIMIT, LIMIT):
            _check_limit(ctx, kind, attributes)
        if kind == MAPPING:
            validate_rules(attributes["rules"])
        if kind == PROTOCOL:
            self.get(ctx, IDENTITY_PROVIDER, parent)
            self.get(ctx, MAPPING, attributes["mapping_id"])
        if kind == IDENTITY_PROVIDER:
            if attributes.get("domain_id"):
                load_domain(ctx.db, attributes["domain_id"])
            else:
                description = "Auto generated federated domain for Identity Provider: " + resource_id
                new = NewProject(self.ids.hex(), description=description)
                attributes = attributes | {"domain_id": self.domains.create(ctx, new).id}
        return attributes


def build_stored_id(parent: str, resource_id: str) -> str:
    """Return the id under which a resource is stored: that of a contained one is unique in its parent only."""
    return f"{parent}/{resource_id}" if parent else resource_id


def _find_owner(kind: ResourceKind, attributes: JsonObject, parent: str) -> str:
    if kind == LIMIT:
        return str(attributes.get("project_id") or attributes["domain_id"])
    return parent


def _check_limit(ctx: RequestContext, kind: ResourceKind, attributes: JsonObject) -> None:
    service_id, region_id = attributes["service_id"], attributes.get("region_id")
    if repository.services.find(ctx.db, service_id) is None:
        raise ServiceNotFound(service_id)
    if region_id and repository.regions.find(ctx.db, region_id) is None:
        raise RegionNotFound(region_id)
    if kind == REGISTERED_LIMIT:
        return
    project_id, domain_id = attributes.get("project_id"), attributes.get("domain_id")
    if bool(project_id) == bool(domain_id):
        raise Invalid("Specify either project_id or domain_id for a limit.")
    load_project(ctx.db, project_id) if project_id else load_domain(ctx.db, str(domain_id))
    registered = REGISTERED_LIMIT.build_unique_key("", attributes)
    if not repository.list_simple_resources(
        ctx.db, REGISTERED_LIMIT.name, matches=lambda record: record.unique_key == registered
    ).items:
        raise LimitRejected("Unable to create a limit that has no corresponding registered limit.")


def _require_unused(ctx: RequestContext, registered: SimpleResource, action: str) -> None:
    """Raises LimitRejected if projects or domains have a limit for the resource of a registered limit."""

    def is_limit_of(record: SimpleResource) -> bool:
        return REGISTERED_LIMIT.build_unique_key("", record.attributes) == registered.unique_key

    if repository.list_simple_resources(ctx.db, LIMIT.name, matches=is_limit_of).items:
        raise LimitRejected(
            f"Unable to {action} registered limit {registered.id} because there are project limits associated with it."
        )
