"""Names and tags of resources at earlier positions. Most resources never change them, and have no rows here."""

from collections.abc import Iterable, Mapping

import msgspec
from sqlalchemy import ColumnElement, any_, cast, func, literal, select
from sqlalchemy.dialects import postgresql

from stratiform.kit import bulk_queries
from stratiform.kit.database import Connection, Json
from stratiform.services.ledger.model import FoldProgress
from stratiform.services.ledger.repository.column_types import AnyColumn
from stratiform.services.ledger.tables import name_history_table, resource_table

_h, _r = name_history_table.c, resource_table.c

_COLUMNS = ("resource", "until", "name", "tags")


def add(db: Connection, position: int, before: Mapping[int, FoldProgress]) -> None:
    """Store the names and tags that resources had before `position`, by resource id."""
    rows = [
        (resource_id, position, progress.name, msgspec.json.encode(progress.tags).decode())
        for resource_id, progress in before.items()
    ]
    bulk_queries.insert(db, name_history_table, _COLUMNS, rows)


def simplify_position(db: Connection, as_of: int | None) -> int | None:
    """Return None if all names and tags at `as_of` are the current ones, which are cheaper to read; else `as_of`."""
    if as_of is None or db.execute(select(literal(1)).where(_h.until > as_of).limit(1)).first() is None:
        return None
    return as_of


def build_name_expression(as_of: int | None) -> ColumnElement[str]:
    """Return an expression for the name of the resource of a row at the position `as_of`; None is now."""
    return _r.name if as_of is None else func.coalesce(_earlier(_h.name, as_of), _r.name)


def build_tags_expression(as_of: int | None) -> AnyColumn:
    """Return an expression for the tags of the resource of a row at the position `as_of`; None is now."""
    return _r.tags if as_of is None else func.coalesce(_earlier(_h.tags, as_of), _r.tags, type_=Json())


def list_names(db: Connection, resource_ids: Iterable[int], as_of: int | None) -> dict[int, str]:
    """Return the names of resources at `as_of`."""
    ids = sorted(resource_ids)
    if db.dialect.name != "postgresql":
        names = dict(bulk_queries.select_by_key(db, (_r.id, _r.name), _r.id, ids))
    else:
        array = cast(ids, postgresql.ARRAY(_r.id.type))
        names = dict(db.execute(select(_r.id, _r.name).where(_r.id == any_(array))).all())
    if simplify_position(db, as_of) is not None:
        earlier = bulk_queries.select_by_key(db, (_h.resource, _h.until, _h.name), _h.resource, ids, _h.until > as_of)
        names |= {resource_id: name for resource_id, _, name in sorted(earlier, key=lambda row: -row[1])}
    return names


def _earlier(column: AnyColumn, as_of: int) -> AnyColumn:
    query = select(column).where(_h.resource == _r.id, _h.until > as_of).order_by(_h.until).limit(1)
    return query.scalar_subquery().correlate(resource_table)
