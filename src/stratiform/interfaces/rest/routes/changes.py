"""`/usage/changes`: changes of the ledger as they happen.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import msgspec
from anyio import to_thread
from litestar.response import Stream

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import SERVER_SENT_EVENTS, TEXT
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import usage as schemas
from stratiform.interfaces.rest.usage_filters import check_position_reached, parse_usage_filter
from stratiform.interfaces.rest.views import usage as views
from stratiform.kit.errors import Fault, NotFound
from stratiform.services.ledger import policy
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.segment_changes import RECORDED, ChangeKey, SegmentChange, get_key_after_position

#: Changes that are read in one transaction.
_BATCH_CHANGES = 500

#: Seconds between two reads without changes, and the number of them after which a comment is sent.
_POLL_S = 1.0
_IDLE_POLLS = 15

_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@api.get(
    "/usage/changes",
    policy.SEGMENTS_LIST,
    errors=(NotFound,),
    produces={SERVER_SENT_EVENTS: TEXT},
    manages_transactions=True,
)
def follow_changes(request: ApiRequest, query: schemas.ChangeQuery, headers: schemas.ChangeHeaders) -> Stream:
    """Stream every segment that is recorded (`segment.recorded`) or superseded (`segment.superseded`).

    The id of an event is the position of the ledger, sent with the last event of each position: a stream that starts
    there repeats nothing and omits nothing. The stream ends when the token expires and when the server stops.
    """
    usage_filter = parse_usage_filter(query)
    since = query.since if headers.last_event_id is None else headers.last_event_id
    reached = _start(request, usage_filter, since)
    return Stream(_events(request, usage_filter, reached), media_type=SERVER_SENT_EVENTS, headers=_HEADERS)


def _start(request: ApiRequest, usage_filter: UsageFilter, since: int | None) -> ChangeKey:
    """Return where to start. Raises the errors of the first read, before the response begins."""
    ledger = request.services.ledger
    with request.read_transaction() as ctx:
        ledger.access.restrict_filter(ctx, usage_filter)
        ledger.filter_name_checks.check_filter(ctx, usage_filter)
        current = ledger.positions.get_current_position(ctx.db)
        return get_key_after_position(current if since is None else check_position_reached(since, "since", current))


async def _events(request: ApiRequest, usage_filter: UsageFilter, reached: ChangeKey) -> AsyncIterator[bytes]:
    """Yield events. No connection and no thread is in use while the client reads, or nothing happens."""
    yield b": changes of the ledger\n\n"
    idle_polls, stopping = 0, request.services.stopping
    while not stopping.is_set():
        try:
            changes, next_reached = await to_thread.run_sync(_read, request, usage_filter, reached)
        except Fault:
            return  # the token has expired, or the database is not available: the next request gets the error
        if changes:
            yield b"".join(_encode(changes, is_complete=next_reached == get_key_after_position(next_reached[0])))
            idle_polls = 0
        elif idle_polls == _IDLE_POLLS:
            yield f"id: {next_reached[0]}\n: no changes\n\n".encode()
            idle_polls = 0
        reached = next_reached
        if len(changes) < _BATCH_CHANGES:
            await asyncio.sleep(_POLL_S)
            idle_polls += 1


def _read(
    request: ApiRequest, usage_filter: UsageFilter, reached: ChangeKey
) -> tuple[Sequence[SegmentChange], ChangeKey]:
    with request.read_transaction() as ctx:
        return request.services.ledger.segment_changes.list(ctx, usage_filter, reached, _BATCH_CHANGES)


def _encode(changes: Sequence[SegmentChange], *, is_complete: bool) -> Iterator[bytes]:
    """Yield the events of changes. `is_complete`: the last position has no further changes."""
    for index, change in enumerate(changes):
        is_last = index + 1 == len(changes)
        if is_complete if is_last else changes[index + 1].position > change.position:
            yield f"id: {change.position}\n".encode()
        yield b"event: segment.recorded\n" if change.kind == RECORDED else b"event: segment.superseded\n"
        data = schemas.Change(change.position, views.segment_row(change.row))
        yield b"data: " + msgspec.json.encode(data) + b"\n\n"
