"""`/api/v1/usage/notifications`, and what of it could not be taken: `/api/v1/usage/rejected`."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict
from typing import Annotated, Any

import litestar
from anyio import to_thread
from litestar.params import Parameter

from stratiform.interfaces.rest.description import NDJSON, OCTETS, TEXT, Taken
from stratiform.interfaces.rest.usage.asking import Limit, Marker, flag, paged
from stratiform.interfaces.services import Request, delete, get, post, reading, request_id, services_of, writing
from stratiform.kit.clock import iso
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.policy import Caller
from stratiform.services.ingest.model import IngestResult, RejectedMessage

#: So many messages are one transaction.
_BATCH = 1000

#: A batch ends sooner where its messages are large, so that it fits into memory.
_BATCH_BYTES = 16 * 1024 * 1024

#: A longer line is no notification; what follows in it is dropped, so that nobody can fill the memory.
_LONGEST_LINE = 4 * 1024 * 1024


@litestar.post(
    "/usage/notifications",
    status_code=200,
    request_max_body_size=None,
    takes=Taken({NDJSON: TEXT, "application/octet-stream": OCTETS}, "One JSON document a line."),
)
async def import_notifications(request: Request, cloud: str = "openstack") -> dict[str, Any]:
    """Takes oslo.messaging notifications, one JSON document a line, of any number. Each thousand is committed on
    its own; sending the same again changes nothing. Answers how many were new, known, of no concern, kept aside.
    Where not one of the first thousand lines is a notification, all is refused."""
    caller = await to_thread.run_sync(_who, request)
    done = await to_thread.run_sync(_take, request, caller, cloud, [])  # refuses before anything is sent in vain
    first = True
    async for batch in _batches(request.stream()):
        if first:
            await to_thread.run_sync(services_of(request).ingest.messages.check, batch)
            first = False
        done += await to_thread.run_sync(_take, request, caller, cloud, batch)
    return asdict(done)


@get("/usage/rejected")
def list_rejected(request: Request, limit: Limit = None, marker: Marker = None) -> dict[str, Any]:
    """Messages that could not be taken, each with the reason and as it came."""
    with reading(request) as ctx:
        page = services_of(request).ingest.rejected_messages.list(ctx, paged(limit, marker))
    following = page.items[-1].id if page.more else None
    return {"rejected": [_rejected_view(message) for message in page.items], "next": following}


@get("/usage/rejected/{message_id:str}")
def show_rejected(request: Request, message_id: str) -> dict[str, Any]:
    """The one whose id is, or begins with, this."""
    with reading(request) as ctx:
        return _rejected_view(services_of(request).ingest.rejected_messages.get(ctx, message_id))


@delete("/usage/rejected/{message_id:str}")
def drop_rejected(request: Request, message_id: str) -> None:
    """Keep the one whose id is, or begins with, this no longer."""
    with writing(request) as ctx:
        services_of(request).ingest.rejected_messages.delete(ctx, message_id)


@delete("/usage/rejected", status_code=200)
def drop_all_rejected(
    request: Request,
    cloud: Annotated[str | None, Parameter(description="Only those of this cloud.")] = None,
    reason: Annotated[str | None, Parameter(description="Only those whose reason begins so.")] = None,
    everything: Annotated[str | None, Parameter(query="all", description="true, where all are meant.")] = None,
) -> dict[str, int]:
    """Keep these no longer; answers how many they were."""
    if flag(everything, "all") == bool(cloud or reason):
        raise Invalid("which are to be dropped?", hint="give `cloud`, `reason` or both; or `all`, true, alone")
    with writing(request) as ctx:
        return {"dropped": services_of(request).ingest.rejected_messages.delete_all(ctx, cloud or None, reason or None)}


@post("/usage/rejected/replay", status_code=200)
def replay_rejected(request: Request) -> dict[str, Any]:
    """Reads everything kept aside once more."""
    with writing(request) as ctx:
        return asdict(services_of(request).ingest.rejected_messages.replay(ctx))


handlers: list[Any] = [
    import_notifications,
    list_rejected,
    show_rejected,
    drop_rejected,
    drop_all_rejected,
    replay_rejected,
]


def _rejected_view(message: RejectedMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "cloud": message.cloud,
        "reason": message.reason,
        "received_at": iso(message.received_at),
        "body": message.body.decode(errors="replace"),
    }


def _who(request: Request) -> Caller:
    with reading(request) as ctx:
        return ctx.caller


def _take(request: Request, caller: Caller, cloud: str, messages: Iterable[bytes]) -> IngestResult:
    """One transaction. The caller was asked for once: a token may run out while a long stream goes on."""
    services = services_of(request)
    with services.database.transaction() as db:
        ctx = RequestContext(db, caller, services.clock.now(), request_id(request.scope))
        return services.ingest.messages.create(ctx, cloud, messages)


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    async for line in _lines(stream):
        if not line.strip():
            continue
        batch.append(line)
        size += len(line)
        if len(batch) == _BATCH or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _lines(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Lines out of pieces of any size; one that is too long comes cut, and so is no JSON any more."""
    held = bytearray()
    async for piece in stream:
        *ends, rest = piece.split(b"\n")
        for end in ends:
            held += end[: _LONGEST_LINE - len(held)]
            yield bytes(held)
            held.clear()
        held += rest[: _LONGEST_LINE - len(held)]
    yield bytes(held)
