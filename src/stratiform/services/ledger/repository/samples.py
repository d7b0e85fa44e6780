"""Samples of meters."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

from msgspec import structs
from sqlalchemy import CompoundSelect, Select, and_, func, or_, select

from stratiform.kit import bulk_queries
from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import MeterKind, Statement, UsageFilter
from stratiform.services.ledger.model.samples import MAX_HOLD, Sample, SampleRow
from stratiform.services.ledger.repository import name_history
from stratiform.services.ledger.repository.column_types import AnyColumn, AnyRow, Condition
from stratiform.services.ledger.repository.events import NewEvent
from stratiform.services.ledger.repository.segment_queries import (
    build_after_key_condition,
    build_tag_condition,
    build_validity_conditions,
)
from stratiform.services.ledger.tables import event_table, resource_table, sample_table, segment_table

_e, _v, _r, _s = event_table.c, sample_table.c, resource_table.c, segment_table.c

_COLUMNS = (
    "seq", "meter", "resource", "source", "project_id", "at", "message_id", "value", "kind", "unit", "hold", "recorded",
)  # fmt: skip

_FROM = sample_table.join(resource_table, _r.id == _v.resource)
_ORDER = (_v.at, _v.seq, _v.meter)
_SERIES = (_v.resource, _v.meter, _v.kind, _v.unit, _v.source)

#: How far back to look for the reading from which a counter has grown: most are close, and all are found.
_LOOK_BACK = (DAY_US, 32 * DAY_US, 2**62)

_READ_AT_ONCE = 5000

#: The values of `_SERIES`, which identify a series.
SeriesKey = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class SampleSeries:
    """The samples of one counter, with its resource."""

    resource_type: str
    resource_id: str
    cloud: str
    tags: dict[str, str]
    kind: MeterKind
    unit: str
    samples: Sequence[Sample]


class StoredSample(NamedTuple):
    """The value of a sample in the ledger, and its resource."""

    resource_id: str
    value: str


def add(db: Connection, events: Iterable[tuple[NewEvent, Statement]]) -> None:
    """Insert the samples of events."""
    bulk_queries.insert(
        db, sample_table, _COLUMNS, [row for event, statement in events for row in _rows(event, statement)]
    )


def _rows(event: NewEvent, statement: Statement) -> Iterator[tuple[object, ...]]:
    for meter, value in statement.samples.items():
        kind, unit, hold = structs.astuple(statement.meters[meter])
        key = (event.seq, meter, event.resource, statement.source, statement.project_id, event.at, event.message_id)
        yield (*key, str(value), kind, unit, hold, event.batch)


def find_by_message(db: Connection, cloud: str, meter: str, message_ids: Collection[str]) -> Mapping[str, StoredSample]:
    """Return the samples of a meter in these messages, by message id."""
    by_message = bulk_queries.select_by_key(
        db, (_e.message_id, _e.seq), _e.message_id, sorted(message_ids), _e.cloud == cloud
    )
    ids = {seq: message_id for message_id, seq in by_message}
    columns = (_v.seq, _v.value, _r.resource_id)
    rows = bulk_queries.select_by_key(db, columns, _v.seq, sorted(ids), _v.meter == meter, _r.id == _v.resource)
    return {ids[seq]: StoredSample(resource_id, value) for seq, value, resource_id in rows}


def list_page(
    db: Connection, usage_filter: UsageFilter, meter: str | None, limit: int, after: tuple[Micros, int, str] | None
) -> list[SampleRow]:
    """Return the first `limit` samples after the key `after` (time, number of the event, meter), sorted by time."""
    conditions = _filter_conditions(usage_filter, meter)
    if usage_filter.since is not None:
        conditions.append(_v.at > usage_filter.since)
    if after is not None:
        conditions.append(build_after_key_condition(db, _ORDER, after))
    columns = (
        _r.resource_type, _r.resource_id, _r.cloud, _project_id(usage_filter.as_of), _v.meter, _v.kind, _v.unit,
        _v.source, _v.at, _v.value, _v.message_id, _v.seq,
    )  # fmt: skip
    query = select(*columns).select_from(_FROM).where(*conditions).order_by(*_ORDER).limit(limit)
    return [SampleRow._make(row) for row in db.execute(query)]


def list_meters(db: Connection, usage_filter: UsageFilter) -> list[tuple[str, str]]:
    """Return the meters that may have samples between `since` and `until`, each with its resource type, sorted.

    With a project, these are the meters of all resources that the project has used.
    """
    conditions = _filter_conditions(replace(usage_filter, project_id=None), None)
    conditions.append(_v.at > (usage_filter.since or 0) - MAX_HOLD)
    if usage_filter.project_id is not None:
        conditions.append(_v.resource.in_(_resources_of(usage_filter.project_id, usage_filter.as_of)))
    query = select(_r.resource_type, _v.meter).distinct().select_from(_FROM).where(*conditions)
    return sorted((resource_type, meter) for resource_type, meter in db.execute(query))


def iterate_series(db: Connection, usage_filter: UsageFilter, meter: str) -> Iterator[SampleSeries]:
    """Yield the series of `meter` with the samples that count between `since` and `until`, which must be set.

    The series of a project include the samples of other owners. The connection must not be used meanwhile.
    """
    since = usage_filter.since or 0
    conditions = _filter_conditions(replace(usage_filter, project_id=None), meter)
    if usage_filter.project_id is not None:
        conditions.append(_v.resource.in_(_resources_of(usage_filter.project_id, usage_filter.as_of)))
    max_hold = select(func.max(_v.hold)).select_from(_FROM).where(*conditions, _v.at > since - MAX_HOLD)
    hold = db.execute(max_hold).scalar() or 0
    is_holding = and_(_v.kind == "gauge", _v.at > since - min(hold, MAX_HOLD))
    previous = _find_previous_readings(db, conditions, since)
    tags_column = name_history.build_tags_expression(name_history.simplify_position(db, usage_filter.as_of))
    resource = (_r.resource_type, _r.resource_id, _r.cloud, tags_column)
    sample = (_v.at, _v.message_id, _v.value, _v.hold, _project_id(usage_filter.as_of))
    query = select(*_SERIES, *resource, *sample).select_from(_FROM)
    query = query.where(*conditions, or_(_v.at > since, is_holding)).order_by(*_SERIES, _v.at)
    rows = db.execute(query.execution_options(yield_per=_READ_AT_ONCE))
    for key, group in groupby(rows, key=lambda row: tuple(row[:5])):
        series: list[AnyRow] = [tuple(row) for row in group]
        samples = [*previous.get(key, ()), *(_sample(*row[9:]) for row in series)]
        resource_type, resource_id, cloud, tags = series[0][5:9]
        yield SampleSeries(resource_type, resource_id, cloud, tags, key[2], key[3], samples)


def _find_previous_readings(
    db: Connection, conditions: Sequence[Condition], since: Micros
) -> dict[SeriesKey, list[Sample]]:
    """Return the last readings until `since` of each cumulative counter that is read after it."""
    is_cumulative = _v.kind == "cumulative"
    read_later = select(*_SERIES).distinct().select_from(_FROM).where(*conditions, is_cumulative, _v.at > since)
    missing = {tuple(row) for row in db.execute(read_later)}
    readings: dict[SeriesKey, list[Sample]] = {}
    for look_back in _LOOK_BACK:
        if not missing:
            break
        nearby = (*conditions, is_cumulative, _v.at <= since, _v.at > since - look_back)
        last = select(*_SERIES, func.max(_v.at).label("at")).select_from(_FROM).where(*nearby).group_by(*_SERIES)
        for key, sample in _select_at(db, last):
            if key in missing:
                readings.setdefault(key, []).append(sample)
        missing -= readings.keys()
    return readings


def _select_at(db: Connection, last: Select[object]) -> Iterator[tuple[SeriesKey, Sample]]:
    """Yield the samples of each series at the time that `last` selects."""
    latest = last.subquery("latest")
    is_latest = and_(*(column == latest.c[column.name] for column in (*_SERIES, _v.at)))
    columns = (*_SERIES, _v.at, _v.message_id, _v.value, _v.hold, _v.project_id)
    rows: Iterable[AnyRow] = db.execute(select(*columns).select_from(sample_table.join(latest, is_latest)))
    for row in rows:
        yield tuple(row[:5]), _sample(*row[5:])


def _sample(at: Micros, message_id: str, value: str, hold: Micros, project_id: str | None) -> Sample:
    return Sample(at, message_id, Decimal(value), hold, project_id)


def _filter_conditions(usage_filter: UsageFilter, meter: str | None) -> list[Condition]:
    """Return the conditions of a filter without `since`: samples count in `(since, until]`."""
    columns = (
        (_r.cloud, usage_filter.cloud),
        (_r.resource_type, usage_filter.resource_type),
        (_r.resource_id, usage_filter.resource_id),
        (_v.meter, meter),
    )
    conditions: list[Condition] = [column == value for column, value in columns if value is not None]
    if usage_filter.tag is not None:
        conditions.append(build_tag_condition(*usage_filter.tag, usage_filter.as_of))
    if usage_filter.project_id is not None:
        conditions.append(_is_of_project(usage_filter.project_id, usage_filter.as_of))
    if usage_filter.until is not None:
        conditions.append(_v.at <= usage_filter.until)
    if usage_filter.as_of is not None:
        conditions.append(_v.recorded <= usage_filter.as_of)
    return conditions


def _is_of_project(project_id: str, as_of: int | None) -> Condition:
    """Return the condition that a sample belongs to a project, by itself or by its resource at the time."""
    used = select(_s.resource).where(_s.project_id == project_id, *build_validity_conditions(as_of))
    by_resource = and_(_v.project_id.is_(None), _v.resource.in_(used), _resource_project_id(as_of) == project_id)
    return or_(_v.project_id == project_id, by_resource)


def _resources_of(project_id: str, as_of: int | None) -> CompoundSelect[object]:
    """Select the resources of which the project has samples, or which it used at any time."""
    sampled = select(_v.resource).where(_v.project_id == project_id)
    return sampled.union(select(_s.resource).where(_s.project_id == project_id, *build_validity_conditions(as_of)))


def _project_id(as_of: int | None) -> AnyColumn:
    return func.coalesce(_v.project_id, _resource_project_id(as_of))


def _resource_project_id(as_of: int | None) -> AnyColumn:
    """Return the project of the resource at the time of the sample; at the end of use it is still the last one."""
    at_time = (_s.resource == _v.resource, _s.start_at <= _v.at, or_(_s.end_at.is_(None), _s.end_at >= _v.at))
    query = (
        select(_s.project_id).where(*at_time, *build_validity_conditions(as_of)).order_by(_s.start_at.desc()).limit(1)
    )
    return query.scalar_subquery().correlate(sample_table)
