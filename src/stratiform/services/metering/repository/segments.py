"""Segments: what is known now, what was known at an earlier position, and the change from one to the other."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, insert, or_, select, update

from stratiform.kit.db import Connection, upsert
from stratiform.services.metering.model import Filter, Resource, Segment, Stretch
from stratiform.services.metering.model.ledger import Place
from stratiform.services.metering.repository.statements import beyond, chunks, of_resources
from stratiform.services.metering.tables import position_table, resource_table, segment_table

_s, _r = segment_table.c, resource_table.c

#: How many segments a reader holds at once.
_AT_ONCE = 5000

_ORDER = (_s.resource_type, _s.resource_id, _s.cloud, _s.start_at)

_FROM = segment_table.join(
    resource_table,
    (_r.cloud == _s.cloud) & (_r.resource_type == _s.resource_type) & (_r.resource_id == _s.resource_id),
)

_COLUMNS = (
    _s.cloud,
    _s.resource_type,
    _s.resource_id,
    _s.project_id,
    _s.start_at,
    _s.end_at,
    _s.state,
    _s.attributes,
    _r.name,
)


def page(db: Connection, wanted: Filter, limit: int, after: Place | None = None) -> list[Segment]:
    """The first `limit` segments after `after`, ordered by resource and start."""
    conditions = _conditions(wanted)
    if after is not None:
        conditions.append(beyond(db, _ORDER, after))
    query = select(*_COLUMNS).select_from(_FROM).where(*conditions).order_by(*_ORDER).limit(limit)
    return [Segment(*row) for row in db.execute(query)]


def all_of(db: Connection, wanted: Filter) -> Iterator[Segment]:
    """All of them in order, read in pieces; the connection is free for other queries in between."""
    after: Place | None = None
    while True:
        found = page(db, wanted, _AT_ONCE, after)
        yield from found
        if len(found) < _AT_ONCE:
            return
        last = found[-1]
        after = (last.resource_type, last.resource_id, last.cloud, last.start)


def current(db: Connection, cloud: str, resource_type: str, ids: Sequence[str]) -> dict[str, dict[int, Stretch]]:
    """What is known now of these resources: by resource id, by the row's id."""
    columns = (_s.resource_id, _s.id, _s.start_at, _s.end_at, _s.project_id, _s.state, _s.attributes, _s.superseded)
    query = of_resources(db, segment_table, cloud, resource_type, ids, columns)
    found: dict[str, dict[int, Stretch]] = defaultdict(dict)
    for resource_id, row, *stretch, superseded in db.execute(query):
        if superseded is None:
            found[resource_id][row] = Stretch(*stretch)
    return found


def change(db: Connection, gone: list[int], new: list[tuple[Resource, Stretch]]) -> None:
    """Put `new` in the place of the rows `gone`, which stay as what was known before. Moves the position."""
    if not gone and not new:
        return
    position = _move(db)
    for some in chunks(gone):
        db.execute(update(segment_table).where(_s.id.in_(some)).values(superseded=position, is_open=None))
    if new:
        db.execute(insert(segment_table), [_row(resource, stretch, position) for resource, stretch in new])


def position(db: Connection) -> int:
    """How often the ledger's segments were changed: what `as_of` is compared with. All changes up to it are visible."""
    return db.execute(select(position_table.c.position)).scalar() or 0


def _move(db: Connection) -> int:
    """Taken until the end of the transaction, so positions become visible in their order."""
    at = position_table.c.position
    upsert(db, position_table, {"id": 1, "position": 1}, key=("id",), change={"position": at + 1})
    return position(db)


def _row(resource: Resource, stretch: Stretch, recorded: int) -> dict[str, Any]:
    return {
        **resource._asdict(),
        "project_id": stretch.project_id,
        "start_at": stretch.start,
        "end_at": stretch.end,
        "state": stretch.state,
        "attributes": stretch.attributes,
        "recorded": recorded,
        "superseded": None,
        "is_open": 1 if stretch.end is None else None,
    }


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    given = (
        (_s.cloud, wanted.cloud),
        (_s.resource_type, wanted.resource_type),
        (_s.resource_id, wanted.resource_id),
        (_s.project_id, wanted.project_id),
    )
    conditions: list[ColumnElement[bool]] = [column == value for column, value in given if value is not None]
    if wanted.since is not None:
        conditions.append(or_(_s.end_at.is_(None), _s.end_at > wanted.since))
    if wanted.until is not None:
        conditions.append(_s.start_at < wanted.until)
    if wanted.as_of is None:
        conditions.append(_s.superseded.is_(None))
    else:
        conditions.append(_s.recorded <= wanted.as_of)
        conditions.append(or_(_s.superseded.is_(None), _s.superseded > wanted.as_of))
    return conditions
