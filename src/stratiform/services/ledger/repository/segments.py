"""Lists of segments: what is known now, or what was known at an earlier position of the ledger."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select, Text, and_, func, literal, or_, select, tuple_, type_coerce

from stratiform.kit import bulk
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.ledger.model import Segment, SegmentRow, UsageFilter
from stratiform.services.ledger.model.segments import SegmentKey
from stratiform.services.ledger.repository import name_history
from stratiform.services.ledger.tables import resource_table, segment_table

_s, _r = segment_table.c, resource_table.c

#: How many segments a reader holds at once.
_AT_ONCE = 5000

#: A longer piece PostgreSQL would rather sort, which with rows of this width it does on disk.
_PIECE = 2500

_RESOURCES_AT_ONCE = 1000

_ORDER = (_s.resource_type, _s.resource_id, _s.cloud, _s.start_at)
_RESOURCES = (_r.resource_type, _r.resource_id, _r.cloud)

#: A SegmentRow, but with its resource's number for a name; attributes stay the text that they are stored as.
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

#: Where a walk by time has come to: the end (None: open) and the id of its last segment.
Reached = tuple[Micros | None, int]


def rows(db: Connection, wanted: UsageFilter, limit: int, after: SegmentKey | None = None) -> list[SegmentRow]:
    """The first `limit` segments after `after`, ordered by resource and start."""
    if wanted.project_id is None and wanted.resource_id is None and wanted.since is None:
        return _by_resource(db, wanted, limit, after)
    piece = limit if wanted.project_id is None else _PIECE
    found: list[Any] = []
    while len(found) < limit:
        size = min(piece, limit - len(found))
        later = [] if after is None else [beyond(db, _ORDER, after)]
        some = db.execute(_chosen(wanted, *later).order_by(*_ORDER).limit(size)).all()
        found += some
        if len(some) < size:
            break
        kind, resource_id, _, _, cloud, start, *_ = some[-1]
        after = (kind, resource_id, cloud, start)
    return named(db, found, wanted.as_of)


def rows_by_end(
    db: Connection, wanted: UsageFilter, limit: int, after: Reached | None = None
) -> tuple[list[SegmentRow], Reached | None]:
    """As `rows`, in the order of their ends, open ones last, by the index of that: for a period of all projects.
    With them, where to go on; None at the end."""
    ended = after is None or after[0] is not None
    where: list[ColumnElement[bool]] = [_s.end_at > (wanted.since or 0) if ended else _s.end_at.is_(None)]
    if after is not None:
        where.append(beyond(db, (_s.end_at, _s.id), after) if ended else _s.id > after[1])
    query = _chosen(replace(wanted, since=None), *where).add_columns(_s.id)
    found = db.execute(query.order_by(_s.end_at, _s.id).limit(limit)).all()
    rest: Reached | None = (None, -1) if ended else None
    reached = (found[-1][6], found[-1][-1]) if len(found) == limit else rest
    return named(db, [row[:-1] for row in found], wanted.as_of), reached


def all_of(db: Connection, wanted: UsageFilter) -> Iterator[Segment]:
    """All of them in order, read in pieces; the connection is free for other queries in between."""
    after: SegmentKey | None = None
    while True:
        found = rows(db, wanted, _AT_ONCE, after)
        yield from map(segment_of, found)
        if len(found) < _AT_ONCE:
            return
        after = place(found[-1])


def place(row: SegmentRow) -> SegmentKey:
    """Where a list goes on after `row`."""
    return row.resource_type, row.resource_id, row.cloud, row.start


def segment_of(row: SegmentRow) -> Segment:
    attributes = msgspec.json.decode(row.attributes)
    kind, resource_id, name, project_id, cloud, start, end, state, _ = row
    return Segment(cloud, kind, resource_id, project_id, start, end, state, attributes, name)


def named(db: Connection, found: Sequence[Any], as_of: int | None) -> list[SegmentRow]:
    """`found`, which are COLUMNS, with the names of their resources."""
    names = name_history.names(db, {row[2] for row in found}, as_of)
    return [
        SegmentRow(kind, resource_id, names[number], project_id, cloud, start, end, state, attributes)
        for kind, resource_id, number, project_id, cloud, start, end, state, attributes in found
    ]


def _by_resource(db: Connection, wanted: UsageFilter, limit: int, after: SegmentKey | None) -> list[SegmentRow]:
    """In the order of the resources' index, which is that of the list."""
    found: list[SegmentRow] = []
    reached: Sequence[Any] | None = None if after is None else after[:3]
    first = True
    while len(found) < limit:
        query = select(_r.id, *_RESOURCES, name_history.name(wanted.as_of)).where(*_of_resources(wanted))
        if reached is not None:
            query = query.where(beyond(db, _RESOURCES, reached, itself=first))
        some = db.execute(query.order_by(*_RESOURCES).limit(_RESOURCES_AT_ONCE)).all()
        if not some:
            break
        found += _segments_of(db, wanted, some, after if first else None)
        reached, first = some[-1][1:4], False
    return found[:limit]


