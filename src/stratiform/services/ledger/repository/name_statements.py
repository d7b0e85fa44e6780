"""Statements that name resources."""

from collections import defaultdict
from collections.abc import Collection, Iterable

from sqlalchemy import literal, select

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import Resource, Statement, decode_statement
from stratiform.services.ledger.repository import resources as resource_rows
from stratiform.services.ledger.repository.column_types import Condition
from stratiform.services.ledger.tables import event_table, resource_table

_e, _r = event_table.c, resource_table.c

#: Event types of samples, which are frequent and name no resource.
_SAMPLE_TYPES = ("telemetry.polling", "usage.sampled")


def exist_after(db: Connection, resource_types: Collection[str], position: int) -> bool:
    """Return True if there are events about resources of these types after a position."""
    later = select(_e.seq).where(_e.resource == _r.id, _e.batch > position, _e.event_type.notin_(_SAMPLE_TYPES))
    query = select(literal(1)).where(_r.resource_type.in_(sorted(resource_types)), later.exists())
    return db.execute(query.limit(1)).first() is not None


def list_by_resource(
    db: Connection, resources: Iterable[Resource], as_of: int | None
) -> dict[Resource, list[Statement]]:
    """Return the statements about `resources` that have a name, as known at the position `as_of` or now."""
    ids = {row_id: resource for resource, row_id in resource_rows.find_ids(db, resources).items()}
    conditions: list[Condition] = [_e.event_type.notin_(_SAMPLE_TYPES)]
    if as_of is not None:
        conditions.append(_e.batch <= as_of)
    columns = (_e.resource, _e.at, _e.message_id, _e.fact)
    statements: dict[Resource, list[Statement]] = defaultdict(list)
    for row_id, at, message_id, fact in bulk_queries.select_by_key(db, columns, _e.resource, sorted(ids), *conditions):
        if "name" in fact or "correction" in fact:
            statements[ids[row_id]].append(decode_statement(at, message_id, fact))
    return statements
