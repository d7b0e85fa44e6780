"""`/images/{image_id}/file` and `/images/{image_id}/stage`.

Source: Image API v2, "Image data"; RFC 9110, "Range Requests".
"""

import re
from collections.abc import Callable

from anyio import CancelScope, to_thread
from litestar.response import Stream

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, ContentTooLarge, Fault, Invalid, RemovedApi, UnsupportedMediaType
from stratiform.kit.policy import Caller
from stratiform.services.image import policy
from stratiform.services.image.service import ImageDataUpload, ImageFile

_PATH = "/images/{image_id}/file"
_MEDIA_TYPE = "application/octet-stream"
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")

#: Received data is collected to blocks of this size, and each block is written by a thread.
_BLOCK_BYTES = 1024 * 1024


class RangeNotSatisfiable(Fault):
    """The image has no data in the requested range."""

    status = 416


@api.put(
    _PATH,
    policy.IMAGE_DATA_UPLOAD,
    status=204,
    errors=(Conflict, ContentTooLarge, RemovedApi, UnsupportedMediaType),
)
async def upload_image_data(request: ApiRequest, image_id: str) -> None:
    """Upload image data, which is stored while it is received, to the store in `X-Image-Meta-Store`."""
    image_data = request.services.image.image_data
    store_id = request.http.headers.get("x-image-meta-store", "")

    def begin(ctx: RequestContext, image_id: str) -> ImageDataUpload:
        return image_data.begin_upload(ctx, image_id, store_id)

    await _upload(request, image_id, begin, image_data.finish_upload, image_data.abort_upload)


@api.put(
    "/images/{image_id}/stage",
    policy.IMAGES_UPDATE,
    status=204,
    errors=(Conflict, ContentTooLarge, UnsupportedMediaType),
)
async def stage_image_data(request: ApiRequest, image_id: str) -> None:
    """Upload image data that `glance-direct` imports later."""
    image_data = request.services.image.image_data
    begin, finish = image_data.begin_staging, image_data.finish_staging
    await _upload(request, image_id, begin, finish, image_data.abort_staging)


@api.get(_PATH, policy.IMAGE_DATA_DOWNLOAD, errors=(RangeNotSatisfiable,))
async def download_image_data(request: ApiRequest, image_id: str) -> Stream | ApiResponse[None]:
    """Download image data from the store with the highest weight that has it."""
    file, caller = await to_thread.run_sync(_find_data, request, image_id)
    if file is None:
        return ApiResponse(status=204)
    range_header = request.http.headers.get("range")
    start, length = _parse_range(range_header, file.size) if range_header else (0, file.size)
    headers = {"Content-Length": str(length), "Accept-Ranges": "bytes"}
    if range_header:
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{file.size}"
    elif file.image.checksum:
        headers["Content-MD5"] = file.image.checksum
    status = 206 if range_header else 200
    blocks = request.services.image.image_data.read_for_caller(file, caller, start, length)
    return Stream(blocks, status_code=status, media_type=_MEDIA_TYPE, headers=headers)


def _find_data(request: ApiRequest, image_id: str) -> tuple[ImageFile | None, Caller]:
    """Find the data of an image, and then, without a transaction, a store that has it. Return the caller, too."""
    with request.read_transaction() as ctx:
        file = request.services.image.image_data.find_data(ctx, image_id)
    return file if file is None else file.open(), ctx.caller


async def _upload(
    request: ApiRequest,
    image_id: str,
    begin: Callable[[RequestContext, str], ImageDataUpload],
    finish: Callable[[ImageDataUpload], object],
    abort: Callable[[ImageDataUpload, BaseException], None],
) -> None:
    """Receive the body as the data of an image. Raises UnsupportedMediaType and the errors of `begin` and `finish`."""
    content_type = request.http.headers.get("content-type", "").split(";", 1)[0].strip()
    if content_type != _MEDIA_TYPE:
        raise UnsupportedMediaType(f"Unsupported media type '{content_type}', expected {_MEDIA_TYPE}.")
    upload = await to_thread.run_sync(_begin, request, image_id, begin)
    try:
        await _receive(request, upload)
        await to_thread.run_sync(finish, upload)
    except BaseException as error:
        with CancelScope(shield=True):
            await to_thread.run_sync(abort, upload, error)
        raise


def _begin(
    request: ApiRequest, image_id: str, begin: Callable[[RequestContext, str], ImageDataUpload]
) -> ImageDataUpload:
    with request.write_transaction() as ctx:
        return begin(ctx, image_id)


async def _receive(request: ApiRequest, upload: ImageDataUpload) -> None:
    """Write the body to `upload`.

    Raises: Invalid for a body that is incomplete, ImageSizeLimitExceeded, StorageFull.
    """
    block = bytearray()
    received = 0
    content_length = request.http.content_length
    upload.check_size(content_length or 0)
    async for chunk in request.http.stream():
        block += chunk
        received += len(chunk)
        upload.check_size(len(block))
        if len(block) >= _BLOCK_BYTES:
            await to_thread.run_sync(upload.write, bytes(block))
            block.clear()
    if content_length is not None and content_length != received:
        raise Invalid(f"The body is incomplete: {received} of {content_length} bytes received.")
    await to_thread.run_sync(upload.write, bytes(block))


def _parse_range(header: str, size: int) -> tuple[int, int]:
    """Return offset and length of a single range. Raises RangeNotSatisfiable."""
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if match is None or match[0] == "bytes=-":
        raise RangeNotSatisfiable(f"Invalid range: '{header}'")
    first, last = match[1], match[2]
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        raise RangeNotSatisfiable(f"Range '{header}' is outside of the image data of {size} bytes.")
    return start, end - start + 1
