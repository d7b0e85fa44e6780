"""Messages kept aside."""

from collections.abc import Sequence

from sqlalchemy import delete, func

from stratiform.kit import bulk
from stratiform.kit.db import Connection, Rows, upsert
from stratiform.kit.pagination import Page, Slice
from stratiform.services.metering.model import Rejected
from stratiform.services.metering.tables import rejected_table

_rows = Rows(rejected_table, Rejected)


def add(db: Connection, messages: Sequence[Rejected]) -> None:
    """Keep `messages`; one that is there keeps the time at which it first came."""
    for message in messages:
        upsert(db, rejected_table, _rows.values(message), key=("id",), on_conflict={})


def page(db: Connection, page: Page) -> Slice[Rejected]:
    return _rows.page(db, page)


def beginning(db: Connection, start: str, limit: int) -> list[Rejected]:
    """The first `limit` whose ids begin with `start`."""
    return _rows.all(db, func.substr(_rows.key, 1, len(start)) == start, _rows.key >= start, limit=limit)


def forget_like(db: Connection, cloud: str | None, reason: str | None) -> int:
    """Drop all of `cloud` (None: of any) whose reason begins with `reason` (None: whatever it is); how many."""
    where = [] if cloud is None else [rejected_table.c.cloud == cloud]
    if reason is not None:
        where.append(func.substr(rejected_table.c.reason, 1, len(reason)) == reason)
    return db.execute(delete(rejected_table).where(*where)).rowcount


def some(db: Connection, after: str, limit: int) -> list[Rejected]:
    """The first `limit` after the id `after`."""
    return _rows.all(db, _rows.key > after, limit=limit)


def because(db: Connection, message: Rejected) -> None:
    """Write down the reason for which `message` is still kept."""
    _rows.update(db, message.id, reason=message.reason)


def forget(db: Connection, ids: Sequence[str]) -> None:
    for few in bulk.chunks(ids):
        _rows.delete(db, _rows.key.in_(few))
