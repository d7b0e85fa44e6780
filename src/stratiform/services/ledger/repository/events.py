"""Events as they are stored, and the records and statements made of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select

from stratiform.kit import bulk
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import Record, Statement, statement_of
from stratiform.services.ledger.tables import batch_table, event_table, resource_table

_e, _r, _b = event_table.c, resource_table.c, batch_table.c

_COLUMNS = (
    "seq", "resource", "nth", "cloud", "message_id", "at", "event_type", "publisher_id", "fact", "raw_sha256", "batch",
    "place",
)  # fmt: skip

#: How many records a reader holds at once.
_AT_ONCE = 2000


def known(db: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of `keys` (cloud, message id) that are in the ledger already."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for cloud, message_id in keys:
        wanted[cloud].append(message_id)
    return {
        (cloud, row[0])
        for cloud, ids in wanted.items()
        for row in bulk.select_by(db, (_e.message_id,), _e.message_id, ids, _e.cloud == cloud)
    }


class Added(NamedTuple):
    """An event that is to be stored. `publisher_id` may be the name of a host of the seller's, and is no part of the
    record, which customers see."""

    seq: int
    resource: int  # its number
    record: Record
    batch: int
    place: int  # in the batch
    publisher_id: str


def add(db: Connection, rows: Sequence[Added]) -> None:
    """Insert events."""
    bulk.insert(
        db,
        event_table,
        _COLUMNS,
        [
            (
                seq,
                resource,
                record.nth,
                record.cloud,
                record.message_id,
                record.at,
                record.event_type,
                publisher_id,
                msgspec.json.encode(record.fact).decode(),
                bytes.fromhex(record.raw_sha256),
                batch,
                place,
            )
            for seq, resource, record, batch, place, publisher_id in rows
        ],
    )


def statements(db: Connection, resources: Sequence[int]) -> dict[int, list[Statement]]:
    """Everything ever said of these resources, by their numbers."""
    said: dict[int, list[Statement]] = defaultdict(list)
    columns = (_e.resource, _e.at, _e.message_id, _e.fact)
    for resource, at, message_id, fact in bulk.select_by(db, columns, _e.resource, resources):
        said[resource].append(statement_of(at, message_id, fact))
    return said


_RECORD = (
    _e.seq, _e.at, _e.cloud, _e.event_type, _e.fact, _e.message_id, _e.nth, _e.raw_sha256,
    _b.received_at, _r.resource_id, _r.resource_type,
)  # fmt: skip
_FROM = event_table.join(resource_table, _r.id == _e.resource).join(batch_table, _b.id == _e.batch)


def records(db: Connection, first: int, until: int) -> Iterator[tuple[int, Record]]:
    """The records `[first, until)` of the log, each with its number, in constant memory."""
    while first < until:
        query = select(*_RECORD).select_from(_FROM).where(_e.seq >= first, _e.seq < min(until, first + _AT_ONCE))
        yield from (_record(row) for row in db.execute(query.order_by(_e.seq)))
        first += _AT_ONCE


def records_of(db: Connection, resource: int, until: int) -> list[tuple[int, Record]]:
    """The records of one resource, below the number `until`, in the order in which they came."""
    query = select(*_RECORD).select_from(_FROM).where(_e.resource == resource, _e.seq < until)
    return [_record(row) for row in db.execute(query.order_by(_e.nth))]


def numbered(db: Connection, numbers: Sequence[int]) -> list[tuple[int, Record]]:
    """The records with these numbers, in their order."""
    found = [
        _record(row)
        for some in bulk.chunks(numbers)
        for row in db.execute(select(*_RECORD).select_from(_FROM).where(_e.seq.in_(some)))
    ]
    return sorted(found, key=lambda row: row[0])


def number_of(db: Connection, cloud: str, message_id: str) -> int | None:
    """The number of an event in the log, or None where there is none."""
    query = select(_e.seq).where(_e.message_id == message_id, _e.cloud == cloud)
    found: int | None = db.execute(query).scalar()
    return found


def list_parts(db: Connection, cloud: str, message_id: str, limit: int) -> list[tuple[str, int]]:
    """The events of one message that told several: `ID#PART` with their numbers in the log, by that id."""
    mine = (_e.message_id > f"{message_id}#", _e.message_id < f"{message_id}$", _e.cloud == cloud)  # $ is next to #
    found = db.execute(select(_e.message_id, _e.seq).where(*mine).order_by(_e.message_id).limit(limit))
    return [(row.message_id, row.seq) for row in found]


def _record(row: Any) -> tuple[int, Record]:
    at, cloud, event_type, fact, message_id, nth, raw, received_at, resource_id, resource_type = row[1:]
    made = Record(at, cloud, event_type, fact, message_id, nth, raw.hex(), received_at, resource_id, resource_type)
    return row.seq, made
