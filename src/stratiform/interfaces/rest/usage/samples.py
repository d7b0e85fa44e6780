"""`/api/v1/usage/samples`: values of meters, as they were told."""

from typing import Annotated, Any

import litestar
import msgspec
from anyio import to_thread
from litestar import Response
from litestar.params import Parameter

from stratiform.interfaces.rest.description import JSON
from stratiform.interfaces.rest.usage.asking import ASKED, Asked, Limit, Marker, paged, whole_file
from stratiform.interfaces.rest.usage.formats import (
    TABLES,
    Columns,
    Format,
    FormatAsked,
    Kind,
    Rows,
    format_of,
    streamed,
)
from stratiform.interfaces.services import Request, reading, services_of
from stratiform.kit.clock import iso
from stratiform.kit.pagination import Page
from stratiform.services.ledger.model.samples import SampleRow, encode_sample_cursor

#: As with segments.
MOST = 10_000
_PIECE = 10_000

_COLUMNS: Columns = {
    "resource_type": Kind.text,
    "resource_id": Kind.text,
    "cloud": Kind.text,
    "project_id": Kind.text,
    "meter": Kind.text,
    "kind": Kind.text,
    "unit": Kind.text,
    "source": Kind.text,
    "at": Kind.time,
    "value": Kind.text,
    "message_id": Kind.text,
}

_json = msgspec.json.Encoder()


class SampleView(msgspec.Struct):
    """One value of one meter of one resource. `kind`: how such values are counted; `source`: which of several counters
    of the resource it was read from; `project_id`: whose it is, null where nobody's."""

    resource_type: str
    resource_id: str
    cloud: str
    project_id: str | None
    meter: str
    kind: str
    unit: str
    source: str
    at: str
    value: str
    message_id: str


class SamplePage(msgspec.Struct):
    """A page of samples; `next` is the marker of the one that follows."""

    samples: list[SampleView]
    next: str | None


@litestar.get(
    "/usage/samples",
    dependencies=ASKED,
    answers={JSON: SamplePage, **TABLES},
    response_description="A page; in the other formats, everything at once.",
)
async def list_samples(
    request: Request,
    asked: Asked,
    meter: Annotated[str | None, Parameter(description="Name of the meter.")] = None,
    limit: Limit = None,
    marker: Marker = None,
    form: FormatAsked = None,
) -> Response[Any]:
    """Values of meters in the order of time, after `from` up to and with `to`: a value tells of the time before it.
    What they sum to: `/usage/sums?measure=meter:NAME`. JSON comes in pages of up to 10,000; CSV, Arrow (IPC stream) and
    Parquet have everything."""
    chosen = format_of(request, form)
    if chosen is Format.json:
        body = await to_thread.run_sync(_page, request, asked, meter, paged(limit, marker, MOST))
        return Response(body, media_type="application/json")
    whole_file(limit, marker)
    walk = await to_thread.run_sync(_Walk, request, asked, meter)
    return await streamed(chosen, _COLUMNS, walk.following, "samples")


handlers: list[Any] = [list_samples]


def _page(request: Request, asked: Asked, meter: str | None, page: Page) -> bytes:
    with reading(request) as ctx:
        found = services_of(request).ledger.samples.list(ctx, asked.filter(request, ctx), meter, page)
        if not found.items:
            asked.check_names(request, ctx, *_meters(meter))
    following = encode_sample_cursor(found.items[-1]) if found.more else None
    return _json.encode(SamplePage([_view(row) for row in found.items], following))


class _Walk:
    """All samples that were asked for, piece by piece, as `segments` has it."""

    def __init__(self, request: Request, asked: Asked, meter: str | None) -> None:
        self._stack, self._meter = services_of(request), meter
        with reading(request) as ctx:
            self._wanted = self._stack.ledger.access.pin(ctx, asked.filter(request, ctx))
            asked.check_names(request, ctx, *_meters(meter))
        self._after: SampleRow | None = None
        self._done = False

    def following(self) -> Rows:
        """The next rows; none at the end."""
        if self._done:
            return []
        with self._stack.database.snapshot() as db:
            rows = self._stack.ledger.samples.list_pinned(db, self._wanted, self._meter, _PIECE, self._after)
        self._done = len(rows) < _PIECE
        self._after = rows[-1] if rows else None
        return [row[: len(_COLUMNS)] for row in rows]


def _meters(meter: str | None) -> list[str]:
    return [] if meter is None else [meter]


def _view(row: SampleRow) -> SampleView:
    return SampleView(
        row.resource_type,
        row.resource_id,
        row.cloud,
        row.project_id,
        row.meter,
        row.kind,
        row.unit,
        row.source,
        iso(row.at),
        row.value,
        row.message_id,
    )
