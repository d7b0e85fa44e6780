"""`/api/v1/usage/segments`: what was used, from when until when."""

from collections.abc import Iterable
from typing import Annotated, Any, cast

import litestar
import msgspec
from anyio import to_thread
from litestar import Response
from litestar.params import Parameter

from stratiform.interfaces.rest.description import JSON
from stratiform.interfaces.rest.usage.asking import ASKED, Asked, Limit, Marker, flag, paged, whole_file
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
from stratiform.kit.clock import Micros, iso
from stratiform.kit.pagination import Page
from stratiform.services.ledger.model import Segment, SegmentRow, UsageFilter, encode_cursor

#: A page may be larger here than elsewhere: a project's segments are often asked for at once.
MOST = 10_000

#: So many rows are read, and sent, at once.
_PIECE = 10_000

_COLUMNS: Columns = {
    "resource_type": Kind.text,
    "resource_id": Kind.text,
    "name": Kind.text,
    "project_id": Kind.text,
    "cloud": Kind.text,
    "start": Kind.time,
    "end": Kind.time,
    "state": Kind.text,
    "attributes": Kind.text,
}

_json = msgspec.json.Encoder()


class SegmentView(msgspec.Struct):
    """A segment as everyone is told it: nothing in it depends on when or how often its events came.
    `duration_us` is told of one that is cut to a period."""

    resource_type: str
    resource_id: str
    name: str
    project_id: str
    cloud: str
    start: str
    end: str | None
    state: str
    attributes: dict[str, Any]
    duration_us: int | msgspec.UnsetType = msgspec.UNSET


class SegmentPage(msgspec.Struct):
    """A page of segments; `next` is the marker of the one that follows."""

    segments: list[SegmentView]
    next: str | None


@litestar.get(
    "/usage/segments",
    dependencies=ASKED,
    answers={JSON: SegmentPage, **TABLES},
    response_description="A page; in the other formats, everything at once.",
)
async def list_segments(
    request: Request,
    asked: Asked,
    limit: Limit = None,
    marker: Marker = None,
    clip: Annotated[str | None, Parameter(description="true: cut to the period, with `duration_us`.")] = None,
    form: FormatAsked = None,
) -> Response[Any]:
    """What was used, ordered by resource and start; in `from` to `to`, all that touches it. JSON comes in pages of up
    to 10,000. CSV, Arrow (IPC stream) and Parquet have everything; with `from` and neither project nor resource they
    are ordered by end."""
    chosen, clipped = format_of(request, form), flag(clip, "clip")
    if chosen is Format.json:
        body = await to_thread.run_sync(_page, request, asked, paged(limit, marker, MOST), clipped)
        return Response(body, media_type="application/json")
    whole_file(limit, marker)
    walk = await to_thread.run_sync(_Walk, request, asked, clipped)
    columns = _COLUMNS | {"duration_us": Kind.whole} if clipped else _COLUMNS
    return await streamed(chosen, columns, walk.following, "segments")


handlers: list[Any] = [list_segments]


def segment_view(segment: Segment) -> SegmentView:
    """As in a list."""
    ended = None if segment.end is None else iso(segment.end)
    return SegmentView(
        segment.resource_type,
        segment.resource_id,
        segment.name,
        segment.project_id,
        segment.cloud,
        iso(segment.start),
        ended,
        segment.state,
        dict(sorted(segment.attributes.items())),
    )


def row_view(row: SegmentRow) -> SegmentView:
    kind, resource_id, name, project_id, cloud, start, end, state, attributes = row
    told = cast("dict[str, Any]", msgspec.Raw(attributes))  # it is JSON already, with its keys in order
    ended = None if end is None else iso(end)
    return SegmentView(kind, resource_id, name, project_id, cloud, iso(start), ended, state, told)


def _page(request: Request, asked: Asked, page: Page, clipped: bool) -> bytes:
    with reading(request) as ctx:
        wanted = asked.filter(request, ctx)
        found = services_of(request).ledger.segments.list(ctx, wanted, page)
        if not found.items:
            asked.check_names(request, ctx)
        last = asked.last(request, ctx)
    following = encode_cursor(found.items[-1]) if found.more else None
    views = _clipped(found.items, wanted, last) if clipped else [row_view(row) for row in found.items]
    return _json.encode({"segments": views, "next": following})


def _clipped(rows: Iterable[SegmentRow], wanted: UsageFilter, last: Micros) -> list[SegmentView]:
    views = []
    for row in rows:
        start, end = _cut(row, wanted, last)
        view = row_view(row._replace(start=start, end=end))
        view.duration_us = end - start
        views.append(view)
    return views


def _cut(row: SegmentRow, wanted: UsageFilter, last: Micros) -> tuple[Micros, Micros]:
    """What goes on ends with the period, or at `last` where that has no end; a segment that begins later is empty."""
    last = max(row.start, last) if wanted.until is None else wanted.until
    end = last if row.end is None else min(row.end, last)
    return row.start if wanted.since is None else max(row.start, wanted.since), end


class _Walk:
    """Everything that was asked for, piece by piece, each in a transaction of its own: a slow reader holds none. The
    position of the beginning holds them together."""

    def __init__(self, request: Request, asked: Asked, clipped: bool) -> None:
        self._stack = services_of(request)
        with reading(request) as ctx:
            self._wanted = self._stack.ledger.access.pin(ctx, asked.filter(request, ctx))
            self._last = asked.last(request, ctx)
            asked.check_names(request, ctx)
        self._clipped = clipped
        self._after: Any = None
        self._done = False

    def following(self) -> Rows:
        """The next rows; none at the end."""
        while not self._done:
            with self._stack.database.snapshot() as db:
                rows, self._after = self._stack.ledger.segments.list_pinned(db, self._wanted, _PIECE, self._after)
            self._done = self._after is None
            if rows:
                return [self._cut(row) for row in rows] if self._clipped else rows
        return []

    def _cut(self, row: SegmentRow) -> tuple[Any, ...]:
        start, end = _cut(row, self._wanted, self._last)
        return (*row._replace(start=start, end=end), end - start)
