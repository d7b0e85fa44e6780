"""All events and segments of resources, as of a position."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import EventRecord, Resource, Segment, UsageFilter
from stratiform.services.ledger.model.segments import select_overlapping
from stratiform.services.ledger.repository import batches
from stratiform.services.ledger.repository.column_types import Condition
from stratiform.services.ledger.repository.segment_queries import build_validity_conditions
from stratiform.services.ledger.tables import batch_table, event_table, resource_table, sample_table, segment_table

_b, _e, _r, _s, _v = batch_table.c, event_table.c, resource_table.c, segment_table.c, sample_table.c


@dataclass(frozen=True, slots=True)
class EventHistory:
    """A resource with its records and their numbers in the log, and the segments that match a filter."""

    id: int
    resource: Resource
    records: list[tuple[int, EventRecord]]
    segments: list[Segment]


def list_used_ids(db: Connection, usage_filter: UsageFilter, position: int) -> list[int]:
    """Return the ids of the resources that have matching segments or samples, sorted.

    Without project and period: the ids of all resources that have events.
    """
    if (usage_filter.project_id, usage_filter.since, usage_filter.until) == (None, None, None):
        first_events = select(_e.resource).join(batch_table, _b.id == _e.batch).where(_e.nth == 1, _b.id <= position)
        return sorted(db.execute(first_events).scalars())
    by_segment = select(_s.resource).where(*_segment_conditions(usage_filter, position)).distinct()
    by_sample = select(_v.resource).where(*_sample_conditions(usage_filter, position)).distinct()
    return sorted({*db.execute(by_segment).scalars(), *db.execute(by_sample).scalars()})


def list_by_ids(
    db: Connection, ids: Sequence[int], usage_filter: UsageFilter, position: int, size: int
) -> list[EventHistory]:
    """Return the histories of resources in this order, as of `position` with `size` events in the log."""
    resources = _list_resources(db, ids)
    events = _list_events(db, ids, size)
    received_at = batches.list_position_times(db, {event.batch for rows in events.values() for event in rows})
    segments = _list_segments(db, ids, position)
    period = (usage_filter.since, usage_filter.until, usage_filter.project_id)
    return [
        EventHistory(
            resource_id,
            resources[resource_id],
            [
                (each.seq, _record(each, resources[resource_id], received_at[each.batch]))
                for each in events[resource_id]
            ],
            list(select_overlapping(segments[resource_id], *period)),
        )
        for resource_id in ids
    ]


_EVENT = (
    _e.resource, _e.seq, _e.nth, _e.message_id, _e.at, _e.event_type, _e.fact, _e.raw_sha256, _e.batch,
    _e.cloud,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _EventRow:
    resource: int
    seq: int
    nth: int
    message_id: str
    at: Micros
    event_type: str
    fact: dict[str, object]
    raw_sha256: bytes
    batch: int
    cloud: str


def _list_resources(db: Connection, ids: Sequence[int]) -> dict[int, Resource]:
    columns = (_r.id, _r.cloud, _r.resource_type, _r.resource_id)
    return {row_id: Resource(*resource) for row_id, *resource in bulk_queries.select_by_key(db, columns, _r.id, ids)}


def _list_events(db: Connection, ids: Sequence[int], size: int) -> dict[int, list[_EventRow]]:
    events: dict[int, list[_EventRow]] = defaultdict(list)
    for row in bulk_queries.select_by_key(db, _EVENT, _e.resource, ids, _e.seq < size):
        events[row[0]].append(_EventRow(*row))
    for rows in events.values():
        rows.sort(key=lambda event: event.nth)
    return events


def _list_segments(db: Connection, ids: Sequence[int], position: int) -> dict[int, list[Segment]]:
    """Return the segments at `position`, sorted by start. Filtered here: PostgreSQL would scan all recorded ones."""
    segments: dict[int, list[Segment]] = defaultdict(list)
    columns = (
        _s.resource, _s.recorded, _s.superseded, _s.cloud, _s.resource_type, _s.resource_id, _s.project_id, _s.start_at,
        _s.end_at, _s.state, _s.attributes,
    )  # fmt: skip
    for resource_id, recorded, superseded, *values in bulk_queries.select_by_key(db, columns, _s.resource, ids):
        if recorded <= position and (superseded is None or superseded > position):
            segments[resource_id].append(Segment(*values))
    for of_resource in segments.values():
        of_resource.sort(key=lambda segment: segment.start)
    return segments


def _record(event: _EventRow, resource: Resource, received_at: Micros) -> EventRecord:
    return EventRecord(
        at=event.at,
        cloud=event.cloud,
        event_type=event.event_type,
        fact=event.fact,
        message_id=event.message_id,
        nth=event.nth,
        raw_sha256=event.raw_sha256.hex(),
        received_at=received_at,
        resource_id=resource.resource_id,
        resource_type=resource.resource_type,
    )


def _segment_conditions(usage_filter: UsageFilter, position: int) -> list[Condition]:
    conditions = build_validity_conditions(position)
    if usage_filter.project_id is not None:
        conditions.append(_s.project_id == usage_filter.project_id)
    if usage_filter.since is not None:
        conditions.append(or_(_s.end_at.is_(None), _s.end_at > usage_filter.since))
    if usage_filter.until is not None:
        conditions.append(_s.start_at < usage_filter.until)
    return conditions


def _sample_conditions(usage_filter: UsageFilter, position: int) -> list[Condition]:
    conditions: list[Condition] = [_v.recorded <= position]
    if usage_filter.project_id is not None:
        conditions.append(_v.project_id == usage_filter.project_id)
    if usage_filter.since is not None:
        conditions.append(_v.at >= usage_filter.since)
    if usage_filter.until is not None:
        conditions.append(_v.at < usage_filter.until)
    return conditions
