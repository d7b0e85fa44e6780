"""Pages of lists with Cinder's filters, sort keys and offset."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from sqlalchemy import ColumnElement

from stratiform.kit.database import Connection, RowDataclass, TableGateway
from stratiform.kit.keyset_pagination import list_sorted_page
from stratiform.kit.pagination import Page, Slice
from stratiform.services.volume.errors import InvalidInput
from stratiform.services.volume.model import Sort

T = TypeVar("T", bound=RowDataclass)

NEWEST_FIRST = (Sort("created_at", descending=True),)

#: Rows that are read at once if a filter cannot be part of the query.
_BLOCK_SIZE = 1000


def list_filtered_page(
    rows: TableGateway[T],
    db: Connection,
    where: Sequence[ColumnElement[bool]],
    page: Page,
    sort: Sequence[Sort],
    columns: Mapping[str, ColumnElement[object]],
    offset: int = 0,
    matches: Callable[[T], bool] | None = None,
) -> Slice[T]:
    """Return one page of the rows that fulfil `where` and `matches`, without the first `offset` ones.

    Metadata is one JSON document per row, so a filter of it is applied after reading, block by block.

    Raises: Invalid for an unknown marker or sort key.
    """
    order = _order(sort, columns)
    if matches is None:
        with_offset = list_sorted_page(rows, db, Page(page.limit + offset, page.marker), order, *where)
        return Slice(with_offset.items[offset:], with_offset.more)
    matching: list[T] = []
    block = Page(_BLOCK_SIZE, page.marker)
    while True:
        read = list_sorted_page(rows, db, block, order, *where)
        matching += filter(matches, read.items)
        if not read.more or len(matching) > offset + page.limit:
            break
        block = Page(_BLOCK_SIZE, str(getattr(read.items[-1], rows.key.name)))
    end = offset + page.limit
    return Slice(matching[offset:end], len(matching) > end)


def _order(
    sort: Sequence[Sort], columns: Mapping[str, ColumnElement[object]]
) -> list[tuple[ColumnElement[object], bool]]:
    for item in sort:
        if item.key not in columns:
            raise InvalidInput(f"Sort key '{item.key}' is not valid.")
    return [(columns[item.key], item.descending) for item in sort or NEWEST_FIRST]
