"""Changes of the ledger by position."""

from collections.abc import Sequence
from operator import itemgetter

from sqlalchemy import literal, select

from stratiform.kit.database import Connection
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.segment_changes import RECORDED, SUPERSEDED, ChangeKey, SegmentChange
from stratiform.services.ledger.repository.column_types import AnyRow
from stratiform.services.ledger.repository.segment_queries import (
    COLUMNS,
    add_names,
    build_after_key_condition,
    build_filter_conditions,
)
from stratiform.services.ledger.tables import segment_table

_s = segment_table.c

#: Bounds of segment ids: at one position, all changes of the earlier kind are before those of the later kind.
_ALL, _NONE = 2**62, -1


def list_after(
    db: Connection, usage_filter: UsageFilter, after: ChangeKey, until: int, limit: int
) -> list[SegmentChange]:
    """Return the first `limit` changes after `after`, up to the position `until`."""
    rows = [
        row for kind in (SUPERSEDED, RECORDED) for row in _list_of_kind(db, usage_filter, kind, after, until, limit)
    ]
    rows.sort(key=itemgetter(0, 1, 2))
    segments = add_names(db, [row[3:] for row in rows[:limit]], usage_filter.as_of)
    keys = [(position, kind, segment_id) for position, kind, segment_id, *_ in rows]
    return [SegmentChange(*key, segment) for key, segment in zip(keys, segments, strict=False)]


def _list_of_kind(
    db: Connection, usage_filter: UsageFilter, kind: int, after: ChangeKey, until: int, limit: int
) -> Sequence[AnyRow]:
    column = _s.superseded if kind == SUPERSEDED else _s.recorded
    position, last_kind, last_id = after
    floor = (position, last_id) if kind == last_kind else (position, _ALL if kind < last_kind else _NONE)
    is_later = (column <= until, build_after_key_condition(db, (column, _s.id), floor))
    query = select(column, literal(kind), _s.id, *COLUMNS).where(*build_filter_conditions(usage_filter), *is_later)
    return db.execute(query.order_by(column, _s.id).limit(limit)).all()
