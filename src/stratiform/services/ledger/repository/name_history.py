"""What resources were called, and labelled, at an earlier position of the ledger. Mostly nothing was called otherwise,
and then these rows are none."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, any_, cast, func, literal, select
from sqlalchemy.dialects import postgresql

from stratiform.kit import bulk
from stratiform.kit.db import Connection, Json
from stratiform.services.ledger.model import Progress
from stratiform.services.ledger.tables import name_history_table, resource_table

_c, _r = name_history_table.c, resource_table.c

_COLUMNS = ("resource", "until", "name", "tags")


def keep(db: Connection, position: int, before: Mapping[int, Progress]) -> None:
    """What the resources with these numbers were called before `position`."""
    rows = [(number, position, was.name, msgspec.json.encode(was.tags).decode()) for number, was in before.items()]
    bulk.insert(db, name_history_table, _COLUMNS, rows)


def needed(db: Connection, as_of: int | None) -> int | None:
    """`as_of`, or None where everything was called then as it is now: what is asked for many rows is cheaper so."""
    if as_of is None or db.execute(select(literal(1)).where(_c.until > as_of).limit(1)).first() is None:
        return None
    return as_of


def name(as_of: int | None) -> ColumnElement[str]:
    """The name of the resource of a row at the position `as_of`; None is now."""
    return _r.name if as_of is None else func.coalesce(_then(_c.name, as_of), _r.name)


def tags(as_of: int | None) -> ColumnElement[Any]:
    """The labels of the resource of a row at the position `as_of`; None is now."""
    return _r.tags if as_of is None else func.coalesce(_then(_c.tags, as_of), _r.tags, type_=Json())


def names(db: Connection, ids: Iterable[int], as_of: int | None) -> dict[int, str]:
    """What these numbers' resources were called at `as_of`."""
    wanted = sorted(ids)
    if db.dialect.name != "postgresql":
        found = dict(bulk.select_by(db, (_r.id, _r.name), _r.id, wanted))
    else:
        listed = cast(wanted, postgresql.ARRAY(_r.id.type))
        found = dict(db.execute(select(_r.id, _r.name).where(_r.id == any_(listed))).all())
    if needed(db, as_of) is not None:
        earlier = bulk.select_by(db, (_c.resource, _c.until, _c.name), _c.resource, wanted, _c.until > as_of)
        found |= {number: called for number, _, called in sorted(earlier, key=lambda row: -row[1])}
    return found


def _then(column: ColumnElement[Any], as_of: int) -> ColumnElement[Any]:
    mine = select(column).where(_c.resource == _r.id, _c.until > as_of).order_by(_c.until).limit(1)
    return mine.scalar_subquery().correlate(resource_table)
