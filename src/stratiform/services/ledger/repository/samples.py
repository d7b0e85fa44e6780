"""Values of meters."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, NamedTuple, cast

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from stratiform.kit import bulk
from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import MeterKind, UsageFilter
from stratiform.services.ledger.model.samples import LONGEST_HOLD, Sample, SampleRow
from stratiform.services.ledger.repository import name_history
from stratiform.services.ledger.repository.events import Added
from stratiform.services.ledger.repository.segments import beyond, known, tagged
from stratiform.services.ledger.tables import event_table, resource_table, sample_table, segment_table

_e, _v, _r, _s = event_table.c, sample_table.c, resource_table.c, segment_table.c

_COLUMNS = (
    "seq", "meter", "resource", "source", "project_id", "at", "message_id", "value", "kind", "unit", "hold", "recorded",
)  # fmt: skip

_FROM = sample_table.join(resource_table, _r.id == _v.resource)
_ORDER = (_v.at, _v.seq, _v.meter)
_SERIES = (_v.resource, _v.meter, _v.kind, _v.unit, _v.source)

#: How far back the reading is looked for from which a counter grew: most are near, and all are found.
_BACK = (DAY_US, 32 * DAY_US, 2**62)

_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Series:
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


def find_by_message(db: Connection, cloud: str, meter: str, message_ids: Collection[str]) -> Mapping[str, StoredSample]:
    """Return the samples of a meter in these messages, by message id."""
    by_message = bulk.select_by(db, (_e.message_id, _e.seq), _e.message_id, sorted(message_ids), _e.cloud == cloud)
    ids = {seq: message_id for message_id, seq in by_message}
    columns = (_v.seq, _v.value, _r.resource_id)
    rows = bulk.select_by(db, columns, _v.seq, sorted(ids), _v.meter == meter, _r.id == _v.resource)
    return {ids[seq]: StoredSample(resource_id, value) for seq, value, resource_id in rows}


def add(db: Connection, rows: Sequence[Added]) -> None:
    """Insert the samples of events, given as `events.add` takes them."""
    bulk.insert(db, sample_table, _COLUMNS, [new for row in rows if "samples" in row.record.fact for new in _new(row)])


def _new(row: Added) -> Iterator[tuple[Any, ...]]:
    record, fact = row.record, row.record.fact
    project_id, source, told = fact.get("project_id"), fact.get("source", ""), fact["meters"]
    for meter, value in fact["samples"].items():
        how = told[meter]
        counted = (how["kind"], how.get("unit", ""), how.get("hold", 0))
        begins = (row.seq, meter, row.resource, source, project_id, record.at, record.message_id)
        yield (*begins, value, *counted, row.batch)


def page(
    db: Connection, wanted: UsageFilter, meter: str | None, limit: int, after: tuple[Micros, int, str] | None
) -> list[SampleRow]:
    """The first `limit` samples after `after` (instant, number of the event, meter), in the order of time."""
    where = _conditions(wanted, meter)
    if wanted.since is not None:
        where.append(_v.at > wanted.since)
    if after is not None:
        where.append(beyond(db, _ORDER, after))
    columns = (
        _r.resource_type, _r.resource_id, _r.cloud, _owner(wanted.as_of), _v.meter, _v.kind, _v.unit, _v.source, _v.at,
        _v.value, _v.message_id, _v.seq,
    )  # fmt: skip
    query = select(*columns).select_from(_FROM).where(*where).order_by(*_ORDER).limit(limit)
    return [SampleRow._make(row) for row in db.execute(query)]


def list_meters(db: Connection, usage_filter: UsageFilter) -> list[tuple[str, str]]:
    """Return the meters that may have samples between `since` and `until`, each with its resource type, sorted.

    With a project, these are the meters of all resources that the project has used.
    """
    where = _conditions(replace(usage_filter, project_id=None), None)
    where.append(_v.at > (usage_filter.since or 0) - LONGEST_HOLD)
    if usage_filter.project_id is not None:
        where.append(_v.resource.in_(_resources_of(usage_filter.project_id, usage_filter.as_of)))
    query = select(_r.resource_type, _v.meter).distinct().select_from(_FROM).where(*where)
    return sorted((resource_type, meter) for resource_type, meter in db.execute(query))


def series(db: Connection, wanted: UsageFilter, meter: str) -> Iterator[Series]:
    """All samples of `meter` that matter between `wanted.since` and `wanted.until` (both must be given), one counter
    after the other; a project's counters have the samples of their other owners too. No other query may be asked
    until the end."""
    since = wanted.since or 0
    where = _conditions(replace(wanted, project_id=None), meter)
    if wanted.project_id is not None:
        where.append(_v.resource.in_(_resources_of(wanted.project_id, wanted.as_of)))
    hold = db.execute(select(func.max(_v.hold)).select_from(_FROM).where(*where, _v.at > since - LONGEST_HOLD)).scalar()
    holding = and_(_v.kind == "gauge", _v.at > since - min(hold or 0, LONGEST_HOLD))
    before = _readings_before(db, where, since)
    counter = (_r.resource_type, _r.resource_id, _r.cloud, name_history.tags(name_history.needed(db, wanted.as_of)))
    value = (_v.at, _v.message_id, _v.value, _v.hold, _owner(wanted.as_of))
    query = select(*_SERIES, *counter, *value).select_from(_FROM).where(*where, or_(_v.at > since, holding))
    found = db.execute(query.order_by(*_SERIES, _v.at).execution_options(yield_per=_AT_ONCE))
    for key, rows in groupby(found, key=lambda row: tuple(row[:5])):
        told = [tuple(row) for row in rows]
        resource_type, resource_id, cloud, tags = told[0][5:9]
        samples = [*before.get(key, ()), *(_sample(row[9:]) for row in told)]
        yield Series(resource_type, resource_id, cloud, tags, cast("MeterKind", key[2]), key[3], samples)


def _readings_before(db: Connection, where: Sequence[ColumnElement[bool]], since: Micros) -> dict[Any, list[Sample]]:
    """Of each counter that grows, and is read after `since`, the last readings up to then."""
    counters = select(*_SERIES).distinct().select_from(_FROM).where(*where, _v.kind == "cumulative", _v.at > since)
    missing = {tuple(row) for row in db.execute(counters)}
    found: dict[Any, list[Sample]] = {}
    for back in _BACK:
        if not missing:
            break
        near = (*where, _v.kind == "cumulative", _v.at <= since, _v.at > since - back)
        last = select(*_SERIES, func.max(_v.at).label("at")).select_from(_FROM).where(*near).group_by(*_SERIES)
        for key, sample in _at_the_last(db, last):
            if key in missing:
                found.setdefault(key, []).append(sample)
        missing -= found.keys()
    return found


def _at_the_last(db: Connection, last: Select[Any]) -> Iterator[tuple[Any, Sample]]:
    latest = last.subquery("latest")
    same = and_(*(column == latest.c[column.name] for column in (*_SERIES, _v.at)))
    columns = (*_SERIES, _v.at, _v.message_id, _v.value, _v.hold, _v.project_id)
    for row in db.execute(select(*columns).select_from(sample_table.join(latest, same))):
        yield tuple(row[:5]), _sample(row[5:])


def _sample(row: Any) -> Sample:
    at, message_id, value, hold, project_id = row
    return Sample(at, message_id, Decimal(value), hold, project_id)


def _conditions(wanted: UsageFilter, meter: str | None) -> list[ColumnElement[bool]]:
    """All but the beginning of the period: samples count for `(since, until]`."""
    given = (
        (_r.cloud, wanted.cloud),
        (_r.resource_type, wanted.resource_type),
        (_r.resource_id, wanted.resource_id),
        (_v.meter, meter),
    )
    found = [column == value for column, value in given if value is not None]
    if wanted.tag is not None:
        found.append(tagged(*wanted.tag, wanted.as_of))
    if wanted.project_id is not None:
        found.append(_owned(wanted.project_id, wanted.as_of))
    if wanted.until is not None:
        found.append(_v.at <= wanted.until)
    if wanted.as_of is not None:
        found.append(_v.recorded <= wanted.as_of)
    return found


def _owned(project_id: str, as_of: int | None) -> ColumnElement[bool]:
    """Whether a sample is the project's: as it says itself, or else as its resource was at its instant."""
    mine = select(_s.resource).where(_s.project_id == project_id, *known(as_of))
    unsaid = and_(_v.project_id.is_(None), _v.resource.in_(mine), _user(as_of) == project_id)
    return or_(_v.project_id == project_id, unsaid)


def _resources_of(project_id: str, as_of: int | None) -> Any:
    """The resources of which the project has samples, or used at any time."""
    told = select(_v.resource).where(_v.project_id == project_id)
    return told.union(select(_s.resource).where(_s.project_id == project_id, *known(as_of)))


def _owner(as_of: int | None) -> ColumnElement[Any]:
    return func.coalesce(_v.project_id, _user(as_of))


def _user(as_of: int | None) -> ColumnElement[Any]:
    """Whose the resource was at the instant of the sample; at its very end still the last one's."""
    at_that_time = (_s.resource == _v.resource, _s.start_at <= _v.at, or_(_s.end_at.is_(None), _s.end_at >= _v.at))
    query = select(_s.project_id).where(*at_that_time, *known(as_of)).order_by(_s.start_at.desc()).limit(1)
    return query.scalar_subquery().correlate(sample_table)
