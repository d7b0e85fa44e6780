"""Queries on the records of any table."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from sqlalchemy import ColumnElement

from stratiform.kit.database import Connection, IntegrityError, RowDataclass, TableGateway
from stratiform.kit.pagination import Slice, paginate_list
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import ListQuery

T = TypeVar("T", bound=RowDataclass)


def insert_unique(db: Connection, rows: TableGateway[T], record: T, conflict: NameConflict) -> T:
    """Insert a record, or raise `conflict` if it violates a unique constraint."""
    try:
        return rows.insert(db, record)
    except IntegrityError as error:
        raise conflict from error


def save_unique(db: Connection, rows: TableGateway[T], record: T, conflict: NameConflict) -> T:
    """Update a record, or raise `conflict` if it violates a unique constraint."""
    try:
        return rows.save(db, record)
    except IntegrityError as error:
        raise conflict from error


def list_records(db: Connection, rows: TableGateway[T], query: ListQuery, *where: ColumnElement[bool]) -> Slice[T]:
    """Return the records that match `query` and `where`, ordered by key."""
    conditions = [*_conditions(rows, query), *where]
    if query.page is None:
        return Slice(rows.list_all(db, *conditions), more=False)
    return rows.list_page(db, query.page, *conditions)


def list_matching(db: Connection, rows: TableGateway[T], query: ListQuery, matches: Callable[[T], bool]) -> Slice[T]:
    """Return the records that match `query` and the predicate `matches`, ordered by key."""
    records = [record for record in rows.list_all(db, *_conditions(rows, query)) if matches(record)]
    if query.page is None:
        return Slice(records, more=False)
    return paginate_list(records, query.page, key=lambda record: str(getattr(record, rows.key.name)))


def _conditions(rows: TableGateway[Any], query: ListQuery) -> list[ColumnElement[bool]]:
    columns = rows.table.c
    conditions: list[ColumnElement[bool]] = [columns[name] == value for name, value in query.filters.items()]
    for operator, text in query.name_matches:
        conditions.append(getattr(columns.name, operator)(text, autoescape=True))
    return conditions


def find_by_ids(db: Connection, rows: TableGateway[T], ids: Iterable[str]) -> list[T]:
    """Return the existing records among `ids`, ordered by key."""
    return rows.list_all(db, rows.key.in_(sorted(set(ids))))


def find_by_name(db: Connection, rows: TableGateway[T], name: str, domain_id: str) -> T | None:
    columns = rows.table.c
    return rows.find_first(db, columns.name == name, columns.domain_id == domain_id)
