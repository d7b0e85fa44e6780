"""Events that state which resources exist."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import Statement, decode_statement
from stratiform.services.ledger.model.statements import EXISTS_SUFFIX
from stratiform.services.ledger.repository import batches
from stratiform.services.ledger.tables import event_table, resource_table

_e, _r = event_table.c, resource_table.c

#: Events that are read at once.
_READ_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class ExistsEvent:
    """An event which states that the resource with the id `resource_id` in the ledger exists."""

    resource_id: int
    event_type: str
    statement: Statement


def iterate_exists_events(db: Connection, resource_ids: Sequence[int], since: Micros) -> Iterator[ExistsEvent]:
    """Yield the events about resources from `since` on."""
    columns = (_e.resource, _e.at, _e.message_id, _e.event_type, _e.fact)
    where = (_e.event_type.endswith(EXISTS_SUFFIX), _e.at >= since)
    for resource_id, at, message_id, event_type, fact in bulk_queries.select_by_key(
        db, columns, _e.resource, resource_ids, *where
    ):
        yield ExistsEvent(resource_id, event_type, decode_statement(at, message_id, fact))


def list_periods(db: Connection, since: Micros) -> set[tuple[str, str, Micros, Micros]]:
    """Return the audit periods of events from `since` on: cloud, resource type, start, end."""
    periods = set()
    first, last = batches.count_events(db, batches.get_position_at(db, since)), batches.count_events(db)
    source = event_table.join(resource_table, _r.id == _e.resource)
    for start in range(first, last, _READ_AT_ONCE):
        query = select(_e.cloud, _r.resource_type, _e.fact).select_from(source)
        query = query.where(_e.seq >= start, _e.seq < start + _READ_AT_ONCE)
        query = query.where(_e.event_type.endswith(EXISTS_SUFFIX), _e.at >= since)
        for cloud, resource_type, fact in db.execute(query):
            if "audited" in fact:
                periods.add((cloud, resource_type, *fact["audited"]))
    return periods
