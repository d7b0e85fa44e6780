"""Conversion of the ledger's rows between the revisions 0001 and 0002.

This module never changes and therefore uses none of the services' code, only the hashing of the Merkle log.
"""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgpack
import msgspec
import zstandard
from sqlalchemy import Connection, text

from stratiform.kit import merkle_tree
from stratiform.kit.clock import format_iso_naive

TABLES_0001 = ("metering_event", "metering_position", "metering_resource", "metering_segment")
TABLES_0002 = (*TABLES_0001, "metering_batch")

_ROWS_PER_BATCH = 1000
#: Later than any event, so that the next event folds the resource from all its statements.
_REFOLD_US = 2**62
_encoder = msgspec.json.Encoder(order="sorted")

_ENVELOPE = ("message_id", "event_type", "publisher_id", "timestamp", "payload")


def copy_tables(db: Connection, tables: Sequence[str]) -> None:
    """Copy `tables`, so that they can be dropped and created with other columns."""
    for name in tables:
        db.execute(text(f"CREATE TABLE {_copy_of(name)} AS SELECT * FROM {name}"))


def drop_copies(db: Connection, tables: Sequence[str]) -> None:
    for name in tables:
        db.execute(text(f"DROP TABLE {_copy_of(name)}"))


def upgrade(db: Connection) -> None:
    """Convert the copies of revision 0001 to the tables of 0002.

    Segments keep their positions; events get the positions after the last one, a thousand per batch.
    """
    numbers = _number_resources(db)
    segments = _number_segments(db, numbers)
    position = db.execute(text(f"SELECT position FROM {_copy_of('metering_position')}")).scalar() or 0
    position, events = _number_events(db, numbers, position)
    if position or numbers:
        _insert(
            db, "metering_position", id=1, position=position, events=events, segments=segments, resources=len(numbers)
        )


def _number_resources(db: Connection) -> dict[tuple[str, str, str], int]:
    query = text(
        f"SELECT cloud, resource_type, resource_id, count(*) FROM {_copy_of('metering_event')} "
        "GROUP BY cloud, resource_type, resource_id"
    )
    events = {(row[0], row[1], row[2]): row[3] for row in db.execute(query)}
    numbers: dict[tuple[str, str, str], int] = {}
    for row in _rows(db, "metering_resource", "cloud, resource_type, resource_id"):
        key = (row.cloud, row.resource_type, row.resource_id)
        numbers[key] = len(numbers)
        progress = {"at": _REFOLD_US, "message_id": "", "count": events.get(key, 0)}
        _insert(
            db,
            "metering_resource",
            id=numbers[key],
            cloud=row.cloud,
            resource_type=row.resource_type,
            resource_id=row.resource_id,
            name=row.name,
            tags="{}",
            progress=_to_json(progress),
        )
    return numbers


def _number_segments(db: Connection, numbers: dict[tuple[str, str, str], int]) -> int:
    last = -1
    for row in _rows(db, "metering_segment", "id"):
        last = row.id
        values = dict(row._mapping)
        values["resource"] = numbers[row.cloud, row.resource_type, row.resource_id]
        _insert(db, "metering_segment", **values)
    return last + 1


def _number_events(db: Connection, numbers: dict[tuple[str, str, str], int], position: int) -> tuple[int, int]:
    seq, nth = 0, dict.fromkeys(numbers.values(), 0)
    for rows in _chunks(_rows(db, "metering_event", "seq")):
        position += 1
        messages, leaves = [], []
        received = max(row.received_at for row in rows)
        for offset, row in enumerate(rows):
            resource = numbers[row.cloud, row.resource_type, row.resource_id]
            nth[resource] += 1
            message = _message(row)
            messages.append((row.cloud, message))
            raw = hashlib.sha256(message)
            leaves.append(merkle_tree.compute_leaf_hash(_record(row, nth[resource], raw.hexdigest(), received)))
            _insert(
                db,
                "metering_event",
                seq=seq + offset,
                resource=resource,
                nth=nth[resource],
                cloud=row.cloud,
                message_id=row.message_id,
                at=row.at,
                event_type=row.event_type,
                publisher_id=row.publisher_id,
                fact=row.fact,
                raw_sha256=raw.digest(),
                batch=position,
                place=offset,
            )
            if '"correction":' in row.fact and "correction" in msgspec.json.decode(row.fact):
                _insert(db, "metering_correction", seq=seq + offset, resource=resource)
        _write_tiles(db, seq, leaves)
        seq += len(rows)
        packed = zstandard.ZstdCompressor().compress(msgpack.packb(messages))
        _insert(db, "metering_batch", id=position, received_at=received, events=seq, messages=packed)
    return position, seq


