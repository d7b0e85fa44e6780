"""Batches: the messages of one transaction, stored as they were received."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository


@dataclass(frozen=True, slots=True)
class Batches:
    """Reads and deletes stored messages."""

    def find_next_batch(self, db: Connection, after: int) -> tuple[int, Sequence[tuple[str, bytes]]] | None:
        """Return the first batch after number `after` that still has its messages, each with its cloud."""
        return repository.batches.find_next_batch(db, after)

    def delete_messages(self, db: Connection, before: Micros, limit: int) -> Sequence[int]:
        """Delete the messages of at most `limit` batches received before `before`; return their numbers."""
        return repository.batches.delete_messages(db, before, limit)
