"""Checks of data that others own and may change: data on web servers, when it is copied to a cloud or to a store."""

import hashlib
import logging
from collections.abc import Iterator
from itertools import chain

from stratiform.services.image.errors import InvalidImageData
from stratiform.services.image.model import Image
from stratiform.services.image.service.image_formats import inspect_format

logger = logging.getLogger(__name__)


def check_blocks(image: Image, blocks: Iterator[bytes], requires_format_match: bool) -> Iterator[bytes]:
    """Yield the data of an image while it is checked: its format before the first block, its hash before the last one.

    Raises: InvalidImageData if it is not the data that was registered, or not of the declared format.
    """
    inspected: list[bytes] = []
    _inspect(image, _record(blocks, inspected), requires_format_match)
    yield from _check_hash(image, chain(inspected, blocks))


def _inspect(image: Image, blocks: Iterator[bytes], requires_format_match: bool) -> None:
    """Raises InvalidImageData, unless formats need not match."""
    try:
        inspect_format(image, image.size or 0, blocks)
    except InvalidImageData as error:
        if requires_format_match:
            raise
        logger.info("image format not verified image=%s error=%r", image.id, str(error))


def _record(blocks: Iterator[bytes], inspected: list[bytes]) -> Iterator[bytes]:
    for block in blocks:
        inspected.append(block)
        yield block


def _check_hash(image: Image, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield all blocks; the last one only if size and hash are those of the image."""
    size, data_hash = 0, hashlib.new(image.os_hash_algo or "sha512", usedforsecurity=False)
    previous = b""
    for block in blocks:
        size += len(block)
        data_hash.update(block)
        if size > (image.size or 0):
            break
        if previous:
            yield previous
        previous = block
    if size != image.size or image.os_hash_value not in (None, data_hash.hexdigest()):
        raise InvalidImageData(f"The data of image {image.id} at its location has changed.")
    yield previous
