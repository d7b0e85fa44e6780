"""Namespaces of metadata definitions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.kit.policy import Rule
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    MetadefNamespaceExists,
    MetadefNamespaceNotFound,
    MetadefNamespaceProtected,
)
from stratiform.services.image.model import METADEF_VISIBILITIES, MetadefNamespace, MetadefQuery
from stratiform.services.image.repository import metadefs


@dataclass(frozen=True, slots=True)
class MetadefNamespaces:
    """Source: Image API v2, "Metadata definition namespaces"."""

    ids: Ids

    def list(self, ctx: RequestContext, query: MetadefQuery) -> Slice[MetadefNamespace]:
        """Return a page of the public namespaces and those of the project; operators see all.

        Raises: Invalid for a filter, sort key or marker that is not valid.
        """
        policy.METADEF_NAMESPACES_LIST.require(ctx.caller, ctx.caller.project_id)
        if query.visibility not in ("", *METADEF_VISIBILITIES):
            raise Invalid(f"Invalid visibility value: {query.visibility}")
        return metadefs.list_namespaces(ctx.db, query, ctx.caller.project_id, ctx.caller.is_admin)

    def get(self, ctx: RequestContext, name: str) -> MetadefNamespace:
        """Raises MetadefNamespaceNotFound, also for a namespace that the caller does not see."""
        return get_visible_namespace(ctx, name, policy.METADEF_NAMESPACES_GET)

    def create(self, ctx: RequestContext, name: str, attributes: Mapping[str, Any]) -> MetadefNamespace:
        """Create a namespace. `attributes`: fields of `MetadefNamespace`, by default those of the class.

        Raises: MetadefNamespaceExists, Forbidden.
        """
        policy.METADEF_NAMESPACES_CREATE.require(ctx.caller, None)
        values = {"owner": ctx.caller.project_id or "", **attributes}
        namespace = MetadefNamespace(self.ids.uuid(), name, created_at=ctx.now, updated_at=ctx.now, **values)
        if not metadefs.insert_namespace(ctx.db, namespace):
            raise MetadefNamespaceExists(name)
        return namespace

    def replace(self, ctx: RequestContext, name: str, new_name: str, attributes: Mapping[str, Any]) -> MetadefNamespace:
        """Set the name and all attributes; those that are not in `attributes` get their defaults.

        Raises: MetadefNamespaceNotFound, MetadefNamespaceExists, Forbidden.
        """
        old = get_visible_namespace(ctx, name, policy.METADEF_NAMESPACES_UPDATE)
        blank = MetadefNamespace(old.id, new_name, ctx.caller.project_id or "", old.created_at, ctx.now)
        namespace = replace(blank, **attributes)
        if not metadefs.save_namespace(ctx.db, namespace):
            raise MetadefNamespaceExists(new_name)
        return namespace

    def delete(self, ctx: RequestContext, name: str) -> None:
        """Delete a namespace and everything in it. Raises MetadefNamespaceNotFound, MetadefNamespaceProtected."""
        namespace = get_visible_namespace(ctx, name, policy.METADEF_NAMESPACES_DELETE)
        if namespace.protected:
            raise MetadefNamespaceProtected(name)
        metadefs.delete_namespace(ctx.db, namespace.id)


def get_visible_namespace(ctx: RequestContext, name: str, rule: Rule) -> MetadefNamespace:
    """Return a namespace that the caller sees and that `rule` allows. Raises MetadefNamespaceNotFound, Forbidden."""
    namespace = metadefs.find_namespace(ctx.db, name)
    own = namespace is not None and ctx.caller.project_id == namespace.owner
    if namespace is None or not (own or namespace.visibility == "public" or ctx.caller.is_admin):
        raise MetadefNamespaceNotFound(name)
    rule.require(ctx.caller, ctx.caller.project_id)
    return namespace


def list_namespace_ids(namespaces: Sequence[MetadefNamespace]) -> Sequence[str]:
    return [namespace.id for namespace in namespaces]
