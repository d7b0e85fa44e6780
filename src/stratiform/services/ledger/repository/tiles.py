"""The hashes of the Merkle log, as `kit.merkle` lays them into tiles."""

from collections.abc import Callable, Mapping

from sqlalchemy import select

from stratiform.kit.db import Connection, upsert
from stratiform.services.ledger.tables import tile_table

_t = tile_table.c


def reader(db: Connection) -> Callable[[int, int], bytes]:
    """Reads the hashes of the tile (level, number), none where there is no tile; each is asked for once."""
    read: dict[tuple[int, int], bytes] = {}

    def tile(level: int, number: int) -> bytes:
        if (level, number) not in read:
            query = select(_t.hashes).where(_t.level == level, _t.number == number)
            read[level, number] = db.execute(query).scalar() or b""
        return read[level, number]

    return tile


def write(db: Connection, tiles: Mapping[tuple[int, int], bytes]) -> None:
    for (level, number), hashes in tiles.items():
        values = {"level": level, "number": number, "hashes": hashes}
        upsert(db, tile_table, values, key=("level", "number"), on_conflict={"hashes": hashes})
