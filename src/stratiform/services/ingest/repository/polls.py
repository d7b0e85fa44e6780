"""Polls of meters of clouds."""

from collections.abc import Collection
from dataclasses import asdict

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.services.ingest.model.polls import Poll
from stratiform.services.ingest.tables import poll_table

_rows = TableGateway(poll_table, Poll)
_p = poll_table.c


def find(db: Connection, poll_id: str) -> Poll | None:
    """Return the poll with this id."""
    return _rows.find(db, poll_id)


def list_all(db: Connection) -> list[Poll]:
    """Return all polls sorted by cloud, resource type and meter."""
    return _rows.list_all(db, order=(_p.cloud, _p.resource_type, _p.meter, _p.id))


def add(db: Connection, poll: Poll) -> None:
    """Insert a poll unless it exists."""
    upsert(db, poll_table, asdict(poll), key=("id",), on_conflict={})


def delete(db: Connection, ids: Collection[str]) -> None:
    """Delete polls."""
    for chunk in bulk_queries.split_into_chunks(sorted(ids)):
        db.execute(poll_table.delete().where(_p.id.in_(chunk)))


def update(db: Connection, poll_id: str, **values: object) -> bool:
    """Set columns; return False if the poll does not exist."""
    return bool(db.execute(poll_table.update().where(_p.id == poll_id).values(**values)).rowcount)


def record_success(db: Connection, poll: Poll, until: Micros, now: Micros) -> None:
    """Store that everything before `until` was read, unless the poll was rewound meanwhile."""
    unchanged = (_p.id == poll.id, _p.until_at == poll.until_at)
    values = {"until_at": until, "polled_at": now, "fault": "", "failures": 0}
    db.execute(poll_table.update().where(*unchanged).values(**values))
