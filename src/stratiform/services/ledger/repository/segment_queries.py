"""Lists of segments, as they are known now or were known at an earlier position."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import Select, Text, and_, func, literal, or_, select, tuple_, type_coerce

from stratiform.kit import bulk_queries
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import Segment, SegmentRow, UsageFilter
from stratiform.services.ledger.model.segments import SegmentKey
from stratiform.services.ledger.repository import name_history
from stratiform.services.ledger.repository.column_types import AnyColumn, Condition
from stratiform.services.ledger.tables import resource_table, segment_table

_s, _r = segment_table.c, resource_table.c

#: Segments that are read at once.
_READ_AT_ONCE = 5000

#: The limit of one query by project. PostgreSQL would sort longer results, which with rows of this width uses the disk.
_QUERY_LIMIT = 2500

_RESOURCES_AT_ONCE = 1000

_ORDER = (_s.resource_type, _s.resource_id, _s.cloud, _s.start_at)
_RESOURCE_ORDER = (_r.resource_type, _r.resource_id, _r.cloud)

#: The columns of a `SegmentRow`, but with the resource's id in the ledger for its name. Attributes stay JSON text.
COLUMNS = (
    _s.resource_type,
    _s.resource_id,
    _s.resource,
    _s.project_id,
    _s.cloud,
    _s.start_at,
    _s.end_at,
    _s.state,
    type_coerce(_s.attributes, Text),
)

#: Where a list by end continues: the end (None: open) and the id of the last segment.
EndKey = tuple[Micros | None, int]


def list_rows(
    db: Connection, usage_filter: UsageFilter, limit: int, after: SegmentKey | None = None
) -> list[SegmentRow]:
    """Return the first `limit` segments after `after`, sorted by resource and start."""
    if usage_filter.project_id is None and usage_filter.resource_id is None and usage_filter.since is None:
        return _list_by_resource(db, usage_filter, limit, after)
    query_limit = limit if usage_filter.project_id is None else _QUERY_LIMIT
    rows: list[object] = []
    while len(rows) < limit:
        size = min(query_limit, limit - len(rows))
        is_later = [] if after is None else [build_after_key_condition(db, _ORDER, after)]
        page = db.execute(_select(usage_filter, *is_later).order_by(*_ORDER).limit(size)).all()
        rows += page
        if len(page) < size:
            break
        resource_type, resource_id, _, _, cloud, start, *_ = page[-1]
        after = (resource_type, resource_id, cloud, start)
    return add_names(db, rows, usage_filter.as_of)


def list_rows_by_end(
    db: Connection, usage_filter: UsageFilter, limit: int, after: EndKey | None = None
) -> tuple[list[SegmentRow], EndKey | None]:
    """As `list_rows`, sorted by end with open segments last, which has an index: for a period of all projects.

    Return also where to continue; None if there are no more.
    """
    has_end = after is None or after[0] is not None
    conditions: list[Condition] = [_s.end_at > (usage_filter.since or 0) if has_end else _s.end_at.is_(None)]
    if after is not None:
        conditions.append(build_after_key_condition(db, (_s.end_at, _s.id), after) if has_end else _s.id > after[1])
    query = _select(replace(usage_filter, since=None), *conditions).add_columns(_s.id)
    rows = db.execute(query.order_by(_s.end_at, _s.id).limit(limit)).all()
    open_segments: EndKey | None = (None, -1) if has_end else None
    following = (rows[-1][6], rows[-1][-1]) if len(rows) == limit else open_segments
    return add_names(db, [row[:-1] for row in rows], usage_filter.as_of), following


def iterate_segments(db: Connection, usage_filter: UsageFilter) -> Iterator[Segment]:
    """Yield segments sorted by resource and start; the connection may be used for other queries meanwhile."""
    after: SegmentKey | None = None
    while True:
        rows = list_rows(db, usage_filter, _READ_AT_ONCE, after)
        yield from map(decode_row, rows)
        if len(rows) < _READ_AT_ONCE:
            return
        after = get_sort_key(rows[-1])


def iterate_of_resources(db: Connection, resource_ids: Sequence[int], usage_filter: UsageFilter) -> Iterator[Segment]:
    """Yield the segments of resources, by their ids in the ledger, in any order."""
    conditions = (*build_filter_conditions(usage_filter), *build_validity_conditions(usage_filter.as_of))
    for ids in bulk_queries.split_into_chunks(resource_ids, _RESOURCES_AT_ONCE):
        rows = list(bulk_queries.select_by_key(db, COLUMNS, _s.resource, ids, *conditions))
        yield from map(decode_row, add_names(db, rows, usage_filter.as_of))


def count(db: Connection, resource_types: Collection[str]) -> tuple[int, int]:
    """Return the number of current segments of these types, and how many of them are open."""
    current = (_s.superseded.is_(None), _s.resource_type.in_(resource_types))
    total, open_ = db.execute(
        select(func.count(), func.count(_s.is_open)).select_from(segment_table).where(*current)
    ).one()
    return total, open_


def get_sort_key(row: SegmentRow) -> SegmentKey:
    """Return the sort key of a row."""
    return row.resource_type, row.resource_id, row.cloud, row.start


def decode_row(row: SegmentRow) -> Segment:
    """Return the segment of a row."""
    return Segment(
        row.cloud,
        row.resource_type,
        row.resource_id,
        row.project_id,
        row.start,
        row.end,
        row.state,
        msgspec.json.decode(row.attributes),
        row.name,
    )


def add_names(db: Connection, rows: Sequence[Any], as_of: int | None) -> list[SegmentRow]:
    """Return rows of `COLUMNS` with the names of their resources."""
    names = name_history.list_names(db, {row[2] for row in rows}, as_of)
    return [
        SegmentRow(resource_type, resource_id, names[row_id], *others)
        for resource_type, resource_id, row_id, *others in rows
    ]


def _list_by_resource(
    db: Connection, usage_filter: UsageFilter, limit: int, after: SegmentKey | None
) -> list[SegmentRow]:
    """List by the index of resources, which has the order of the list."""
    segments: list[SegmentRow] = []
    last: Sequence[object] | None = None if after is None else after[:3]
    is_first = True
    while len(segments) < limit:
        query = select(_r.id, *_RESOURCE_ORDER, name_history.build_name_expression(usage_filter.as_of))
        query = query.where(*_resource_conditions(usage_filter))
        if last is not None:
            query = query.where(build_after_key_condition(db, _RESOURCE_ORDER, last, inclusive=is_first))
        resources = db.execute(query.order_by(*_RESOURCE_ORDER).limit(_RESOURCES_AT_ONCE)).all()
        if not resources:
            break
        segments += _iterate_of_resources(db, usage_filter, resources, after if is_first else None)
        last, is_first = resources[-1][1:4], False
    return segments[:limit]


def _iterate_of_resources(
    db: Connection, usage_filter: UsageFilter, resources: Sequence[Any], after: SegmentKey | None
) -> Iterator[SegmentRow]:
    """Yield the segments of resources (id, type, resource id, cloud, name) that follow `after`, in their order."""
    by_resource: dict[int, list[Any]] = defaultdict(list)
    conditions = [*_period_conditions(usage_filter), *build_validity_conditions(usage_filter.as_of)]
    for row in bulk_queries.select_by_key(db, COLUMNS, _s.resource, [row[0] for row in resources], *conditions):
        by_resource[row[2]].append(row)
    for row_id, *key, name in resources:
        for row in sorted(by_resource.get(row_id, ()), key=itemgetter(5)):
            if after is None or tuple(key) != after[:3] or row[5] > after[3]:
                resource_type, resource_id, _, *others = row
                yield SegmentRow(resource_type, resource_id, name, *others)


def build_filter_conditions(usage_filter: UsageFilter) -> list[Condition]:
    """Return the conditions of a filter, without `as_of`. A resource id is looked up among resources, by index."""
    columns = (
        (_s.cloud, usage_filter.cloud),
        (_s.resource_type, usage_filter.resource_type),
        (_s.project_id, usage_filter.project_id),
    )
    conditions = [column == value for column, value in columns if value is not None]
    if usage_filter.resource_id is not None:
        conditions.append(_s.resource.in_(select(_r.id).where(_r.resource_id == usage_filter.resource_id)))
    if usage_filter.tag is not None:
        is_tagged = build_tag_condition(*usage_filter.tag, usage_filter.as_of)
        conditions.append(select(_r.id).where(_r.id == _s.resource, is_tagged).exists())
    return [*conditions, *_period_conditions(usage_filter)]


def _select(usage_filter: UsageFilter, *conditions: Condition) -> Select[Any]:
    return select(*COLUMNS).where(
        *build_filter_conditions(usage_filter), *build_validity_conditions(usage_filter.as_of), *conditions
    )


def _resource_conditions(usage_filter: UsageFilter) -> list[Condition]:
    columns = ((_r.cloud, usage_filter.cloud), (_r.resource_type, usage_filter.resource_type))
    conditions: list[Condition] = [column == value for column, value in columns if value is not None]
    if usage_filter.tag is not None:
        conditions.append(build_tag_condition(*usage_filter.tag, usage_filter.as_of))
    return conditions


def _period_conditions(usage_filter: UsageFilter) -> list[Condition]:
    conditions: list[Condition] = []
    if usage_filter.since is not None:
        conditions.append(or_(_s.end_at.is_(None), _s.end_at > usage_filter.since))
    if usage_filter.until is not None:
        conditions.append(_s.start_at < usage_filter.until)
    return conditions


def build_validity_conditions(as_of: int | None) -> list[Condition]:
    """Return the conditions for segments that are valid now, or were at the position `as_of`."""
    if as_of is None:
        return [_s.superseded.is_(None)]
    return [_s.recorded <= as_of, or_(_s.superseded.is_(None), _s.superseded > as_of)]


def build_tag_condition(key: str, value: str, as_of: int | None) -> Condition:
    """Return the condition that a resource has a tag at `as_of`.

    Tags are a JSON object without spaces. A quote that is not escaped begins or ends a string, so `,"key":"value"`
    can't occur within another string. `replace` is the case-sensitive text search that all databases have.
    """
    pair = f"{msgspec.json.encode(key).decode()}:{msgspec.json.encode(value).decode()}"
    tags = type_coerce(name_history.build_tags_expression(as_of), Text)
    return or_(*(func.replace(tags, f"{before}{pair}", "") != tags for before in "{,"))


def build_after_key_condition(
    db: Connection, columns: Sequence[AnyColumn], values: Sequence[object], *, inclusive: bool = False
) -> Condition:
    """Return the condition that a row follows the key `values`, in the form for which the database uses its index."""
    if db.dialect.name not in ("mysql", "mariadb"):
        left, right = tuple_(*columns), tuple_(*[literal(value) for value in values])
        condition: Condition = left >= right if inclusive else left > right
        return condition
    choices = [and_(*[columns[j] == values[j] for j in range(i)], columns[i] > values[i]) for i in range(len(columns))]
    if inclusive:
        choices.append(and_(*[column == value for column, value in zip(columns, values, strict=True)]))
    return or_(*choices)
