"""Paging in any order: the page after a marker is found by its sort values, so a late page costs no more."""

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement, and_, or_, select

from stratiform.kit.db import Connection, Record, Rows
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Page, Slice, page_of

T = TypeVar("T", bound=Record)

#: A column without nulls, and whether it runs downwards.
Sort = tuple[ColumnElement[object], bool]


def sorted_page(
    rows: Rows[T], db: Connection, page: Page, sort: Sequence[Sort], *where: ColumnElement[bool]
) -> Slice[T]:
    """One page in the order of `sort`, ties by key. Raises Invalid where the marker is unknown."""
    order = [*sort, (rows.key, False)]
    conditions = list(where)
    if page.marker is not None:
        conditions.append(_after(rows, db, page.marker, order))
    directed = [column.desc() if down else column.asc() for column, down in order]
    return page_of(rows.all(db, *conditions, order=directed, limit=page.limit + 1), page)


def _after(rows: Rows[T], db: Connection, marker: str, order: Sequence[Sort]) -> ColumnElement[bool]:
    at = db.execute(select(*[column for column, _ in order]).where(rows.key == marker)).first()
    if at is None:
        raise Invalid(f"marker [{marker}] not found")
    choices: list[ColumnElement[bool]] = []
    for i, (column, down) in enumerate(order):
        same = [order[j][0] == at[j] for j in range(i)]
        choices.append(and_(*same, column < at[i] if down else column > at[i]))
    return or_(*choices)
