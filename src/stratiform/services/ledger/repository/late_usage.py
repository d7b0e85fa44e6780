"""Usage in a period that was not known at an earlier position."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import FromClause, Select, and_, case, func, or_, select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.repository import batches
from stratiform.services.ledger.repository.column_types import AnyColumn, Condition
from stratiform.services.ledger.tables import resource_table, sample_table, segment_table

#: A sample can change what is known about this time after it, until the next one.
_SAMPLE_REACH_US = 32 * DAY_US

_s, _v, _r = segment_table.c, sample_table.c, resource_table.c


def list_resources(
    db: Connection, project_ids: Sequence[str], start: Micros, end: Micros, position: int
) -> set[Resource]:
    """Return the resources of projects whose usage in `[start, end)` may differ from what was known at `position`.

    Their segments differ within the period, or samples were added that may count in it.
    """
    first_seq = batches.count_events(db, position)
    resources: set[Resource] = set()
    for chunk in bulk_queries.split_into_chunks(project_ids):
        segments = _changed_segments(chunk, start, end, position)
        for query in (*segments, *_added_samples(chunk, start, end, first_seq)):
            resources |= {Resource(*row) for row in db.execute(query)}
    return resources


def list_projects(db: Connection, position: int, before: Micros) -> Mapping[str, Micros]:
    """Return the projects with usage before `before` that was added or removed after `position`, with its start."""
    is_changed = or_(_s.recorded > position, _s.superseded > position)
    segments = select(_s.project_id, func.min(_s.start_at)).where(is_changed, _s.start_at < before)
    is_added = and_(_v.seq >= batches.count_events(db, position), _v.at < before)
    samples = select(_v.project_id, func.min(_v.at)).where(is_added, _v.project_id.is_not(None))
    without_project = sample_table.join(segment_table, _s.resource == _v.resource)
    others = select(_s.project_id, func.min(_v.at)).select_from(without_project)
    others = others.where(is_added, _v.project_id.is_(None), _s.superseded.is_(None))
    first: dict[str, Micros] = {}
    for query, project_id in ((segments, _s.project_id), (samples, _v.project_id), (others, _s.project_id)):
        for name, at in db.execute(query.group_by(project_id)):
            first[name] = min(at, first.get(name, at))
    return first


def _changed_segments(project_ids: Sequence[str], start: Micros, end: Micros, position: int) -> Iterator[Select[Any]]:
    """Yield queries of resources with segments that are new in the period, and of those with segments that are gone."""
    current, earlier = segment_table.alias("current_segment"), segment_table.alias("earlier_segment")
    is_new = and_(current.c.recorded > position, current.c.superseded.is_(None))
    was_known = and_(earlier.c.recorded <= position, earlier.c.superseded > position)
    is_same = _has_same_usage(current, earlier, start, end)
    for table, condition, other, other_condition in (
        (current, is_new, earlier, was_known),
        (earlier, was_known, current, is_new),
    ):
        counterpart = select(other.c.id).where(other_condition, is_same).exists()
        columns = (table.c.cloud, table.c.resource_type, table.c.resource_id)
        yield select(*columns).distinct().where(condition, *_in_period(table, project_ids, start, end), ~counterpart)


def _in_period(table: FromClause, project_ids: Sequence[str], start: Micros, end: Micros) -> list[Condition]:
    ends_later = or_(table.c.end_at.is_(None), table.c.end_at > start)
    return [table.c.project_id.in_(project_ids), table.c.start_at < end, ends_later]


def _has_same_usage(first: FromClause, second: FromClause, start: Micros, end: Micros) -> Condition:
    """Return the condition that two segments are equal within a period, apart from the name of the resource."""
    names = ("resource", "project_id", "state", "attributes")
    equal = [first.c[name] == second.c[name] for name in names]
    return and_(
        *equal,
        _clipped_start(first, start) == _clipped_start(second, start),
        _clipped_end(first, end) == _clipped_end(second, end),
    )


def _clipped_start(table: FromClause, start: Micros) -> AnyColumn:
    return case((table.c.start_at < start, start), else_=table.c.start_at)


def _clipped_end(table: FromClause, end: Micros) -> AnyColumn:
    return case((or_(table.c.end_at.is_(None), table.c.end_at > end), end), else_=table.c.end_at)


def _added_samples(project_ids: Sequence[str], start: Micros, end: Micros, first_seq: int) -> Iterator[Select[Any]]:
    is_added = and_(_v.seq >= first_seq, _v.at <= end, _v.at > start - _SAMPLE_REACH_US)
    used = select(_s.resource).where(_s.project_id.in_(project_ids), _s.superseded.is_(None))
    of_projects = or_(_v.project_id.in_(project_ids), and_(_v.project_id.is_(None), _v.resource.in_(used)))
    columns = (_r.cloud, _r.resource_type, _r.resource_id)
    joined = sample_table.join(resource_table, _r.id == _v.resource)
    yield select(*columns).distinct().select_from(joined).where(is_added, of_projects)
