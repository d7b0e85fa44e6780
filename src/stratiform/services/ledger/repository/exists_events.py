"""What an audit reads: every resource in order, and what messages on what exists said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from stratiform.kit import bulk
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import Progress, Resource, Statement, statement_of
from stratiform.services.ledger.model.statements import EXISTS_SUFFIX
from stratiform.services.ledger.repository import batches
from stratiform.services.ledger.repository.resources import progress_of
from stratiform.services.ledger.tables import event_table, resource_table

_e, _r = event_table.c, resource_table.c

#: The order of the unique key.
_ORDER = (_r.resource_id, _r.resource_type, _r.cloud)
Key = tuple[str, str, str]

#: Which of its events are read at once when all are looked through.
_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Exists:
    """A message that says that something exists."""

    resource: int
    event_type: str
    statement: Statement


def resources(db: Connection, limit: int, after: Key | None) -> list[tuple[Resource, Progress]]:
    """The first `limit` resources after `after`, ordered by id, type and cloud, with how far their folds have come."""
    query = select(_r.cloud, _r.resource_type, _r.resource_id, _r.progress)
    if after is not None:
        resource_id, kind, cloud = after
        later = or_(
            _r.resource_id > resource_id, _r.resource_type > kind, and_(_r.resource_type == kind, _r.cloud > cloud)
        )
        query = query.where(_r.resource_id >= resource_id, later)
    found = db.execute(query.order_by(*_ORDER).limit(limit))
    return [(Resource(cloud, kind, resource_id), progress_of(text)) for cloud, kind, resource_id, text in found]


def exists(db: Connection, numbers: Sequence[int], since: Micros) -> Iterator[Exists]:
    """What messages told at `since` or later say of these resources' existence."""
    columns = (_e.resource, _e.at, _e.message_id, _e.event_type, _e.fact)
    meant = (_e.event_type.endswith(EXISTS_SUFFIX), _e.at >= since)
    for resource, at, message_id, event_type, fact in bulk.select_by(db, columns, _e.resource, numbers, *meant):
        yield Exists(resource, event_type, statement_of(at, message_id, fact))


def periods(db: Connection, since: Micros) -> set[tuple[str, str, Micros, Micros]]:
    """The periods of which messages told what existed, since then: cloud, type of resource, beginning and end."""
    found = set()
    first, last = batches.size(db, batches.position_at(db, since)), batches.size(db)
    source = event_table.join(resource_table, _r.id == _e.resource)
    for start in range(first, last, _AT_ONCE):
        query = select(_e.cloud, _r.resource_type, _e.fact).select_from(source)
        query = query.where(
            _e.seq >= start, _e.seq < start + _AT_ONCE, _e.event_type.endswith(EXISTS_SUFFIX), _e.at >= since
        )
        for cloud, kind, fact in db.execute(query):
            if "audited" in fact:
                found.add((cloud, kind, *fact["audited"]))
    return found


def clouds(db: Connection) -> list[str]:
    """The clouds of which the ledger knows something."""
    return sorted(db.execute(select(_r.cloud).distinct()).scalars())
