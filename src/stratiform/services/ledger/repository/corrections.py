"""What staff said against the messages."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from stratiform.kit import bulk
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import Record, Statement, UsageFilter, statement_of
from stratiform.services.ledger.repository.events import Added, numbered
from stratiform.services.ledger.tables import correction_table, event_table, resource_table

_c, _e, _r = correction_table.c, event_table.c, resource_table.c


def add(db: Connection, rows: Sequence[Added]) -> None:
    """Insert those of events, given as `events.add` takes them, that are corrections."""
    found = [(row.seq, row.resource) for row in rows if "correction" in row.record.fact]
    bulk.insert(db, correction_table, ("seq", "resource"), found)


def page(db: Connection, wanted: UsageFilter, limit: int, before: int | None = None) -> list[tuple[int, Record]]:
    """The newest `limit` below the number `before`, each with its number, the newest first."""
    query = select(_c.seq).select_from(correction_table.join(resource_table, _r.id == _c.resource))
    given = ((_r.cloud, wanted.cloud), (_r.resource_type, wanted.resource_type), (_r.resource_id, wanted.resource_id))
    query = query.where(*[column == value for column, value in given if value is not None])
    if before is not None:
        query = query.where(_c.seq < before)
    numbers = list(db.execute(query.order_by(_c.seq.desc()).limit(limit)).scalars())
    return numbered(db, numbers)[::-1]


def of(db: Connection, resources: Sequence[int]) -> dict[int, list[Statement]]:
    """All of these resources, by their numbers."""
    numbers = {row[0]: row[1] for row in bulk.select_by(db, (_c.seq, _c.resource), _c.resource, resources)}
    said: dict[int, list[Statement]] = defaultdict(list)
    columns = (_e.seq, _e.at, _e.message_id, _e.fact)
    for seq, at, message_id, fact in bulk.select_by(db, columns, _e.seq, sorted(numbers)):
        said[numbers[seq]].append(statement_of(at, message_id, fact))
    return said


def clouds_of(db: Connection, resource_type: str, resource_id: str) -> list[str]:
    """The clouds in which the ledger knows something by this id."""
    query = select(_r.cloud).where(_r.resource_id == resource_id, _r.resource_type == resource_type)
    return sorted(db.execute(query).scalars())
