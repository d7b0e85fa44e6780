"""Whole histories: of one resource, or of all that a project used in a period."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Text, func, or_, select, type_coerce

from stratiform.kit import bulk
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import RecordedSegment, Resource, UsageFilter
from stratiform.services.ledger.repository.segments import known
from stratiform.services.ledger.tables import batch_table, event_table, resource_table, segment_table

_s, _r, _b, _e = segment_table.c, resource_table.c, batch_table.c, event_table.c

_COLUMNS = (
    _s.cloud, _s.resource_type, _s.resource_id, _s.project_id, _s.start_at, _s.end_at, _s.state,
    type_coerce(_s.attributes, Text), _r.name, type_coerce(_r.tags, Text), _b.received_at,
)  # fmt: skip
_FROM = segment_table.join(resource_table, _r.id == _s.resource).join(batch_table, _b.id == _s.recorded)

#: By resource and start. Here, because a database would put all that it sorts into a file.
_ORDER = attrgetter("resource_type", "resource_id", "cloud", "start")

_json = msgspec.json.Decoder()


def of_project(
    db: Connection, pinned: UsageFilter, kinds: Collection[str], first: Micros, last: Micros
) -> list[RecordedSegment]:
    """The project's segments up to `last` of all resources that it used at some time in `[first, last]`: the earlier
    ones too, so that what goes on is whole. `pinned` tells the project and a position, as these are two queries."""
    mine = (
        _s.project_id == pinned.project_id,
        _s.resource_type.in_(kinds),
        _s.start_at <= last,
        *known(pinned.as_of),
    )
    inside = (*mine, or_(_s.end_at.is_(None), _s.end_at >= first))
    found = _noted(db, *inside)
    if any(one.start < first for one in found):
        begun = select(_s.resource).where(*inside, _s.start_at < first)
        found += _noted(db, *mine, _s.end_at < first, _s.resource.in_(begun))
    return sorted(found, key=_ORDER)


def of_resource(db: Connection, resource_id: str, kinds: Collection[str]) -> list[RecordedSegment]:
    """All segments of whatever has this id, in every cloud."""
    found = select(_r.id).where(_r.resource_id == resource_id, _r.resource_type.in_(kinds))
    numbers = list(db.execute(found).scalars())
    return sorted(_noted(db, _s.resource.in_(numbers), _s.superseded.is_(None)), key=_ORDER)


def _noted(db: Connection, *where: ColumnElement[bool]) -> list[RecordedSegment]:
    query = select(*_COLUMNS).select_from(_FROM).where(*where)
    return [
        RecordedSegment(
            *(cloud, kind, of, project_id, start, end, state, _document(said), name),
            tags=_document(tags),
            recorded_at=recorded_at,
        )
        for cloud, kind, of, project_id, start, end, state, said, name, tags, recorded_at in db.execute(query)
    ]


@lru_cache(4096)
def _document(text: str) -> dict[str, Any]:
    """Of thousands of machines most are like others: what they are is read once."""
    found: dict[str, Any] = _json.decode(text)
    return found


def counts(db: Connection, kinds: Collection[str]) -> tuple[int, int]:
    """How many segments of these kinds there are, and how many of them go on."""
    query = select(func.count(), func.count(_s.is_open)).where(_s.superseded.is_(None), _s.resource_type.in_(kinds))
    every, open_ = db.execute(query.select_from(segment_table)).one()
    return every, open_


def last_told(db: Connection, resource: Resource, at: Micros) -> str:
    """The id of the event that has the last word on `resource` for the instant `at`; "" where there is none."""
    query = (
        select(func.max(_e.message_id))
        .select_from(event_table.join(resource_table, _r.id == _e.resource))
        .where(*_is(resource), _e.at == at)
    )
    return db.execute(query).scalar() or ""


def last_message(db: Connection, resource: Resource) -> Micros:
    """The instant of the last message on `resource`, corrections left out; 0 where there is none."""
    query = (
        select(_e.at, _e.fact).select_from(event_table.join(resource_table, _r.id == _e.resource)).where(*_is(resource))
    )
    return max((at for at, fact in db.execute(query) if "correction" not in fact), default=0)


def named(db: Connection, kind: str, ids: Sequence[str] | None = None) -> list[tuple[str, str, str, dict[str, str]]]:
    """Cloud, id, name and labels of the resources of a kind: of all, or of those with these ids."""
    columns = (_r.cloud, _r.resource_id, _r.name, _r.tags)
    rows: Any
    if ids is None:
        rows = db.execute(select(*columns).where(_r.resource_type == kind).order_by(_r.resource_id, _r.cloud))
    else:
        rows = bulk.select_by(db, columns, _r.resource_id, ids, _r.resource_type == kind)
    return [tuple(row) for row in rows]


def _is(resource: Resource) -> tuple[ColumnElement[bool], ...]:
    return (
        _r.resource_id == resource.resource_id,
        _r.resource_type == resource.resource_type,
        _r.cloud == resource.cloud,
    )
