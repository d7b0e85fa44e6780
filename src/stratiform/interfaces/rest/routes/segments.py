"""`/usage/segments`: usage by resource and time."""

import json
from collections.abc import Mapping

from litestar.response import Stream
from msgspec.structs import replace

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import JSON
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import usage as schemas
from stratiform.interfaces.rest.table_formats import (
    TABLE_CONTENT,
    Columns,
    ColumnType,
    Rows,
    TableFormat,
    choose_format,
    reject_paging_parameters,
    stream_table,
)
from stratiform.interfaces.rest.usage_filters import UsageSelection, select_usage
from stratiform.interfaces.rest.views import usage as views
from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.errors import NotFound
from stratiform.kit.pagination import Page
from stratiform.services.ledger import policy
from stratiform.services.ledger.model import SegmentRow, encode_segment_cursor
from stratiform.services.ledger.service.segments import Cursor

#: Larger than elsewhere, because a project's segments are often read completely.
MAX_LIMIT = 10_000

#: Rows of a table that are read in one transaction, and sent at once.
_BATCH_ROWS = 10_000

_COLUMNS: Columns = {
    "resource_type": ColumnType.TEXT,
    "resource_id": ColumnType.TEXT,
    "name": ColumnType.TEXT,
    "project_id": ColumnType.TEXT,
    "cloud": ColumnType.TEXT,
    "start": ColumnType.TIMESTAMP,
    "end": ColumnType.TIMESTAMP,
    "state": ColumnType.TEXT,
    "attributes": ColumnType.TEXT,
}
_NAMES: Columns = {"names": ColumnType.TEXT}


@api.get(
    "/usage/segments",
    policy.SEGMENTS_LIST,
    errors=(NotFound,),
    produces={JSON: schemas.SegmentPage, **TABLE_CONTENT},
    manages_transactions=True,
)
def list_segments(request: ApiRequest, query: schemas.SegmentListQuery) -> schemas.SegmentPage | Stream:
    """List segments, ordered by resource and start; with a period, those that overlap it.

    JSON is returned in pages of at most 10,000 segments. CSV, Arrow (IPC stream) and Parquet contain the complete list;
    with `from` and without project and resource it is ordered by the ends of the segments.
    """
    table_format = choose_format(request, query.format)
    if table_format is TableFormat.JSON:
        return _list_page(request, query)
    reject_paging_parameters(query.limit, query.marker)
    reader = _TableReader(request, query)
    columns = {**_COLUMNS, "duration_us": ColumnType.INTEGER, **_NAMES} if query.clip else {**_COLUMNS, **_NAMES}
    return stream_table(table_format, columns, reader.next_rows, "segments")


def _list_page(request: ApiRequest, query: schemas.SegmentListQuery) -> schemas.SegmentPage:
    page = Page(limit=min(query.limit or Page().limit, MAX_LIMIT), marker=query.marker)
    ledger = request.services.ledger
    with request.read_transaction() as ctx:
        selection = select_usage(request.services, ctx, query)
        segments = ledger.segments.list(ctx, selection.usage_filter, page)
        if not segments.items:
            ledger.filter_name_checks.check_filter(ctx, selection.usage_filter)
        rows = segments.items
        moments = [(row, _last_instant(row, selection)) for row in rows]
        names = ledger.name_timelines.open_reader(ctx.db, selection.usage_filter.as_of).list_row_names(moments)
    items = [views.segment_row(row, of_row) for row, of_row in zip(rows, names, strict=True)]
    if query.clip:
        items = [_clip_view(view, row, selection) for view, row in zip(items, rows, strict=True)]
    return schemas.SegmentPage(items, encode_segment_cursor(rows[-1]) if segments.more else None)


def _clip_view(view: schemas.Segment, row: SegmentRow, selection: UsageSelection) -> schemas.Segment:
    start, end = _clip(row, selection)
    return replace(view, start=format_iso(start), end=format_iso(end), duration_us=end - start)


def _last_instant(row: SegmentRow, selection: UsageSelection) -> Micros:
    """Return the last instant of a segment in the period, at which names are read."""
    start, end = _clip(row, selection)
    return max(start, end - 1)


def _clip(row: SegmentRow, selection: UsageSelection) -> tuple[Micros, Micros]:
    """Return the part of a segment in the period.

    An open segment ends with the period, or without `to` at the time of `as_of`; one that starts later is empty.
    """
    since, until = selection.usage_filter.since, selection.usage_filter.until
    last = max(row.start, selection.known_at) if until is None else until
    end = last if row.end is None else min(row.end, last)
    return row.start if since is None else max(row.start, since), end


class _TableReader:
    """Reads all segments in batches, each in its own transaction, so that a slow client keeps none open.

    All batches are read as of the position at the start.
    """

    def __init__(self, request: ApiRequest, query: schemas.SegmentListQuery) -> None:
        self._services, self._is_clipped = request.services, query.clip
        ledger = self._services.ledger
        with request.read_transaction() as ctx:
            self._selection = select_usage(self._services, ctx, query)
            self._pinned = ledger.access.restrict_and_pin_position(ctx, self._selection.usage_filter)
            ledger.filter_name_checks.check_filter(ctx, self._selection.usage_filter)
        self._cursor: Cursor | None = None
        self._is_done = False

    def next_rows(self) -> Rows:
        """Return the next rows; none at the end."""
        while not self._is_done:
            ledger = self._services.ledger
            with self._services.database.read_transaction() as db:
                rows, self._cursor = ledger.segments.list_after(db, self._pinned, _BATCH_ROWS, self._cursor)
                moments = [(row, _last_instant(row, self._selection)) for row in rows]
                names = ledger.name_timelines.open_reader(db, self._pinned.as_of).list_row_names(moments)
            self._is_done = self._cursor is None
            if rows:
                return [self._build_row(row, of_row) for row, of_row in zip(rows, names, strict=True)]
        return []

    def _build_row(self, row: SegmentRow, names: Mapping[str, str]) -> tuple[object, ...]:
        encoded = json.dumps(names, ensure_ascii=False) if names else None
        if not self._is_clipped:
            return (*row, encoded)
        start, end = _clip(row, self._selection)
        return (*row._replace(start=start, end=end), end - start, encoded)
