"""Rejected messages."""

from collections.abc import Sequence

from sqlalchemy import delete, func

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.kit.pagination import Page, Slice
from stratiform.services.ingest.model import RejectedMessage
from stratiform.services.ingest.tables import rejected_message_table

_rows = TableGateway(rejected_message_table, RejectedMessage)


def add(db: Connection, messages: Sequence[RejectedMessage]) -> None:
    """Insert messages; one that is stored already keeps the time of its first arrival."""
    for message in messages:
        upsert(db, rejected_message_table, _rows.to_columns(message), key=("id",), on_conflict={})


def list_page(db: Connection, page: Page) -> Slice[RejectedMessage]:
    """Return a page of messages sorted by id."""
    return _rows.list_page(db, page)


def list_by_prefix(db: Connection, prefix: str, limit: int) -> list[RejectedMessage]:
    """Return the first `limit` messages whose ids begin with `prefix`."""
    return _rows.list_all(db, func.substr(_rows.key, 1, len(prefix)) == prefix, _rows.key >= prefix, limit=limit)


def list_after(db: Connection, after: str, limit: int) -> list[RejectedMessage]:
    """Return the first `limit` messages after the id `after`."""
    return _rows.list_all(db, _rows.key > after, limit=limit)


def update_reason(db: Connection, message: RejectedMessage) -> None:
    """Store the current reason of a message."""
    _rows.update(db, message.id, reason=message.reason)


def delete_matching(db: Connection, cloud: str | None, reason: str | None) -> int:
    """Delete the messages of `cloud` whose reason begins with `reason`; None matches any. Return their number."""
    where = [] if cloud is None else [rejected_message_table.c.cloud == cloud]
    if reason is not None:
        where.append(func.substr(rejected_message_table.c.reason, 1, len(reason)) == reason)
    return db.execute(delete(rejected_message_table).where(*where)).rowcount


def delete_by_id(db: Connection, ids: Sequence[str]) -> None:
    """Delete messages."""
    for chunk in bulk_queries.split_into_chunks(ids):
        _rows.delete(db, _rows.key.in_(chunk))
