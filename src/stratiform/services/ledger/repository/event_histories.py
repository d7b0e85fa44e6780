"""All events and segments of resources, as of a position."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from stratiform.kit import bulk
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import Record, Resource, Segment, UsageFilter
from stratiform.services.ledger.model.segments import select_overlapping
from stratiform.services.ledger.tables import (
    batch_table,
    event_table,
    resource_table,
    sample_table,
    segment_table,
)

_b, _e, _r, _s, _v = batch_table.c, event_table.c, resource_table.c, segment_table.c, sample_table.c


@dataclass(frozen=True, slots=True)
class History:
    """All of one resource: its events with their numbers in the log, in order, and the segments asked for."""

    id: int
    resource: Resource
    records: list[tuple[int, Record]]
    segments: list[Segment]


def used(db: Connection, wanted: UsageFilter, position: int) -> list[int]:
    """The numbers of the resources that have segments or samples such as `wanted` asks for, in order; where nothing is
    asked for, of all that have any event."""
    if (wanted.project_id, wanted.since, wanted.until) == (None, None, None):
        first = select(_e.resource).join(batch_table, _b.id == _e.batch).where(_e.nth == 1, _b.id <= position)
        return sorted(db.execute(first).scalars())
    by_segment = select(_s.resource).where(*_segments(wanted, position)).distinct()
    sampled: list[ColumnElement[bool]] = [_v.recorded <= position]
    if wanted.project_id is not None:
        sampled.append(_v.project_id == wanted.project_id)
    if wanted.since is not None:
        sampled.append(_v.at >= wanted.since)
    if wanted.until is not None:
        sampled.append(_v.at < wanted.until)
    by_sample = select(_v.resource).where(*sampled).distinct()
    return sorted({*db.execute(by_segment).scalars(), *db.execute(by_sample).scalars()})


def histories(db: Connection, numbers: Sequence[int], wanted: UsageFilter, position: int, size: int) -> list[History]:
    """Those of the resources `numbers`, in that order, when the ledger stood at `position` and had `size` events."""
    names = {
        number: Resource(*resource)
        for number, *resource in bulk.select_by(db, (_r.id, _r.cloud, _r.resource_type, _r.resource_id), _r.id, numbers)
    }
    events = _events(db, numbers, size)
    times = received_at(db, {row.batch for rows in events.values() for row in rows})
    segments = _stretches(db, numbers, position)
    return [
        History(
            number,
            names[number],
            [(row.seq, _record(row, names[number], times[row.batch])) for row in events[number]],
            list(select_overlapping(segments[number], wanted.since, wanted.until, wanted.project_id)),
        )
        for number in numbers
    ]


_EVENT = (
    _e.resource, _e.seq, _e.nth, _e.message_id, _e.at, _e.event_type, _e.fact, _e.raw_sha256, _e.batch,
    _e.cloud,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Event:
    """A row of an event."""

    resource: int
    seq: int
    nth: int
    message_id: str
    at: Micros
    event_type: str
    fact: dict[str, Any]
    raw_sha256: bytes
    batch: int
    cloud: str


def _events(db: Connection, numbers: Sequence[int], size: int) -> dict[int, list[_Event]]:
    found: dict[int, list[_Event]] = defaultdict(list)
    for row in bulk.select_by(db, _EVENT, _e.resource, numbers, _e.seq < size):
        found[row[0]].append(_Event(*row))
    for rows in found.values():
        rows.sort(key=lambda row: row.nth)
    return found


def _stretches(db: Connection, numbers: Sequence[int], position: int) -> dict[int, list[Segment]]:
    """What was known at `position`, in order. What was known when is looked at here: PostgreSQL would go through all
    that was ever recorded."""
    found: dict[int, list[Segment]] = defaultdict(list)
    columns = (
        _s.resource, _s.recorded, _s.superseded, _s.cloud, _s.resource_type, _s.resource_id, _s.project_id, _s.start_at,
        _s.end_at, _s.state, _s.attributes,
    )  # fmt: skip
    for number, recorded, superseded, *stretch in bulk.select_by(db, columns, _s.resource, numbers):
        if recorded <= position and (superseded is None or superseded > position):
            found[number].append(Segment(*stretch))
    for stretches in found.values():
        stretches.sort(key=lambda one: one.start)
    return found


def received_at(db: Connection, batches: Collection[int]) -> dict[int, Micros]:
    """When each of these positions was reached."""
    return {row[0]: row[1] for row in bulk.select_by(db, (_b.id, _b.received_at), _b.id, sorted(batches))}


def _record(row: _Event, resource: Resource, received_at: Micros) -> Record:
    return Record(
        at=row.at,
        cloud=row.cloud,
        event_type=row.event_type,
        fact=row.fact,
        message_id=row.message_id,
        nth=row.nth,
        raw_sha256=row.raw_sha256.hex(),
        received_at=received_at,
        resource_id=resource.resource_id,
        resource_type=resource.resource_type,
    )


def _segments(wanted: UsageFilter, position: int) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        _s.recorded <= position,
        or_(_s.superseded.is_(None), _s.superseded > position),
    ]
    if wanted.project_id is not None:
        conditions.append(_s.project_id == wanted.project_id)
    if wanted.since is not None:
        conditions.append(or_(_s.end_at.is_(None), _s.end_at > wanted.since))
    if wanted.until is not None:
        conditions.append(_s.start_at < wanted.until)
    return conditions
