"""Resources: their ids in the ledger, and how far they are folded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import FoldProgress, Resource
from stratiform.services.ledger.repository.resources import ResourceKey, ResourceRow


@dataclass(frozen=True, slots=True)
class Resources:
    """Reads resources."""

    def find_ids(self, db: Connection, resources: Iterable[Resource]) -> dict[Resource, int]:
        """Return the ids of those resources that are in the ledger."""
        return repository.resources.find_ids(db, resources)

    def list_rows(self, db: Connection, resource_ids: Sequence[int]) -> dict[int, ResourceRow]:
        """Return the rows of resources, by id."""
        return repository.resources.list_rows(db, resource_ids)

    def list_page(
        self, db: Connection, limit: int, after: ResourceKey | None
    ) -> Sequence[tuple[Resource, FoldProgress]]:
        """Return the first `limit` resources after `after`, sorted by id, type and cloud."""
        return repository.resources.list_page(db, limit, after)

    def list_clouds(self, db: Connection, resource_type: str, resource_id: str) -> Sequence[str]:
        """Return the clouds in which the ledger has a resource with this type and id."""
        return repository.resources.list_clouds(db, resource_type, resource_id)
