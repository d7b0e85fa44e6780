"""The current segments of resources, and how they are replaced."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import update

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import Segment
from stratiform.services.ledger.tables import segment_table

_s = segment_table.c

_INSERTED = (
    "id", "resource", "cloud", "resource_type", "resource_id", "project_id", "start_at", "end_at", "state",
    "attributes", "recorded", "is_open",
)  # fmt: skip

_SEGMENT = (
    _s.cloud, _s.resource_type, _s.resource_id, _s.project_id, _s.start_at, _s.end_at, _s.state, _s.attributes,
)  # fmt: skip


def list_current(db: Connection, resource_ids: Sequence[int]) -> dict[int, dict[int, Segment]]:
    """Return the current segments of resources, by the id of the resource and then of the segment."""
    segments: dict[int, dict[int, Segment]] = defaultdict(dict)
    columns = (_s.resource, _s.id, _s.superseded, *_SEGMENT)
    for resource_id, segment_id, superseded, *values in bulk_queries.select_by_key(
        db, columns, _s.resource, resource_ids
    ):
        if superseded is None:
            segments[resource_id][segment_id] = Segment(*values)
    return segments


@dataclass(frozen=True, slots=True)
class NewSegment:
    """A segment to insert, with its id and that of its resource."""

    id: int
    resource_id: int
    segment: Segment


def replace_segments(db: Connection, position: int, superseded: Sequence[int], new: Sequence[NewSegment]) -> None:
    """Mark the segments with the ids `superseded` as valid before `position` only, and insert `new`."""
    for ids in bulk_queries.split_into_chunks(superseded):
        db.execute(update(segment_table).where(_s.id.in_(ids)).values(superseded=position, is_open=None))
    bulk_queries.insert(db, segment_table, _INSERTED, [_row(each, position) for each in new])


def _row(new: NewSegment, position: int) -> tuple[object, ...]:
    segment = new.segment
    return (
        new.id,
        new.resource_id,
        segment.cloud,
        segment.resource_type,
        segment.resource_id,
        segment.project_id,
        segment.start,
        segment.end,
        segment.state,
        msgspec.json.encode(segment.attributes).decode(),
        position,
        1 if segment.end is None else None,
    )