def _segments_of(
    db: Connection, wanted: UsageFilter, of: Sequence[Any], after: SegmentKey | None
) -> Iterator[SegmentRow]:
    """Those of the resources `of` (number, type, id, cloud, name), in their order; of the one of `after` the later."""
    held: dict[int, list[Any]] = defaultdict(list)
    for row in bulk.select_by(
        db, COLUMNS, _s.resource, [row[0] for row in of], *_in_time(wanted), *known(wanted.as_of)
    ):
        held[row[2]].append(row)
    for number, *key, name in of:
        for row in sorted(held.get(number, ()), key=itemgetter(5)):
            if after is None or tuple(key) != after[:3] or row[5] > after[3]:
                kind, resource_id, _, *others = row
                yield SegmentRow(kind, resource_id, name, *others)


def asked(wanted: UsageFilter) -> list[ColumnElement[bool]]:
    """The segments that `wanted` asks for, whenever they were known. A single resource is found among the resources,
    which have an index."""
    given = ((_s.cloud, wanted.cloud), (_s.resource_type, wanted.resource_type), (_s.project_id, wanted.project_id))
    mine = [column == value for column, value in given if value is not None]
    if wanted.resource_id is not None:
        mine.append(_s.resource.in_(select(_r.id).where(_r.resource_id == wanted.resource_id)))
    if wanted.tag is not None:
        mine.append(select(_r.id).where(_r.id == _s.resource, tagged(*wanted.tag, wanted.as_of)).exists())
    return [*mine, *_in_time(wanted)]


def _chosen(wanted: UsageFilter, *where: ColumnElement[bool]) -> Select[Any]:
    return select(*COLUMNS).where(*asked(wanted), *known(wanted.as_of), *where)


def _of_resources(wanted: UsageFilter) -> list[ColumnElement[bool]]:
    given = ((_r.cloud, wanted.cloud), (_r.resource_type, wanted.resource_type))
    found = [column == value for column, value in given if value is not None]
    return found if wanted.tag is None else [*found, tagged(*wanted.tag, wanted.as_of)]


def _in_time(wanted: UsageFilter) -> list[ColumnElement[bool]]:
    """The time that is asked for."""
    found: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        found.append(or_(_s.end_at.is_(None), _s.end_at > wanted.since))
    if wanted.until is not None:
        found.append(_s.start_at < wanted.until)
    return found


def known(as_of: int | None) -> list[ColumnElement[bool]]:
    """What is known now, or was at the position `as_of`."""
    if as_of is None:
        return [_s.superseded.is_(None)]
    return [_s.recorded <= as_of, or_(_s.superseded.is_(None), _s.superseded > as_of)]


def tagged(key: str, value: str, as_of: int | None) -> ColumnElement[bool]:
    """Whether the resource had this label at `as_of`. Labels are one JSON object without spaces, in which a quote that
    isn't escaped begins or ends a text: so `,"key":"value"` stands there only as what it is. Of what finds a text in
    another, `replace` is what all databases have, and letter by letter."""
    told = f"{msgspec.json.encode(key).decode()}:{msgspec.json.encode(value).decode()}"
    tags = type_coerce(name_history.tags(as_of), Text)
    return or_(*(func.replace(tags, f"{before}{told}", "") != tags for before in "{,"))


def beyond(
    db: Connection, columns: Sequence[ColumnElement[Any]], values: Sequence[Any], *, itself: bool = False
) -> ColumnElement[bool]:
    """Whatever comes after `values`, or is there, in the order of `columns`: in the form that the database finds by
    index."""
    if db.dialect.name not in ("mysql", "mariadb"):
        mine, theirs = tuple_(*columns), tuple_(*[literal(value) for value in values])
        found: ColumnElement[bool] = mine >= theirs if itself else mine > theirs
        return found
    choices = [and_(*[columns[j] == values[j] for j in range(i)], columns[i] > values[i]) for i in range(len(columns))]
    if itself:
        choices.append(and_(*[column == value for column, value in zip(columns, values, strict=True)]))
    return or_(*choices)
