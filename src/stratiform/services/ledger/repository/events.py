"""Events, and the records and statements made from them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import func, select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import EventRecord, Resource, Statement, decode_statement
from stratiform.services.ledger.repository.column_types import AnyRow, Condition
from stratiform.services.ledger.tables import batch_table, event_table, resource_table

_e, _r, _b = event_table.c, resource_table.c, batch_table.c

_COLUMNS = (
    "seq", "resource", "nth", "cloud", "message_id", "at", "event_type", "publisher_id", "fact", "raw_sha256", "batch",
    "place",
)  # fmt: skip

_WITH_RESOURCE = event_table.join(resource_table, _r.id == _e.resource)

#: Records that are read at once.
_READ_AT_ONCE = 2000


class NewEvent(NamedTuple):
    """An event to insert, with the values of `_COLUMNS`.

    `resource` is the id of the resource, `fact` the encoded statement, and `message_index` the index of the message in
    the batch. `publisher_id` may be a host name of the operator; it is not part of the record, which customers see.
    """

    seq: int
    resource: int
    nth: int
    cloud: str
    message_id: str
    at: Micros
    event_type: str
    publisher_id: str
    fact: str
    raw_sha256: bytes
    batch: int
    message_index: int


def add(db: Connection, events: Sequence[NewEvent]) -> None:
    """Insert events."""
    bulk_queries.insert(db, event_table, _COLUMNS, events)


def find_existing(db: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of `keys` (cloud, message id) that are in the ledger."""
    by_cloud: dict[str, list[str]] = defaultdict(list)
    for cloud, message_id in keys:
        by_cloud[cloud].append(message_id)
    return {
        (cloud, row[0])
        for cloud, ids in by_cloud.items()
        for row in bulk_queries.select_by_key(db, (_e.message_id,), _e.message_id, ids, _e.cloud == cloud)
    }


def find_number(db: Connection, cloud: str, message_id: str) -> int | None:
    """Return the number of an event in the log."""
    query = select(_e.seq).where(_e.message_id == message_id, _e.cloud == cloud)
    number: int | None = db.execute(query).scalar()
    return number


def list_message_events(db: Connection, cloud: str, message_id: str, limit: int) -> list[tuple[str, int]]:
    """Return the events of a message with several statements: their ids `MESSAGE_ID#PART` and numbers, by id."""
    in_message = (_e.message_id > f"{message_id}#", _e.message_id < f"{message_id}$")  # "$" follows "#"
    query = select(_e.message_id, _e.seq).where(*in_message, _e.cloud == cloud)
    return [(row.message_id, row.seq) for row in db.execute(query.order_by(_e.message_id).limit(limit))]


def find_last_message_id(db: Connection, resource: Resource, at: Micros) -> str:
    """Return the id of the highest-ranking event about `resource` at the instant `at`; "" if there is none."""
    query = select(func.max(_e.message_id)).select_from(_WITH_RESOURCE).where(*_is_about(resource), _e.at == at)
    return db.execute(query).scalar() or ""


def find_last_message_time(db: Connection, resource: Resource) -> Micros:
    """Return the time of the last event about `resource` that is not a correction; 0 if there is none."""
    query = select(_e.at, _e.fact).select_from(_WITH_RESOURCE).where(*_is_about(resource))
    return max((at for at, fact in db.execute(query) if "correction" not in fact), default=0)


def list_statements(db: Connection, resource_ids: Sequence[int]) -> dict[int, list[Statement]]:
    """Return all statements about resources, by resource id, in the order of their arrival."""
    statements: dict[int, list[Statement]] = defaultdict(list)
    columns = (_e.nth, _e.resource, _e.at, _e.message_id, _e.fact)
    rows = sorted(bulk_queries.select_by_key(db, columns, _e.resource, resource_ids), key=itemgetter(0))
    for _, resource_id, at, message_id, fact in rows:
        statements[resource_id].append(decode_statement(at, message_id, fact))
    return statements


_RECORD = (
    _e.seq, _e.at, _e.cloud, _e.event_type, _e.fact, _e.message_id, _e.nth, _e.raw_sha256,
    _b.received_at, _r.resource_id, _r.resource_type,
)  # fmt: skip
_records = select(*_RECORD).select_from(_WITH_RESOURCE.join(batch_table, _b.id == _e.batch))


def iterate_records(db: Connection, first: int, end: int) -> Iterator[tuple[int, EventRecord]]:
    """Yield the records `[first, end)` of the log with their numbers, in constant memory."""
    while first < end:
        query = _records.where(_e.seq >= first, _e.seq < min(end, first + _READ_AT_ONCE))
        yield from (_record(row) for row in db.execute(query.order_by(_e.seq)))
        first += _READ_AT_ONCE


def list_records(db: Connection, numbers: Sequence[int]) -> list[tuple[int, EventRecord]]:
    """Return the records with these numbers, sorted by number."""
    rows = [
        row
        for chunk in bulk_queries.split_into_chunks(numbers)
        for row in db.execute(_records.where(_e.seq.in_(chunk)))
    ]
    return sorted((_record(row) for row in rows), key=lambda numbered: numbered[0])


def _record(row: AnyRow) -> tuple[int, EventRecord]:
    seq, at, cloud, event_type, fact, message_id, nth, raw_sha256, *others = row
    return seq, EventRecord(at, cloud, event_type, fact, message_id, nth, raw_sha256.hex(), *others)


def _is_about(resource: Resource) -> tuple[Condition, ...]:
    return (
        _r.resource_id == resource.resource_id,
        _r.resource_type == resource.resource_type,
        _r.cloud == resource.cloud,
    )
