"""`/usage/samples`: values of meters."""

from litestar.response import Stream

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import JSON
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.routes.segments import MAX_LIMIT
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
from stratiform.interfaces.rest.usage_filters import select_usage
from stratiform.interfaces.rest.views import usage as views
from stratiform.kit.errors import NotFound
from stratiform.kit.pagination import Page
from stratiform.services.ledger import policy
from stratiform.services.ledger.model.samples import SampleRow, encode_sample_cursor

#: Rows of a table that are read in one transaction, and sent at once.
_BATCH_ROWS = 10_000

_COLUMNS: Columns = {
    "resource_type": ColumnType.TEXT,
    "resource_id": ColumnType.TEXT,
    "cloud": ColumnType.TEXT,
    "project_id": ColumnType.TEXT,
    "meter": ColumnType.TEXT,
    "kind": ColumnType.TEXT,
    "unit": ColumnType.TEXT,
    "source": ColumnType.TEXT,
    "at": ColumnType.TIMESTAMP,
    "value": ColumnType.TEXT,
    "message_id": ColumnType.TEXT,
}


@api.get(
    "/usage/samples",
    policy.SEGMENTS_LIST,
    errors=(NotFound,),
    produces={JSON: schemas.SamplePage, **TABLE_CONTENT},
    manages_transactions=True,
)
def list_samples(request: ApiRequest, query: schemas.SampleListQuery) -> schemas.SamplePage | Stream:
    """List samples in (`from`, `to`], ordered by time; a value describes the time before it.

    `/usage/sums?measure=meter:NAME` returns their sums. JSON is returned in pages of at most 10,000 samples. CSV, Arrow
    (IPC stream) and Parquet contain the complete list.
    """
    table_format = choose_format(request, query.format)
    if table_format is TableFormat.JSON:
        return _list_page(request, query)
    reject_paging_parameters(query.limit, query.marker)
    return stream_table(table_format, _COLUMNS, _TableReader(request, query).next_rows, "samples")


def _list_page(request: ApiRequest, query: schemas.SampleListQuery) -> schemas.SamplePage:
    page = Page(limit=min(query.limit or Page().limit, MAX_LIMIT), marker=query.marker)
    ledger = request.services.ledger
    with request.read_transaction() as ctx:
        usage_filter = select_usage(request.services, ctx, query).usage_filter
        samples = ledger.samples.list(ctx, usage_filter, query.meter, page)
        if not samples.items:
            ledger.filter_name_checks.check_filter(ctx, usage_filter, _meters(query))
    rows = samples.items
    return schemas.SamplePage(
        [views.sample(row) for row in rows], encode_sample_cursor(rows[-1]) if samples.more else None
    )


class _TableReader:
    """Reads all samples in batches, as the reader of segments does."""

    def __init__(self, request: ApiRequest, query: schemas.SampleListQuery) -> None:
        self._services, self._meter = request.services, query.meter
        ledger = self._services.ledger
        with request.read_transaction() as ctx:
            usage_filter = select_usage(self._services, ctx, query).usage_filter
            self._pinned = ledger.access.restrict_and_pin_position(ctx, usage_filter)
            ledger.filter_name_checks.check_filter(ctx, usage_filter, _meters(query))
        self._last: SampleRow | None = None
        self._is_done = False

    def next_rows(self) -> Rows:
        """Return the next rows; none at the end."""
        if self._is_done:
            return []
        with self._services.database.read_transaction() as db:
            rows = self._services.ledger.samples.list_after(db, self._pinned, self._meter, _BATCH_ROWS, self._last)
        self._is_done = len(rows) < _BATCH_ROWS
        self._last = rows[-1] if rows else None
        return [row[: len(_COLUMNS)] for row in rows]


def _meters(query: schemas.SampleListQuery) -> list[str]:
    return [] if query.meter is None else [query.meter]
