"""Objects, properties, tags and associations of resource types in namespaces of metadata definitions."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.policy import Rule
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    MetadefItemExists,
    MetadefItemNotFound,
    MetadefItemProtected,
    MetadefNamespaceProtected,
)
from stratiform.services.image.model import METADEF_RESOURCE_TYPES, MetadefItem, MetadefNamespace
from stratiform.services.image.repository import metadefs
from stratiform.services.image.service.metadef_namespaces import get_visible_namespace, list_namespace_ids

Definition = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class MetadefItems:
    """The items of one kind. `label`: the kind in errors.

    Every method raises MetadefNamespaceNotFound and Forbidden. Source: Image API v2, "Metadata definitions".
    """

    kind: str
    label: str
    list_rule: Rule
    get_rule: Rule
    create_rule: Rule
    update_rule: Rule
    delete_rule: Rule
    delete_all_rule: Rule

    def list(self, ctx: RequestContext, namespace: str) -> Sequence[MetadefItem]:
        """Return the items of a namespace, the newest first."""
        visible = get_visible_namespace(ctx, namespace, self.list_rule)
        return metadefs.list_items(ctx.db, [visible.id], self.kind)

    def list_by_namespace(
        self, ctx: RequestContext, namespaces: Sequence[MetadefNamespace]
    ) -> Mapping[str, Sequence[MetadefItem]]:
        """Return the items of namespaces that the caller sees, by the id of the namespace."""
        self.list_rule.require(ctx.caller, ctx.caller.project_id)
        items = defaultdict[str, list[MetadefItem]](list)
        for item in metadefs.list_items(ctx.db, list_namespace_ids(namespaces), self.kind):
            items[item.namespace_id].append(item)
        return items

    def get(self, ctx: RequestContext, namespace: str, name: str) -> MetadefItem:
        """Raises MetadefItemNotFound."""
        return self._find(ctx, get_visible_namespace(ctx, namespace, self.get_rule), name)

    def create(self, ctx: RequestContext, namespace: str, name: str, definition: Definition) -> MetadefItem:
        """Raises MetadefItemExists."""
        visible = get_visible_namespace(ctx, namespace, self.create_rule)
        return self._insert(ctx, visible, name, definition)

    def create_all(
        self, ctx: RequestContext, namespace: str, definitions: Sequence[tuple[str, Definition]], *, append: bool
    ) -> Sequence[MetadefItem]:
        """Create several items, and delete the other ones unless `append`. Raises MetadefItemExists."""
        visible = get_visible_namespace(ctx, namespace, self.create_rule)
        if not append:
            metadefs.delete_items(ctx.db, visible.id, self.kind)
        return [self._insert(ctx, visible, name, definition) for name, definition in definitions]

    def replace(
        self, ctx: RequestContext, namespace: str, name: str, new_name: str, definition: Definition
    ) -> MetadefItem:
        """Set name and definition. Raises MetadefItemNotFound, MetadefItemExists."""
        visible = get_visible_namespace(ctx, namespace, self.update_rule)
        old = self._find(ctx, visible, name)
        item = replace(old, name=new_name, definition=dict(definition), updated_at=ctx.now)
        if new_name.lower() != old.name.lower() and self._exists(ctx, visible, new_name):
            raise MetadefItemExists(self.label, new_name, namespace)
        if not metadefs.save_item(ctx.db, old.name, item):
            raise MetadefItemExists(self.label, new_name, namespace)
        return item

    def delete(self, ctx: RequestContext, namespace: str, name: str) -> None:
        """Raises MetadefItemNotFound, MetadefItemProtected if the namespace is protected."""
        visible = get_visible_namespace(ctx, namespace, self.delete_rule)
        item = self._find(ctx, visible, name)
        if visible.protected:
            raise MetadefItemProtected(self.label, name)
        metadefs.delete_item(ctx.db, visible.id, self.kind, item.name)

    def delete_all(self, ctx: RequestContext, namespace: str) -> None:
        """Raises MetadefNamespaceProtected."""
        visible = get_visible_namespace(ctx, namespace, self.delete_all_rule)
        if visible.protected:
            raise MetadefNamespaceProtected(namespace)
        metadefs.delete_items(ctx.db, visible.id, self.kind)

    def _find(self, ctx: RequestContext, namespace: MetadefNamespace, name: str) -> MetadefItem:
        if self.kind == "tag":
            item = metadefs.find_tag(ctx.db, namespace.id, name)
        else:
            item = metadefs.find_item(ctx.db, namespace.id, self.kind, name)
        if item is None:
            raise MetadefItemNotFound(self.label, name, namespace.name)
        return item

    def _exists(self, ctx: RequestContext, namespace: MetadefNamespace, name: str) -> bool:
        """Return True if a tag with the name exists in upper or lower case; other kinds have a constraint."""
        return self.kind == "tag" and metadefs.find_tag(ctx.db, namespace.id, name) is not None

    def _insert(
        self, ctx: RequestContext, namespace: MetadefNamespace, name: str, definition: Definition
    ) -> MetadefItem:
        item = MetadefItem(namespace.id, self.kind, name, dict(definition), ctx.now, ctx.now)
        if self._exists(ctx, namespace, name) or not metadefs.insert_item(ctx.db, item):
            raise MetadefItemExists(self.label, name, namespace.name)
        return item


@dataclass(frozen=True, slots=True)
class MetadefResourceTypes:
    """The resource types that namespaces can be associated with."""

    def list(self, ctx: RequestContext) -> Sequence[str]:
        """Return the names of common resource types, and of all that are associated with a namespace."""
        policy.METADEF_RESOURCE_TYPES_LIST.require(ctx.caller, ctx.caller.project_id)
        return sorted({*METADEF_RESOURCE_TYPES, *metadefs.list_names(ctx.db, "resource_type")})


METADEF_OBJECTS = MetadefItems(
    kind="object",
    label="metadata definition object",
    list_rule=policy.METADEF_OBJECTS_LIST,
    get_rule=policy.METADEF_OBJECTS_GET,
    create_rule=policy.METADEF_OBJECTS_CREATE,
    update_rule=policy.METADEF_OBJECTS_UPDATE,
    delete_rule=policy.METADEF_OBJECTS_DELETE,
    delete_all_rule=policy.METADEF_NAMESPACES_DELETE,
)
METADEF_PROPERTIES = MetadefItems(
    kind="property",
    label="metadata definition property",
    list_rule=policy.METADEF_PROPERTIES_LIST,
    get_rule=policy.METADEF_PROPERTIES_GET,
    create_rule=policy.METADEF_PROPERTIES_CREATE,
    update_rule=policy.METADEF_PROPERTIES_UPDATE,
    delete_rule=policy.METADEF_PROPERTIES_DELETE,
    delete_all_rule=policy.METADEF_NAMESPACES_DELETE,
)
METADEF_TAGS = MetadefItems(
    kind="tag",
    label="metadata tag",
    list_rule=policy.METADEF_TAGS_LIST,
    get_rule=policy.METADEF_TAGS_GET,
    create_rule=policy.METADEF_TAGS_CREATE,
    update_rule=policy.METADEF_TAGS_UPDATE,
    delete_rule=policy.METADEF_TAGS_DELETE,
    delete_all_rule=policy.METADEF_TAGS_DELETE_ALL,
)
METADEF_RESOURCE_TYPE_ASSOCIATIONS = MetadefItems(
    kind="resource_type",
    label="metadata definition resource-type association",
    list_rule=policy.METADEF_RESOURCE_TYPES_LIST,
    get_rule=policy.METADEF_RESOURCE_TYPES_GET,
    create_rule=policy.METADEF_RESOURCE_TYPES_CREATE,
    update_rule=policy.METADEF_RESOURCE_TYPES_CREATE,
    delete_rule=policy.METADEF_RESOURCE_TYPES_DELETE,
    delete_all_rule=policy.METADEF_RESOURCE_TYPES_DELETE,
)
