"""Ignored messages: those without statements about metered resources. Their bodies are in the ledger's batches."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ingest.tables import ignored_message_table

_i = ignored_message_table.c
_COLUMNS = ("cloud", "message_id", "event_type", "at", "received_at", "batch")


@dataclass(frozen=True, slots=True)
class MessageCount:
    """The number of ignored messages of one event type, and the times of the first and of the last."""

    cloud: str
    event_type: str
    count: int
    first_at: Micros
    last_at: Micros


def find_existing(db: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those of `keys` (cloud, message id) that were ignored."""
    return {
        (cloud, row[0])
        for cloud, ids in _by_cloud(keys).items()
        for row in bulk_queries.select_by_key(db, (_i.message_id,), _i.message_id, ids, _i.cloud == cloud)
    }


def add(db: Connection, rows: Sequence[tuple[str, str, str, Micros]], now: Micros, batch: int) -> None:
    """Insert ignored messages: cloud, message id, event type, and the time in the message."""
    bulk_queries.insert(db, ignored_message_table, _COLUMNS, [(*row, now, batch) for row in rows])


def delete(db: Connection, keys: Iterable[tuple[str, str]]) -> None:
    """Delete the rows of messages that are metered now."""
    for cloud, ids in _by_cloud(keys).items():
        for chunk in bulk_queries.split_into_chunks(ids):
            db.execute(ignored_message_table.delete().where(_i.cloud == cloud, _i.message_id.in_(chunk)))


def delete_batches(db: Connection, batches: Sequence[int]) -> None:
    """Delete the rows of messages in these batches."""
    db.execute(ignored_message_table.delete().where(_i.batch.in_(batches)))


def count_by_type(db: Connection) -> list[MessageCount]:
    """Count messages by cloud and event type."""
    keys = (_i.cloud, _i.event_type)
    at = func.coalesce(_i.at, _i.received_at)  # messages that an earlier release has stored have no time
    query = select(*keys, func.count(), func.min(at), func.max(at)).group_by(*keys)
    return [MessageCount(*row) for row in db.execute(query.order_by(*keys))]


def _by_cloud(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = defaultdict(list)
    for cloud, message_id in keys:
        ids[cloud].append(message_id)
    return ids
