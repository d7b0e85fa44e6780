"""The hashes of the Merkle log in tiles (`kit.merkle_tree`)."""

from collections.abc import Callable, Mapping

from sqlalchemy import select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection, upsert
from stratiform.services.ledger.tables import tile_table

_t = tile_table.c


def build_tile_reader(db: Connection) -> Callable[[int, int], bytes]:
    """Return a function that reads the hashes of the tile (level, number), each once; empty if it does not exist."""
    cache: dict[tuple[int, int], bytes] = {}

    def read(level: int, number: int) -> bytes:
        if (level, number) not in cache:
            query = select(_t.hashes).where(_t.level == level, _t.number == number)
            cache[level, number] = db.execute(query).scalar() or b""
        return cache[level, number]

    return read


def save(db: Connection, tiles: Mapping[tuple[int, int], bytes]) -> None:
    """Insert or replace tiles. Of each level, only the first may be stored already: the last one of the log so far."""
    first: dict[int, int] = {}
    for level, number in sorted(tiles):
        first.setdefault(level, number)
    for level, number in first.items():
        values = {"level": level, "number": number, "hashes": tiles[level, number]}
        upsert(db, tile_table, values, key=("level", "number"), on_conflict={"hashes": values["hashes"]})
    new = [(*key, hashes) for key, hashes in tiles.items() if key not in first.items()]
    bulk_queries.insert(db, tile_table, ("level", "number", "hashes"), new)
