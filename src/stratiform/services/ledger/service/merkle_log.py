"""The Merkle log of events."""

from collections.abc import Callable
from dataclasses import dataclass

from stratiform.kit.database import Connection
from stratiform.services.ledger import repository


@dataclass(frozen=True, slots=True)
class MerkleLog:
    """Reads the Merkle log."""

    def get_size(self, db: Connection, position: int | None = None) -> int:
        """Return the number of events at a position, or now."""
        return repository.batches.count_events(db, position)

    def build_tile_reader(self, db: Connection) -> Callable[[int, int], bytes]:
        """Return a function that reads the hashes of the tile (level, number); empty if it does not exist."""
        return repository.log_tiles.build_tile_reader(db)
