"""Usage that was not known at an earlier position, such as that of a closed period."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import Resource


@dataclass(frozen=True, slots=True)
class LateUsage:
    """Compares the usage that is known now with what was known at a position."""

    def list_resources(
        self, db: Connection, project_ids: Sequence[str], start: Micros, end: Micros, position: int
    ) -> Set[Resource]:
        """Return the resources of projects whose usage in `[start, end)` may differ from that at `position`."""
        return repository.late_usage.list_resources(db, project_ids, start, end, position)

    def list_projects(self, db: Connection, position: int, before: Micros) -> Mapping[str, Micros]:
        """Return the projects with usage before `before` that was added or removed after `position`, with its start."""
        return repository.late_usage.list_projects(db, position, before)
