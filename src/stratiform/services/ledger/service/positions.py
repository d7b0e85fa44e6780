"""Positions: the number of batches in the ledger, to which `as_of` refers."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger import repository


@dataclass(frozen=True, slots=True)
class Positions:
    """Reads positions."""

    def get_current_position(self, db: Connection) -> int:
        """Return the current position; `as_of` this position always selects what is known now."""
        return repository.batches.get_current_position(db)

    def get_position_at(self, db: Connection, moment: Micros) -> int:
        """Return the position at `moment`."""
        return repository.batches.get_position_at(db, moment)

    def find_time(self, db: Connection, position: int) -> Micros | None:
        """Return when the position was reached; None for 0, the position of an empty ledger."""
        return repository.batches.list_position_times(db, [position]).get(position)
