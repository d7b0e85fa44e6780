"""Moves the ledger's rows between its first form (0001) and its second (0002). Frozen: it must go on to give what it
gives today, so it shares nothing with the code of the day but the Merkle log's hashing."""

import hashlib
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import msgpack
import msgspec
import zstandard
from sqlalchemy import Connection, text

from stratiform.kit import merkle
from stratiform.kit.clock import iso_naive

FIRST = ("metering_event", "metering_position", "metering_resource", "metering_segment")
SECOND = (*FIRST, "metering_batch")

_AT_ONCE = 1000
_FOLDED_ANEW_US = 2**62  # nothing is later, so whatever comes next folds the resource from its statements
_canonical = msgspec.json.Encoder(order="sorted")

_ENVELOPE = ("message_id", "event_type", "publisher_id", "timestamp", "payload")


def set_aside(db: Connection, tables: Sequence[str]) -> None:
    """Copy `tables`, so that others of the same names can be made."""
    for name in tables:
        db.execute(text(f"CREATE TABLE {_aside(name)} AS SELECT * FROM {name}"))


def drop_aside(db: Connection, tables: Sequence[str]) -> None:
    for name in tables:
        db.execute(text(f"DROP TABLE {_aside(name)}"))


def forwards(db: Connection) -> None:
    """From the first form, set aside, into the second. The segments keep their positions; the events follow after
    the last one, a thousand to a batch."""
    numbers = _number_resources(db)
    segments = _number_segments(db, numbers)
    position = db.execute(text(f"SELECT position FROM {_aside('metering_position')}")).scalar() or 0
    position, events = _number_events(db, numbers, position)
    if position or numbers:
        _insert(
            db, "metering_position", id=1, position=position, events=events, segments=segments, resources=len(numbers)
        )


def _number_resources(db: Connection) -> dict[tuple[str, str, str], int]:
    counted = text(
        f"SELECT cloud, resource_type, resource_id, count(*) FROM {_aside('metering_event')} "
        "GROUP BY cloud, resource_type, resource_id"
    )
    events = {(row[0], row[1], row[2]): row[3] for row in db.execute(counted)}
    numbers: dict[tuple[str, str, str], int] = {}
    for row in _rows(db, "metering_resource", "cloud, resource_type, resource_id"):
        key = (row.cloud, row.resource_type, row.resource_id)
        numbers[key] = len(numbers)
        progress = {"at": _FOLDED_ANEW_US, "message_id": "", "count": events.get(key, 0)}
        _insert(
            db,
            "metering_resource",
            id=numbers[key],
            cloud=row.cloud,
            resource_type=row.resource_type,
            resource_id=row.resource_id,
            name=row.name,
            tags="{}",
            progress=_text(progress),
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
        for place, row in enumerate(rows):
            resource = numbers[row.cloud, row.resource_type, row.resource_id]
            nth[resource] += 1
            message = _message(row)
            messages.append((row.cloud, message))
            raw = hashlib.sha256(message)
            leaves.append(merkle.leaf_hash(_record(row, nth[resource], raw.hexdigest(), received)))
            _insert(
                db,
                "metering_event",
                seq=seq + place,
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
                place=place,
            )
            if '"correction":' in row.fact and "correction" in msgspec.json.decode(row.fact):
                _insert(db, "metering_correction", seq=seq + place, resource=resource)
        _write_tiles(db, seq, leaves)
        seq += len(rows)
        packed = zstandard.ZstdCompressor().compress(msgpack.packb(messages))
        _insert(db, "metering_batch", id=position, received_at=received, events=seq, messages=packed)
    return position, seq


def _write_tiles(db: Connection, size: int, leaves: list[bytes]) -> None:
    def read(level: int, number: int) -> bytes:
        query = text("SELECT hashes FROM metering_tile WHERE level = :level AND number = :number")
        return bytes(db.execute(query, {"level": level, "number": number}).scalar() or b"")

    for (level, number), hashes in merkle.append(read, size, leaves).items():
        where = {"level": level, "number": number}
        db.execute(text("DELETE FROM metering_tile WHERE level = :level AND number = :number"), where)
        _insert(db, "metering_tile", **where, hashes=hashes)


def backwards(db: Connection) -> None:
    """From the second form, set aside, into the first. What the first has no place for is lost: numbers, labels, the
    log, and the kinds of usage that it didn't know are kept only as events."""
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
        values["id"] += 1  # MariaDB takes a zero for "the next one"
        _insert(db, "metering_segment", **values)
    for row in db.execute(text(f"SELECT position FROM {_aside('metering_position')}")):
        _insert(db, "metering_position", id=1, position=row.position)
    _restore_events(db, resources)


def _restore_events(db: Connection, resources: dict[int, Any]) -> None:
    batch, messages, received = -1, None, 0
    for row in _rows(db, "metering_event", "seq"):
        if row.batch != batch:
            batch = row.batch
            kept = db.execute(
                text(f"SELECT received_at, messages FROM {_aside('metering_batch')} WHERE id = :id"), {"id": batch}
            ).one()
            received = kept.received_at
            messages = None if kept.messages is None else msgpack.unpackb(zstandard.decompress(kept.messages))
        of = resources[row.resource]
        _insert(
            db,
            "metering_event",
            seq=row.seq + 1,
            cloud=row.cloud,
            message_id=row.message_id,
            resource_type=of.resource_type,
            resource_id=of.resource_id,
            at=row.at,
            event_type=row.event_type,
            publisher_id=row.publisher_id,
            received_at=received,
            fact=row.fact,
            payload=None if messages is None else _payload(messages[row.place][1]),
        )


def _payload(message: bytes) -> bytes:
    """What the first form keeps of a message, in whatever envelope that came."""
    document = msgspec.json.decode(message)
    if "body" in document and "event_type" not in document:
        body = document["body"]
        document = msgspec.json.decode(body) if isinstance(body, str) else body
    if "oslo.message" in document:
        document = msgspec.json.decode(document["oslo.message"])
    return zlib.compress(msgspec.json.encode(document.get("payload", {})), 3)


def _message(row: Any) -> bytes:
    """A message whose payload is the one that the first form has kept; without one, an empty one."""
    payload = msgspec.json.decode(zlib.decompress(row.payload)) if row.payload else {}
    values = (row.message_id, row.event_type, row.publisher_id, iso_naive(row.at), payload)
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
    return _canonical.encode(record)


def _rows(db: Connection, name: str, key: str) -> Iterator[Any]:
    """All rows of a table that was set aside, in the order of `key`, read in pieces."""
    offset = 0
    while True:
        query = text(f"SELECT * FROM {_aside(name)} ORDER BY {key} LIMIT {_AT_ONCE} OFFSET {offset}")
        found = db.execute(query).all()
        yield from found
        if len(found) < _AT_ONCE:
            return
        offset += _AT_ONCE


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _AT_ONCE:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _insert(db: Connection, into: str, **values: Any) -> None:
    columns, places = ", ".join(values), ", ".join(f":{name}" for name in values)
    db.execute(text(f"INSERT INTO {into} ({columns}) VALUES ({places})"), values)


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _aside(name: str) -> str:
    return f"{name}_aside"
