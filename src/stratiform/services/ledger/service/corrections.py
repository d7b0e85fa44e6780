"""Corrections that are in the ledger. They are created by ingest."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.database import Connection
from stratiform.services.ledger import repository
from stratiform.services.ledger.model import EventRecord, Statement, UsageFilter


@dataclass(frozen=True, slots=True)
class Corrections:
    """Reads corrections."""

    def list(
        self, db: Connection, usage_filter: UsageFilter, limit: int, before: int | None = None
    ) -> Sequence[tuple[int, EventRecord]]:
        """Return the newest `limit` corrections with a number below `before`, the newest first."""
        return repository.corrections.list_page(db, usage_filter, limit, before)

    def list_statements(self, db: Connection, resource_ids: Sequence[int]) -> dict[int, "Statements"]:
        """Return the statements of all corrections of resources, by resource id."""
        return repository.corrections.list_statements(db, resource_ids)


Statements = list[Statement]
