"""The lock and the counters of the ledger, and the batches in which messages are stored."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import msgpack
import zstandard
from sqlalchemy import func, select, update

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, upsert
from stratiform.services.ledger.tables import batch_table, position_table

_b, _p = batch_table.c, position_table.c

#: Fast; messages of one batch are similar, so this level reduces them to a twentieth of their size. Level 3 takes a
#: quarter longer, and saves 2 % of the size.
_COMPRESSION_LEVEL = 1

#: The limit for decompression, larger than any batch: a corrupt batch must not exhaust the memory.
_MAX_BATCH_BYTES = 256 * 1024 * 1024

#: A message as it was received, with its cloud.
Message = tuple[str, bytes]


@dataclass(slots=True)
class LedgerCounters:
    """The numbers of batches (the position), events, segments and resources, which are the next ids too.

    `received_at` is the time of the last batch.
    """

    position: int
    events: int
    segments: int
    resources: int
    received_at: Micros


def lock_ledger(db: Connection) -> LedgerCounters:
    """Become the only writer of the ledger until the transaction ends."""
    upsert(
        db,
        position_table,
        {"id": 1, "position": 0, "events": 0, "segments": 0, "resources": 0},
        key=("id",),
        on_conflict={"position": _p.position},
    )
    last = select(_b.received_at).where(_b.id == _p.position).scalar_subquery()
    columns = (_p.position, _p.events, _p.segments, _p.resources)
    return LedgerCounters(*db.execute(select(*columns, func.coalesce(last, 0))).one())


def save_counters(db: Connection, counters: LedgerCounters) -> None:
    """Store the counters after a batch."""
    db.execute(
        update(position_table).values(
            position=counters.position,
            events=counters.events,
            segments=counters.segments,
            resources=counters.resources,
        )
    )


def get_current_position(db: Connection) -> int:
    """Return the current position, up to which all changes are visible."""
    return db.execute(select(_p.position)).scalar() or 0


def get_position_at(db: Connection, moment: Micros) -> int:
    """Return the position at `moment`."""
    query = select(_b.id).where(_b.received_at <= moment).order_by(_b.received_at.desc(), _b.id.desc()).limit(1)
    return db.execute(query).scalar() or 0


def list_position_times(db: Connection, positions: Collection[int]) -> dict[int, Micros]:
    """Return when positions were reached."""
    return {row[0]: row[1] for row in bulk_queries.select_by_key(db, (_b.id, _b.received_at), _b.id, sorted(positions))}


def count_events(db: Connection, position: int | None = None) -> int:
    """Return the number of events at a position, or now."""
    if position is None:
        return db.execute(select(_p.events)).scalar() or 0
    query = select(_b.events).where(_b.id <= position).order_by(_b.id.desc()).limit(1)
    return db.execute(query).scalar() or 0


def add(db: Connection, counters: LedgerCounters, received_at: Micros, messages: Sequence[Message]) -> None:
    """Insert the batch at the position of `counters`."""
    packed = zstandard.ZstdCompressor(level=_COMPRESSION_LEVEL).compress(msgpack.packb(list(messages)))
    row = (counters.position, received_at, counters.events, packed)
    bulk_queries.insert(db, batch_table, ("id", "received_at", "events", "messages"), [row])


def find_messages(db: Connection, position: int) -> list[Message] | None:
    """Return the messages of a batch, or None if they were deleted."""
    packed = db.execute(select(_b.messages).where(_b.id == position)).scalar()
    return None if packed is None else _unpack(packed)


def find_next_batch(db: Connection, after: int) -> tuple[int, list[Message]] | None:
    """Return the first batch after position `after` that still has its messages."""
    query = select(_b.id, _b.messages).where(_b.id > after, _b.messages.is_not(None)).order_by(_b.id).limit(1)
    row = db.execute(query).first()
    return None if row is None else (row.id, _unpack(row.messages))


def iterate_messages(db: Connection, until: int) -> Iterator[list[Message]]:
    """Yield the messages of all batches up to position `until` that still have them."""
    position = 0
    while (batch := find_next_batch(db, position)) is not None and batch[0] <= until:
        position, messages = batch
        yield messages


def delete_messages(db: Connection, before: Micros, limit: int) -> list[int]:
    """Delete the messages of at most `limit` batches received before `before`; return their positions."""
    old = select(_b.id).where(_b.received_at < before, _b.messages.is_not(None)).order_by(_b.received_at).limit(limit)
    positions = list(db.execute(old).scalars())
    if positions:
        db.execute(update(batch_table).where(_b.id.in_(positions)).values(messages=None))
    return positions


def _unpack(packed: bytes) -> list[Message]:
    plain = zstandard.ZstdDecompressor().decompress(packed, max_output_size=_MAX_BATCH_BYTES)
    return [(cloud, message) for cloud, message in msgpack.unpackb(plain)]
