"""`/images/{id}/file`: bytes in and out, of any size, in blocks.

Source: Image API v2, "Image data".
"""

import re
from typing import Any

import litestar
from anyio import CancelScope, to_thread
from litestar import Response
from litestar.response import Stream

from stratiform.interfaces.openstack.image.schemas import UnsupportedMedia
from stratiform.interfaces.services import Request, get, reading, services_of, writing
from stratiform.kit.errors import Fault, Invalid
from stratiform.services.image.service import Upload

_BYTES = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")

#: So many bytes are gathered before a thread writes them.
_BLOCK_BYTES = 1024 * 1024


class RangeNotSatisfiable(Fault):
    """The image has no such bytes."""

    status = 416


@litestar.put("/images/{image_id:str}/file", status_code=204, request_max_body_size=None)
async def upload(request: Request, image_id: str) -> None:
    """The only route that is async: the body is taken as it comes, and the disk is written in a thread."""
    kind = request.headers.get("content-type", "").split(";", 1)[0].strip()
    if kind != _BYTES:
        raise UnsupportedMedia(f"The server does not support a body of type '{kind}' here; use {_BYTES}.")
    image_data = services_of(request).image.image_data
    incoming = await to_thread.run_sync(_begin, request, image_id)
    try:
        await _receive(request, incoming)
        await to_thread.run_sync(image_data.finish_upload, incoming)
    except BaseException:
        with CancelScope(shield=True):
            await to_thread.run_sync(image_data.abort_upload, incoming)
        raise


def _begin(request: Request, image_id: str) -> Upload:
    with writing(request) as ctx:
        return services_of(request).image.image_data.begin_upload(ctx, image_id)


async def _receive(request: Request, incoming: Upload) -> None:
    block = bytearray()
    received = 0
    async for chunk in request.stream():
        block += chunk
        received += len(chunk)
        if len(block) >= _BLOCK_BYTES:
            await to_thread.run_sync(incoming.write, bytes(block))
            block.clear()
    announced = request.headers.get("content-length")
    if announced is not None and announced.isdecimal() and int(announced) != received:
        raise Invalid(f"The body broke off: {received} of {announced} bytes came.")
    await to_thread.run_sync(incoming.write, bytes(block))


@get("/images/{image_id:str}/file")
def download(request: Request, image_id: str) -> Response[Any]:
    image_data = services_of(request).image.image_data
    with reading(request) as ctx:
        data = image_data.find(ctx, image_id)
    if data is None:
        return Response(None, status_code=204)
    wanted = request.headers.get("range")
    start, length = _part(wanted, data.size) if wanted else (0, data.size)
    headers = {"Content-Length": str(length), "Accept-Ranges": "bytes"}
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{data.size}"
    elif data.image.checksum:
        headers["Content-MD5"] = data.image.checksum
    status = 206 if wanted else 200
    return Stream(data.read_blocks(start, length), status_code=status, media_type=_BYTES, headers=headers)


def _part(wanted: str, size: int) -> tuple[int, int]:
    """Where a range begins and how long it is. Raises RangeNotSatisfiable; several ranges at once are none."""
    found = _RANGE.fullmatch(wanted.replace(" ", ""))
    if found is None or found[0] == "bytes=-":
        raise RangeNotSatisfiable(f"Range '{wanted}' is not understood.")
    first, last = found[1], found[2]
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        raise RangeNotSatisfiable(f"Range '{wanted}' is outside of the {size} bytes.")
    return start, end - start + 1


handlers: list[Any] = [upload, download]
