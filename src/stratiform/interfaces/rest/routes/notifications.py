"""`/usage/notifications`: upload of recorded notifications."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict

from anyio import to_thread

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.media_types import BINARY, NDJSON, OCTET_STREAM, TEXT
from stratiform.interfaces.http import get_request_id
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.schemas import messages as schemas
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.policy import Caller
from stratiform.services.ingest import policy
from stratiform.services.ingest.model import IngestResult

#: Messages in one transaction.
_BATCH_MESSAGES = 1000

#: Bytes after which a batch ends earlier, to limit the memory.
_BATCH_BYTES = 16 * 1024 * 1024

#: Bytes of a line; longer lines are cut, which makes them invalid, to limit the memory.
_MAX_LINE_BYTES = 4 * 1024 * 1024


@api.post(
    "/usage/notifications",
    policy.MESSAGES_CREATE,
    consumes={NDJSON: TEXT, OCTET_STREAM: BINARY},
    errors=(Invalid,),
    manages_transactions=True,
)
async def ingest_notifications(request: ApiRequest, query: schemas.NotificationQuery) -> schemas.IngestResult:
    """Ingest oslo.messaging notifications, one JSON document per line; one line or more.

    Every thousand are committed; notifications that are sent again are duplicates. The upload is rejected if none of
    the first thousand lines is a notification.
    """
    check = await to_thread.run_sync(_authenticate, request)
    caller = check.caller
    result = await to_thread.run_sync(_ingest, request, caller, query.cloud, [])  # refuses before the upload begins
    is_first = True
    async for batch in _batches(request.http.stream()):
        if is_first:
            await to_thread.run_sync(request.services.ingest.messages.check_upload, batch)
            is_first = False
        result += await to_thread.run_sync(_ingest, request, caller, query.cloud, batch)
    if is_first:
        raise Invalid("The request body contains no notifications", hint="send one JSON document per line")
    late_usage = await to_thread.run_sync(check.find_committed)
    return schemas.IngestResult(**asdict(result), late_usage=late_usage)


def _authenticate(request: ApiRequest) -> LateUsageCheck:
    with request.read_transaction() as ctx:
        return LateUsageCheck.start(request.services, ctx)


def _ingest(request: ApiRequest, caller: Caller, cloud: str, messages: Iterable[bytes]) -> IngestResult:
    """Ingest messages in one transaction. The token is not validated again: it may expire during a long upload."""
    services = request.services
    with services.database.transaction() as db:
        ctx = RequestContext(db, caller, services.clock.now(), get_request_id(request.http.scope))
        return services.ingest.messages.ingest_upload(ctx, cloud, messages)


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    async for line in _lines(stream):
        if not line.strip():
            continue
        batch.append(line)
        size += len(line)
        if len(batch) == _BATCH_MESSAGES or size > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def _lines(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield the lines of a stream of blocks; a line that is too long is cut."""
    line = bytearray()
    async for block in stream:
        *ends, rest = block.split(b"\n")
        for end in ends:
            line += end[: _MAX_LINE_BYTES - len(line)]
            yield bytes(line)
            line.clear()
        line += rest[: _MAX_LINE_BYTES - len(line)]
    yield bytes(line)
