"""All segments of resources, with tags and the times at which they were recorded."""

from collections.abc import Collection, Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Text, or_, select, type_coerce

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import RecordedSegment, UsageFilter
from stratiform.services.ledger.repository.column_types import AnyRow, Condition
from stratiform.services.ledger.repository.segment_queries import build_validity_conditions
from stratiform.services.ledger.tables import batch_table, resource_table, segment_table

_s, _r, _b = segment_table.c, resource_table.c, batch_table.c

_COLUMNS = (
    _s.cloud, _s.resource_type, _s.resource_id, _s.project_id, _s.start_at, _s.end_at, _s.state,
    type_coerce(_s.attributes, Text), _r.name, type_coerce(_r.tags, Text), _b.received_at,
)  # fmt: skip
_FROM = segment_table.join(resource_table, _r.id == _s.resource).join(batch_table, _b.id == _s.recorded)

#: By resource and start. Sorted here, because a database would use a temporary file.
_ORDER = attrgetter("resource_type", "resource_id", "cloud", "start")

_decoder = msgspec.json.Decoder()


def list_by_project(
    db: Connection, pinned: UsageFilter, resource_types: Collection[str], first: Micros, last: Micros
) -> list[RecordedSegment]:
    """Return the segments of the project up to `last` of all resources that it used in `[first, last]`.

    Segments before `first` are included. `pinned` has the project and a position, as there are two queries.
    """
    of_project = (
        _s.project_id == pinned.project_id,
        _s.resource_type.in_(resource_types),
        _s.start_at <= last,
        *build_validity_conditions(pinned.as_of),
    )
    in_period = (*of_project, or_(_s.end_at.is_(None), _s.end_at >= first))
    segments = _list(db, *in_period)
    if any(segment.start < first for segment in segments):
        started_before = select(_s.resource).where(*in_period, _s.start_at < first)
        segments += _list(db, *of_project, _s.end_at < first, _s.resource.in_(started_before))
    return sorted(segments, key=_ORDER)


def list_by_id(db: Connection, resource_id: str, resource_types: Collection[str]) -> list[RecordedSegment]:
    """Return all current segments of the resources with this id, in every cloud."""
    query = select(_r.id).where(_r.resource_id == resource_id, _r.resource_type.in_(resource_types))
    ids = list(db.execute(query).scalars())
    return sorted(_list(db, _s.resource.in_(ids), _s.superseded.is_(None)), key=_ORDER)


def _list(db: Connection, *conditions: Condition) -> list[RecordedSegment]:
    rows: Iterable[AnyRow] = db.execute(select(*_COLUMNS).select_from(_FROM).where(*conditions))
    return [_decode_row(row) for row in rows]


def _decode_row(row: AnyRow) -> RecordedSegment:
    cloud, resource_type, resource_id, project_id, start, end, state, attributes, name, tags, recorded_at = row
    return RecordedSegment(
        cloud,
        resource_type,
        resource_id,
        project_id,
        start,
        end,
        state,
        _decode(attributes),
        name,
        tags=_decode(tags),
        recorded_at=recorded_at,
    )


@lru_cache(4096)
def _decode(text: str) -> dict[str, Any]:
    """Decode a JSON object once for all resources that have an equal one, as most instances do."""
    document: dict[str, object] = _decoder.decode(text)
    return document
