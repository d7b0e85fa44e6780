"""Which projects have used something."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.repository.project_usage import ProjectUsage


@dataclass(frozen=True, slots=True)
class ProjectUsages:
    """Reads the usage of projects, for other services."""

    def exists(self, db: Connection, project_id: str) -> bool:
        """Return True if the project has usage, also if its ID has not the form of OpenStack's."""
        return repository.known_names.has_project(db, project_id)

    def list(
        self,
        db: Connection,
        start: Micros,
        end: Micros,
        resource_types: Collection[str],
        project_id: str | None = None,
    ) -> Sequence[ProjectUsage]:
        """Return the projects with usage of these resource types in `[start, end)`, or only one project."""
        return repository.project_usage.list_by_project(db, start, end, resource_types, project_id)
