"""`/api/v1/usage/changes`: what changes in the ledger, as it does. Server-Sent Events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Annotated, Any

import msgspec
from anyio import to_thread
from litestar import get
from litestar.params import Parameter
from litestar.response import Stream

from stratiform.interfaces.rest.description import TEXT
from stratiform.interfaces.rest.usage.asking import FOLLOWED, Asked, not_beyond, position
from stratiform.interfaces.rest.usage.segments import row_view
from stratiform.interfaces.services import Request, reading, services_of
from stratiform.kit.errors import Fault
from stratiform.kit.numbers import parse_uint
from stratiform.services.ledger.model.changes import RECORDED, Change, ChangeKey, last_key

#: So many changes are read at once.
_AT_ONCE = 500

#: How long a stream rests where nothing changed, and after how many rests it says that it is alive.
_REST_S = 1.0
_RESTS = 15

_json = msgspec.json.Encoder()


@get(
    "/usage/changes",
    dependencies=FOLLOWED,
    answers={"text/event-stream": TEXT},
    response_description="Server-Sent Events, for ever.",
)
async def follow_changes(
    request: Request,
    asked: Asked,
    since: Annotated[str | None, Parameter(description="After this position of the ledger; else from now on.")] = None,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID", description="Where it broke off.")] = None,
) -> Stream:
    """Every segment that comes to be known (`segment.recorded`) or holds no longer (`segment.superseded`), for ever.
    The id of an event is the ledger's position, told with the last one of each: to go on from there gives nothing
    twice, and leaves nothing out. It ends where the token does, and when the server stops."""
    reached = await to_thread.run_sync(_begin, request, asked, last_event_id or since)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Stream(_events(request, asked, reached), media_type="text/event-stream", headers=headers)


handlers: list[Any] = [follow_changes]


def _begin(request: Request, asked: Asked, since: str | None) -> ChangeKey:
    """Raises whatever asking for the changes would, before anything is answered."""
    start = None if since is None else parse_uint(since)
    if since and start is None:
        position(since, "since")
    with reading(request) as ctx:
        ledger = services_of(request).ledger
        ledger.access.restrict(ctx, asked.filter(request, ctx))
        asked.check_names(request, ctx)
        known = ledger.positions.get_current(ctx.db)
        return last_key(known if start is None else not_beyond(start, "since", known))


async def _events(request: Request, asked: Asked, reached: ChangeKey) -> AsyncIterator[bytes]:
    """No connection and no thread is held while the reader takes what it was sent, or nothing happens."""
    yield b": the ledger's changes\n\n"
    rests, stopping = 0, services_of(request).stopping
    while not stopping.is_set():
        try:
            changes, further = await to_thread.run_sync(_some, request, asked, reached)
        except Fault:
            return  # the token is no longer good, or the database is gone: to come again tells why
        if changes:
            yield b"".join(_told(changes, whole_position=further == last_key(further[0])))
            rests = 0
        elif rests == _RESTS:
            yield f"id: {further[0]}\n: nothing new\n\n".encode()
            rests = 0
        reached = further
        if len(changes) < _AT_ONCE:
            await asyncio.sleep(_REST_S)
            rests += 1


def _some(request: Request, asked: Asked, reached: ChangeKey) -> tuple[Sequence[Change], ChangeKey]:
    with reading(request) as ctx:
        wanted = asked.filter(request, ctx)
        return services_of(request).ledger.changes.list(ctx, wanted, reached, _AT_ONCE)


def _told(changes: Sequence[Change], *, whole_position: bool) -> Iterator[bytes]:
    for place, change in enumerate(changes):
        last = place + 1 == len(changes)
        if whole_position if last else changes[place + 1].position > change.position:
            yield f"id: {change.position}\n".encode()
        yield b"event: segment.recorded\n" if change.kind == RECORDED else b"event: segment.superseded\n"
        told = {"position": change.position, "segment": row_view(change.row)}
        yield b"data: " + _json.encode(told) + b"\n\n"
