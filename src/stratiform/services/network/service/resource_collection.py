"""The implementation that all declared resource types share. A type with rules of its own has hooks."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.database import IntegrityError
from stratiform.kit.errors import NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.services.clouds.service import CloudsService
from stratiform.services.network import events
from stratiform.services.network.errors import ResourceExists, ResourceInUse
from stratiform.services.network.model import Attributes, ListQuery
from stratiform.services.network.model.resource_types import REQUIRED, Resource, ResourceType, describe_resource
from stratiform.services.network.repository import list_queries
from stratiform.services.network.repository.resource_rows import ResourceGateway, gateways
from stratiform.services.network.service.ownership import (
    require_list,
    require_visible,
    resolve_owner,
    sees_all_projects,
)
from stratiform.services.network.service.quotas import Quotas

_STANDARD = ("name", "description", "tags")


def _resolve_owner(ctx: RequestContext, _values: Attributes, project_id: str | None) -> str:
    return resolve_owner(ctx.caller, project_id)


@dataclass(frozen=True, slots=True)
class NewResource:
    """A resource to create: its values, the project that the request names, and its id ("": a new one)."""

    values: Attributes
    project_id: str | None = None
    resource_id: str = ""


@dataclass(frozen=True, slots=True)
class ResourceHooks:
    """The rules of one type, as functions that run before and after a change.

    `resolve_owner` returns the project of a new resource. `prepare` returns a new resource after checks, before it is
    inserted; `check_update` the changes to save. `before_delete` checks that a resource may be deleted, and deletes
    what belongs to it. `compute` returns the values of computed attributes by the id of the resource. `check_parent`
    raises the `not_found` of the parent's type. `is_shared` is True if the caller's project may see a resource of
    another one. `build_duplicate_error` returns the error for a violated unique constraint. `lock_parents` locks what
    the creation of several resources changes, in one order, so that requests do not deadlock.
    """

    resolve_owner: Callable[[RequestContext, Attributes, str | None], str] = _resolve_owner
    prepare: Callable[[RequestContext, Resource], Resource] = lambda _ctx, resource: resource
    after_create: Callable[[RequestContext, Resource], None] = lambda _ctx, _resource: None
    check_update: Callable[[RequestContext, Resource, Attributes], Attributes] = lambda _ctx, _resource, changes: (
        changes
    )
    after_update: Callable[[RequestContext, Resource, Resource], None] = lambda _ctx, _resource, _updated: None
    before_delete: Callable[[RequestContext, Resource], None] = lambda _ctx, _resource: None
    compute: Callable[[RequestContext, Sequence[Resource]], Mapping[str, Attributes]] = lambda _ctx, _resources: {}
    check_parent: Callable[[RequestContext, str], object] = lambda _ctx, _parent_id: None
    is_shared: Callable[[RequestContext, Resource], bool] = lambda _ctx, _resource: False
    build_duplicate_error: Callable[[RequestContext, Resource], Exception] | None = None
    lock_parents: Callable[[RequestContext, Sequence[Attributes]], None] = lambda _ctx, _values: None


@dataclass(frozen=True, slots=True)
class ResourceDependencies:
    """What the collections of all types need."""

    ids: Ids
    quotas: Quotas
    clouds: CloudsService

    def build(self, resource_type: ResourceType, **hooks: Any) -> "ResourceCollection":
        """Return the collection of a type; `hooks` are fields of ResourceHooks."""
        return ResourceCollection(resource_type, self.ids, self.quotas, self.clouds, ResourceHooks(**hooks))


@dataclass(frozen=True, slots=True)
class ResourceCollection:
    """The resources of one declared type. `values` and `changes`: attributes by their names in the API."""

    resource_type: ResourceType
    ids: Ids
    quotas: Quotas
    clouds: CloudsService
    hooks: ResourceHooks = field(default_factory=ResourceHooks)

    @property
    def rows(self) -> ResourceGateway:
        return gateways[self.resource_type.name]

    def create(
        self, ctx: RequestContext, values: Attributes, project_id: str | None = None, resource_id: str = ""
    ) -> Resource:
        """Create a resource of the caller's project, or (admins) of another. `resource_id`: a new id by default.

        Raises: BadRequest, QuotaExceeded, the type's errors `not_found` (of a parent), `duplicate`.
        """
        owner = self.hooks.resolve_owner(ctx, values, project_id)
        self.resource_type.rules.create.require(ctx.caller, owner)
        self._require_attribute_rules(ctx, values, owner)
        self.quotas.reserve(ctx.db, owner, self.resource_type.quota)
        resource = self.hooks.prepare(ctx, self._build(ctx, values, owner, resource_id))
        self._insert(ctx, resource)
        self.hooks.after_create(ctx, resource)
        self.notify(ctx, "create", resource)
        return resource

    def lock_for_creation(self, ctx: RequestContext, resources: Sequence[NewResource]) -> None:
        """Lock quotas, and what `lock_parents` locks, before several resources are created in one transaction."""
        if self.resource_type.quota:
            owners = [self.hooks.resolve_owner(ctx, new.values, new.project_id) for new in resources]
            self.quotas.lock_all(ctx.db, owners)
        self.hooks.lock_parents(ctx, [new.values for new in resources])

    def get(self, ctx: RequestContext, resource_id: str) -> Resource:
        """Return a resource. Raises the type's `not_found`, also for a resource that the caller does not see."""
        resource = self.rows.find(ctx.db, resource_id)
        not_found = self._build_not_found(resource_id)
        if resource is None:
            raise not_found
        if self._is_visible_to_all(resource):
            self.resource_type.rules.get.require(ctx.caller, ctx.caller.project_id)
        elif not self._is_granted(ctx, resource):
            require_visible(ctx.caller, self.resource_type.rules.get, resource.project_id, not_found)
        return resource

    def get_in_parent(
        self, ctx: RequestContext, resource_id: str, parent_id: str | None, *, lock: bool = False
    ) -> Resource:
        """Return a resource of a parent (None: of any), locked until the transaction ends if `lock`."""
        if parent_id is not None:
            self.hooks.check_parent(ctx, parent_id)
        if lock:
            self.rows.lock(ctx.db, resource_id)
        resource = self.get(ctx, resource_id)
        if parent_id is not None and resource[self.resource_type.parent] != parent_id:
            raise self._build_not_found(resource_id)
        return resource

    def list(self, ctx: RequestContext, query: ListQuery) -> Slice[Resource]:
        """Return the resources that the caller sees."""
        require_list(ctx.caller, self.resource_type.rules.get)
        visible = self.rows.build_visible_condition(ctx.caller.project_id, sees_all_projects(ctx.caller))
        return list_queries.list_page(ctx.db, self.rows, query, visible)

    def update(self, ctx: RequestContext, resource_id: str, changes: Attributes) -> Resource:
        """Change a resource. Raises as `create`."""
        resource = self.get_for_update(ctx, resource_id)
        self._require_update_rules(ctx, resource, changes)
        changes = self._replace_nulls(changes)
        updated = self.save(ctx, resource, self.hooks.check_update(ctx, resource, changes))
        self.hooks.after_update(ctx, resource, updated)
        self.notify(ctx, "update", updated)
        return updated

    def delete(self, ctx: RequestContext, resource_id: str) -> None:
        """Delete a resource. Raises the type's `in_use` if others refer to it."""
        self.rows.lock(ctx.db, resource_id)
        resource = self.get(ctx, resource_id)
        self.resource_type.rules.delete.require(ctx.caller, resource.project_id)
        self.hooks.before_delete(ctx, resource)
        self.notify(ctx, "delete", resource)
        self.remove(ctx, resource)

    def get_for_update(self, ctx: RequestContext, resource_id: str) -> Resource:
        """Return a resource that the caller may change; it is locked until the transaction ends."""
        self.rows.lock(ctx.db, resource_id)
        resource = self.get(ctx, resource_id)
        self.resource_type.rules.update.require(ctx.caller, resource.project_id)
        return resource

    def save(self, ctx: RequestContext, resource: Resource, changes: Attributes) -> Resource:
        """Save changed attributes with a new revision number. Raises the type's `duplicate`."""
        standard = {name: value for name, value in changes.items() if name in _STANDARD}
        own = {name: value for name, value in changes.items() if name not in _STANDARD}
        updated = replace(
            resource,
            **standard,
            values={**resource.values, **own},
            updated_at=ctx.now,
            revision=resource.revision + 1,
        )
        try:
            with ctx.db.begin_nested():
                return self.rows.save(ctx.db, updated)
        except IntegrityError as error:
            raise self._build_duplicate_error(ctx, updated) from error

    def remove(self, ctx: RequestContext, resource: Resource) -> None:
        """Delete the row. Raises the type's `in_use`."""
        try:
            with ctx.db.begin_nested():
                self.rows.delete(ctx.db, self.rows.key == resource.id)
        except IntegrityError as error:
            in_use = self.resource_type.in_use or ResourceInUse
            raise in_use(resource.id) from error

    def describe(self, ctx: RequestContext, resources: Sequence[Resource]) -> Sequence[Attributes]:
        """Return resources as in the API's bodies."""
        computed = self.hooks.compute(ctx, resources)
        return [
            describe_resource(self.resource_type, resource, computed.get(resource.id, {})) for resource in resources
        ]

    def describe_visible(self, ctx: RequestContext, resources: Sequence[Resource]) -> Sequence[Attributes]:
        """Return resources as in responses: with the attributes that the caller may see."""
        rules = [(item.name, item.read_rule) for item in self.resource_type.attributes if item.read_rule is not None]
        bodies = self.describe(ctx, resources)
        for resource, body in zip(resources, bodies, strict=True):
            for name, rule in rules:
                if not rule.allows(ctx.caller, resource.project_id):
                    del body[name]
        return bodies

    def notify(self, ctx: RequestContext, operation: str, resource: Resource) -> None:
        """Append the notification of a change to the outbox."""
        if self.resource_type.name in events.NOTIFYING_TYPES:
            [body] = self.describe(ctx, [resource])
            cloud = resource.values.get("cloud_name") or self.find_cloud_name(ctx, resource.project_id)
            events.append_changes(ctx, self.ids, self.resource_type.name, operation, [(cloud, body)])

    def find_cloud_name(self, ctx: RequestContext, project_id: str) -> str:
        """Return the name of the project's default cloud, for notifications."""
        bindings = self.clouds.bindings.list_for_project(ctx.db, project_id)
        return bindings[0].cloud_name if bindings else events.NO_CLOUD

    def _is_granted(self, ctx: RequestContext, resource: Resource) -> bool:
        if resource.project_id == ctx.caller.project_id or sees_all_projects(ctx.caller):
            return False  # the rule for the project decides
        return self.rows.is_granted(ctx.db, resource.id, ctx.caller.project_id) or self.hooks.is_shared(ctx, resource)

    def _build_duplicate_error(self, ctx: RequestContext, resource: Resource) -> Exception:
        if self.hooks.build_duplicate_error is not None:
            return self.hooks.build_duplicate_error(ctx, resource)
        if self.resource_type.duplicate is None:
            return ResourceExists(self.resource_type.name)
        return self.resource_type.duplicate(resource.id)

    def _is_visible_to_all(self, resource: Resource) -> bool:
        return self.resource_type.public or (self.resource_type.is_shareable and bool(resource["shared"]))

    def _build(self, ctx: RequestContext, values: Attributes, owner: str, resource_id: str) -> Resource:
        own: dict[str, Any] = {}
        for attribute in self.resource_type.attributes:
            default = None if attribute.default is REQUIRED else attribute.default
            value = values.get(attribute.name)
            own[attribute.name] = default if value is None else value
        standard = {name: values[name] for name in _STANDARD if values.get(name) is not None}
        return Resource(
            id=resource_id or self.ids.uuid(),
            project_id=owner,
            created_at=ctx.now,
            updated_at=ctx.now,
            **standard,
            values=own,
        )

    def _replace_nulls(self, changes: Attributes) -> Attributes:
        """Return changes in which null resets an attribute that is never null to its default."""
        resets = {
            attribute.name: attribute.default
            for attribute in self.resource_type.stored_attributes
            if not attribute.nullable and attribute.default is not REQUIRED and changes.get(attribute.name, "") is None
        }
        texts = {name: "" for name in ("name", "description") if changes.get(name, "") is None}
        return {**changes, **resets, **texts}

    def _insert(self, ctx: RequestContext, resource: Resource) -> None:
        try:
            with ctx.db.begin_nested():
                self.rows.insert(ctx.db, resource)
        except IntegrityError as error:
            raise self._build_duplicate_error(ctx, resource) from error

    def _build_not_found(self, resource_id: str) -> NotFound:
        return self.resource_type.not_found(resource_id)

    def _require_attribute_rules(self, ctx: RequestContext, values: Attributes, owner: str) -> None:
        for attribute in self.resource_type.attributes:
            rule, value = attribute.create_rule, values.get(attribute.name)
            if rule is not None and value is not None and value != attribute.default:
                rule.require(ctx.caller, owner)

    def _require_update_rules(self, ctx: RequestContext, resource: Resource, changes: Attributes) -> None:
        for attribute in self.resource_type.attributes:
            rule = attribute.update_rule
            if rule is not None and attribute.name in changes:
                rule.require(ctx.caller, resource.project_id)
