"""Keyset pagination: the page after a marker starts after its sort values, so that late pages cost no more."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select

from stratiform.kit.database import Connection, RowDataclass, TableGateway
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, Slice, build_slice
from stratiform.kit.shared_records import SharedRecords

T = TypeVar("T", bound=RowDataclass)

#: A column without NULLs, and True for descending order.
Sort = tuple[ColumnElement[object], bool]


def list_sorted_page(
    rows: TableGateway[T] | SharedRecords[T],
    db: Connection,
    page: Page,
    sort: Sequence[Sort],
    *where: ColumnElement[bool],
) -> Slice[T]:
    """Return one page in the order of `sort`, then of the key. Raises: Invalid if the marker does not exist."""
    order = [*sort, (rows.key, False)]
    conditions = list(where)
    if page.marker is not None:
        conditions.append(_after(rows.key, db, page.marker, order))
    order_by = [column.desc() if descending else column.asc() for column, descending in order]
    return build_slice(rows.list_all(db, *conditions, order=order_by, limit=page.limit + 1), page)


def _after(key: ColumnElement[Any], db: Connection, marker: str, order: Sequence[Sort]) -> ColumnElement[bool]:
    values = db.execute(select(*[column for column, _ in order]).where(key == marker)).first()
    if values is None:
        raise Invalid(f"marker [{marker}] not found")
    alternatives: list[ColumnElement[bool]] = []
    for i, (column, descending) in enumerate(order):
        equal = [order[j][0] == values[j] for j in range(i)]
        alternatives.append(and_(*equal, column < values[i] if descending else column > values[i]))
    return or_(*alternatives)
