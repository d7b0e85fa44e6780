"""Resources: their ids in the ledger, and how far they are folded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import FoldProgress, Resource, UsageFilter
from stratiform.services.ledger.repository.resources import ResourceKey, ResourceRow
from stratiform.services.ledger.service.usage_access import restrict_filter

#: More resources with one name than anyone distinguishes by hand.
_MAX_NAMESAKES = 100


@dataclass(frozen=True, slots=True)
class Resources:
    """Reads resources."""

    def find_ids(self, db: Connection, resources: Iterable[Resource]) -> dict[Resource, int]:
        """Return the ids of those resources that are in the ledger."""
        return repository.resources.find_ids(db, resources)

    def list_rows(self, db: Connection, resource_ids: Sequence[int]) -> dict[int, ResourceRow]:
        """Return the rows of resources, by id."""
        return {row.id: row for row in repository.resources.list_rows(db, resource_ids)}

    def list_page(
        self, db: Connection, limit: int, after: ResourceKey | None
    ) -> Sequence[tuple[Resource, FoldProgress]]:
        """Return the first `limit` resources after `after`, sorted by id, type and cloud."""
        return repository.resources.list_page(db, limit, after)

    def list_named(self, ctx: RequestContext, name: str, resource_type: str) -> Sequence[Resource]:
        """Return the resources with this name that the caller may read, of this type; only those in use if any is.

        Raises: Forbidden.
        """
        restricted = restrict_filter(ctx, UsageFilter())
        named = repository.resources.list_named(ctx.db, name, resource_type, _MAX_NAMESAKES)
        visible = [
            (resource, progress.end is None)
            for resource, progress in named
            if repository.segment_queries.list_rows(ctx.db, UsageFilter(*resource, project_id=restricted.project_id), 1)
        ]
        return [resource for resource, is_used in visible if is_used] or [resource for resource, _ in visible]

    def list_clouds(self, db: Connection, resource_type: str, resource_id: str) -> Sequence[str]:
        """Return the clouds in which the ledger has a resource with this type and id."""
        return repository.resources.list_clouds(db, resource_type, resource_id)