def _write_tiles(db: Connection, size: int, leaves: list[bytes]) -> None:
    def read(level: int, number: int) -> bytes:
        query = text("SELECT hashes FROM metering_tile WHERE level = :level AND number = :number")
        return bytes(db.execute(query, {"level": level, "number": number}).scalar() or b"")

    for (level, number), hashes in merkle_tree.append_leaves(read, size, leaves).items():
        where = {"level": level, "number": number}
        db.execute(text("DELETE FROM metering_tile WHERE level = :level AND number = :number"), where)
        _insert(db, "metering_tile", **where, hashes=hashes)


def downgrade(db: Connection) -> None:
    """Convert the copies of revision 0002 to the tables of 0001.

    Resource numbers, tags and the log are lost. Resource types that 0001 does not know remain only as events.
    """
    resources = {}
    for row in _rows(db, "metering_resource", "id"):
        resources[row.id] = row
        _insert(
            db,
            "metering_resource",
            cloud=row.cloud,
            resource_type=row.resource_type,
            resource_id=row.resource_id,
            name=row.name,
        )
    for row in _rows(db, "metering_segment", "id"):
        values = dict(row._mapping)
        del values["resource"]
        values["id"] += 1  # MariaDB replaces 0 by the next number of the sequence
        _insert(db, "metering_segment", **values)
    for row in db.execute(text(f"SELECT position FROM {_copy_of('metering_position')}")):
        _insert(db, "metering_position", id=1, position=row.position)
    _restore_events(db, resources)


def _restore_events(db: Connection, resources: dict[int, Any]) -> None:
    batch, messages, received = -1, None, 0
    for row in _rows(db, "metering_event", "seq"):
        if row.batch != batch:
            batch = row.batch
            stored = db.execute(
                text(f"SELECT received_at, messages FROM {_copy_of('metering_batch')} WHERE id = :id"), {"id": batch}
            ).one()
            received = stored.received_at
            messages = None if stored.messages is None else msgpack.unpackb(zstandard.decompress(stored.messages))
        resource = resources[row.resource]
        _insert(
            db,
            "metering_event",
            seq=row.seq + 1,
            cloud=row.cloud,
            message_id=row.message_id,
            resource_type=resource.resource_type,
            resource_id=resource.resource_id,
            at=row.at,
            event_type=row.event_type,
            publisher_id=row.publisher_id,
            received_at=received,
            fact=row.fact,
            payload=None if messages is None else _payload(messages[row.place][1]),
        )


def _payload(message: bytes) -> bytes:
    """Return the compressed payload of a message in any envelope, as stored in 0001."""
    document = msgspec.json.decode(message)
    if "body" in document and "event_type" not in document:
        body = document["body"]
        document = msgspec.json.decode(body) if isinstance(body, str) else body
    if "oslo.message" in document:
        document = msgspec.json.decode(document["oslo.message"])
    return zlib.compress(msgspec.json.encode(document.get("payload", {})), 3)


def _message(row: Any) -> bytes:
    """Return a message with the payload stored in 0001, or with an empty payload."""
    payload = msgspec.json.decode(zlib.decompress(row.payload)) if row.payload else {}
    values = (row.message_id, row.event_type, row.publisher_id, format_iso_naive(row.at), payload)
    return msgspec.json.encode(dict(zip(_ENVELOPE, values, strict=True)))


def _record(row: Any, nth: int, raw_sha256: str, received_at: int) -> bytes:
    record = {
        "at": row.at,
        "cloud": row.cloud,
        "event_type": row.event_type,
        "fact": msgspec.json.decode(row.fact),
        "message_id": row.message_id,
        "nth": nth,
        "raw_sha256": raw_sha256,
        "received_at": received_at,
        "resource_id": row.resource_id,
        "resource_type": row.resource_type,
    }
    return _encoder.encode(record)


def _rows(db: Connection, name: str, key: str) -> Iterator[Any]:
    """Iterate over the rows of a table's copy in the order of `key`, in several queries."""
    offset = 0
    while True:
        query = text(f"SELECT * FROM {_copy_of(name)} ORDER BY {key} LIMIT {_ROWS_PER_BATCH} OFFSET {offset}")
        rows = db.execute(query).all()
        yield from rows
        if len(rows) < _ROWS_PER_BATCH:
            return
        offset += _ROWS_PER_BATCH


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _ROWS_PER_BATCH:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _insert(db: Connection, into: str, **values: Any) -> None:
    columns, placeholders = ", ".join(values), ", ".join(f":{name}" for name in values)
    db.execute(text(f"INSERT INTO {into} ({columns}) VALUES ({placeholders})"), values)


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _copy_of(name: str) -> str:
    return f"{name}_copy"
