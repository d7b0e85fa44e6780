"""What changed in the ledger, in the order in which it did."""

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import literal, select

from stratiform.kit.db import Connection
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.changes import RECORDED, SUPERSEDED, Change, Reached
from stratiform.services.ledger.repository.segments import COLUMNS, asked, beyond, named
from stratiform.services.ledger.tables import segment_table

_s = segment_table.c

#: Of what comes earlier at the same position all has been told; of what comes later, nothing.
_ALL, _NONE = 2**62, -1


def after(db: Connection, wanted: UsageFilter, reached: Reached, until: int, limit: int) -> list[Change]:
    """The first `limit` changes after `reached`, up to the position `until`: at each position what holds no longer
    comes before what holds instead."""
    found = [*_some(db, wanted, SUPERSEDED, reached, until, limit), *_some(db, wanted, RECORDED, reached, until, limit)]
    found.sort(key=itemgetter(0, 1, 2))
    rows = named(db, [row[3:] for row in found[:limit]], wanted.as_of)
    places = [(position, kind, number) for position, kind, number, *_ in found]
    return [Change(*place, row) for place, row in zip(places, rows, strict=False)]


def _some(db: Connection, wanted: UsageFilter, kind: int, reached: Reached, until: int, limit: int) -> Sequence[Any]:
    column = _s.superseded if kind == SUPERSEDED else _s.recorded
    position, last_kind, last_number = reached
    floor = (position, last_number) if kind == last_kind else (position, _ALL if kind < last_kind else _NONE)
    later = (column <= until, beyond(db, (column, _s.id), floor))
    query = select(column, literal(kind), _s.id, *COLUMNS).where(*asked(wanted), *later)
    return db.execute(query.order_by(column, _s.id).limit(limit)).all()
