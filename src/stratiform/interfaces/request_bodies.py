"""Request bodies: rejected by size and by caller before they are in memory.

Every client may send `ANONYMOUS_BYTES`, more than a sign-in needs. More is received only from a caller with a valid
token whose role allows the endpoint, and at most as much as the API accepts. Bytes are counted while they are received,
because a chunked body has no length.
"""

from collections.abc import Awaitable, Callable

from litestar.types import ASGIApp, Message, Receive, ReceiveMessage, Scope, Send

from stratiform.interfaces.http import Request
from stratiform.kit.errors import ContentTooLarge, Invalid

#: What a caller may send who is not authenticated yet.
ANONYMOUS_BYTES = 16 * 1024

#: The default of oslo.middleware's `max_request_body_size`.
OSLO_BYTES = 114_688

_KIB = 1024
_MIB = 1024 * 1024


class RequestTooLarge(ContentTooLarge):
    """The body has more than `max_bytes`. Source of the text: oslo.middleware, sizelimit."""

    def __init__(self, max_bytes: int) -> None:
        size = f"{max_bytes // _MIB} MiB" if max_bytes >= _MIB else f"{max_bytes // _KIB} KiB"
        super().__init__("Request is too large.", hint=f"the limit is {size}; split the data across several requests")


async def read_body(request: Request, max_bytes: int, authorize: Callable[[], Awaitable[object]]) -> bytes:
    """Return the body. `authorize` is awaited before more than `ANONYMOUS_BYTES` are read.

    Raises: RequestTooLarge, Invalid for an incomplete body, and the errors of `authorize`.
    """
    limit = min(ANONYMOUS_BYTES, max_bytes)
    announced = request.content_length or 0
    chunks: list[bytes] = []
    received = 0
    if announced > limit:
        limit = await _raise_limit(limit, max_bytes, announced, authorize)
    async for chunk in request.stream():
        received += len(chunk)
        if received > limit:
            limit = await _raise_limit(limit, max_bytes, received, authorize)
        chunks.append(chunk)
    return b"".join(chunks)


async def _raise_limit(limit: int, max_bytes: int, size: int, authorize: Callable[[], Awaitable[object]]) -> int:
    """Return the limit of the API after authorization. Raises: RequestTooLarge, and the errors of `authorize`."""
    if limit < max_bytes:
        await authorize()
    if size > max_bytes:
        raise RequestTooLarge(max_bytes)
    return max_bytes


def require_complete_bodies(app: ASGIApp) -> ASGIApp:
    """Return middleware for which a body that ends early is the client's error.

    The server reports a lost connection and a broken chunk alike. After a broken chunk the client can still receive a
    response.
    """

    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        is_complete = is_answered = False

        async def receive_message() -> ReceiveMessage:
            nonlocal is_complete
            message = await receive()
            if message["type"] == "http.request":
                is_complete = not message["more_body"]
            elif message["type"] == "http.disconnect" and not (is_complete or is_answered):
                raise Invalid("The request body is incomplete, or its transfer encoding is malformed.")
            return message

        async def send_message(message: Message) -> None:
            nonlocal is_answered
            is_answered = True
            await send(message)

        await app(scope, receive_message, send_message)

    return handle
