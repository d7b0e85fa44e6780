"""Corrections: the few events among millions that have one."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import EventRecord, Statement, UsageFilter, decode_statement
from stratiform.services.ledger.repository.events import NewEvent, list_records
from stratiform.services.ledger.tables import correction_table, event_table, resource_table

_c, _e, _r = correction_table.c, event_table.c, resource_table.c


def add(db: Connection, events: Iterable[tuple[NewEvent, Statement]]) -> None:
    """Insert those of the events that are corrections."""
    rows = [(event.seq, event.resource) for event, statement in events if statement.correction is not None]
    bulk_queries.insert(db, correction_table, ("seq", "resource"), rows)


def list_page(
    db: Connection, usage_filter: UsageFilter, limit: int, before: int | None = None
) -> list[tuple[int, EventRecord]]:
    """Return the newest `limit` corrections with a number below `before`, the newest first."""
    query = select(_c.seq).select_from(correction_table.join(resource_table, _r.id == _c.resource))
    conditions = (
        (_r.cloud, usage_filter.cloud),
        (_r.resource_type, usage_filter.resource_type),
        (_r.resource_id, usage_filter.resource_id),
    )
    query = query.where(*[column == value for column, value in conditions if value is not None])
    if before is not None:
        query = query.where(_c.seq < before)
    numbers = list(db.execute(query.order_by(_c.seq.desc()).limit(limit)).scalars())
    return list_records(db, numbers)[::-1]


def list_statements(db: Connection, resource_ids: Sequence[int]) -> dict[int, list[Statement]]:
    """Return the statements of all corrections of resources, by resource id."""
    resources = {
        row[0]: row[1] for row in bulk_queries.select_by_key(db, (_c.seq, _c.resource), _c.resource, resource_ids)
    }
    statements: dict[int, list[Statement]] = defaultdict(list)
    columns = (_e.seq, _e.at, _e.message_id, _e.fact)
    for seq, at, message_id, fact in bulk_queries.select_by_key(db, columns, _e.seq, sorted(resources)):
        statements[resources[seq]].append(decode_statement(at, message_id, fact))
    return statements
