"""The ledger as a whole: its one writer's lock, its numbers, and the batches in which messages came."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgpack
import zstandard
from sqlalchemy import func, insert, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, upsert
from stratiform.services.ledger.tables import batch_table, position_table

_b, _p = batch_table.c, position_table.c

#: Fast, and messages of one batch are much alike: a twentieth of their size is left.
_COMPRESSION_LEVEL = 3

#: More than any batch has; a damaged one must not fill the memory.
_LARGEST_BATCH = 256 * 1024 * 1024


@dataclass(slots=True)
class Numbers:
    """How many there are of each, and so what number the next one gets. `received_at` is that of the last batch."""

    position: int
    events: int
    segments: int
    resources: int
    received_at: Micros


def take(db: Connection) -> Numbers:
    """Become the ledger's one writer until the end of the transaction."""
    upsert(
        db,
        position_table,
        {"id": 1, "position": 0, "events": 0, "segments": 0, "resources": 0},
        key=("id",),
        on_conflict={"position": _p.position},
    )
    last = select(_b.received_at).where(_b.id == _p.position).scalar_subquery()
    counted = (_p.position, _p.events, _p.segments, _p.resources)
    return Numbers(*db.execute(select(*counted, func.coalesce(last, 0))).one())


def move(db: Connection, numbers: Numbers) -> None:
    """Write down what the numbers are after this transaction."""
    db.execute(
        update(position_table).values(
            position=numbers.position,
            events=numbers.events,
            segments=numbers.segments,
            resources=numbers.resources,
        )
    )


def position(db: Connection) -> int:
    """What `as_of` is compared with. All changes up to it are visible."""
    return db.execute(select(_p.position)).scalar() or 0


def size(db: Connection, at: int | None = None) -> int:
    """How many events there are, or were at the position `at`."""
    if at is None:
        return db.execute(select(_p.events)).scalar() or 0
    earlier = select(_b.events).where(_b.id <= at).order_by(_b.id.desc()).limit(1)
    return db.execute(earlier).scalar() or 0


def position_at(db: Connection, moment: Micros) -> int:
    """Where the ledger stood at `moment`."""
    query = select(_b.id).where(_b.received_at <= moment).order_by(_b.received_at.desc(), _b.id.desc()).limit(1)
    return db.execute(query).scalar() or 0


def add_batch(db: Connection, numbers: Numbers, received_at: Micros, messages: Sequence[tuple[str, bytes]]) -> None:
    """Keep `messages`, each with its cloud, as they came."""
    packed = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL).compress(msgpack.packb(list(messages)))
    db.execute(
        insert(batch_table).values(id=numbers.position, received_at=received_at, events=numbers.events, messages=packed)
    )


def batch(db: Connection, number: int) -> list[tuple[str, bytes]] | None:
    """The messages of one batch, each with its cloud; None where they were dropped."""
    packed = db.execute(select(_b.messages).where(_b.id == number)).scalar()
    return None if packed is None else _unpacked(packed)


def batch_after(db: Connection, number: int) -> tuple[int, list[tuple[str, bytes]]] | None:
    """The first batch after that with this number whose messages are still there, with its own number."""
    query = select(_b.id, _b.messages).where(_b.id > number, _b.messages.is_not(None)).order_by(_b.id).limit(1)
    row = db.execute(query).first()
    return None if row is None else (row.id, _unpacked(row.messages))


def batches(db: Connection, until: int) -> Iterator[list[tuple[str, bytes]]]:
    """All batches up to the position `until` whose messages are still there, one after the other."""
    number = 0
    while (kept := batch_after(db, number)) is not None and kept[0] <= until:
        number, messages = kept
        yield messages


def drop_messages(db: Connection, before: Micros, limit: int) -> list[int]:
    """Drop the messages of at most `limit` batches that came before `before`; which batches these were."""
    old = select(_b.id).where(_b.received_at < before, _b.messages.is_not(None)).order_by(_b.received_at).limit(limit)
    ids = list(db.execute(old).scalars())
    if ids:
        db.execute(update(batch_table).where(_b.id.in_(ids)).values(messages=None))
    return ids


def _unpacked(packed: bytes) -> list[tuple[str, bytes]]:
    plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_LARGEST_BATCH)
    return [(cloud, message) for cloud, message in msgpack.unpackb(plain)]
