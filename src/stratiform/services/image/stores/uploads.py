"""Data of an image while it is received by a store: its size, its hashes, and its limit."""

import hashlib
import time
from collections.abc import Iterable

from stratiform.services.image.errors import ImageSizeLimitExceeded
from stratiform.services.image.model import OS_HASH_ALGO, ImageLocation, StoredData
from stratiform.services.image.stores.files import FileStore
from stratiform.services.image.stores.model import DataStore

_TOUCH_INTERVAL_S = 10


class DataHash:
    """The size and the hashes of data. `os_hash_value`: by the algorithm of `os_hash_algo`."""

    def __init__(self, os_hash_algo: str = OS_HASH_ALGO) -> None:
        self.size = 0
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._os_hash = hashlib.new(os_hash_algo, usedforsecurity=False)

    def update(self, block: bytes | bytearray) -> None:
        self._md5.update(block)
        self._os_hash.update(block)
        self.size += len(block)

    def build_result(self, store_id: str, name: str) -> StoredData:
        """Return the description of data that is stored completely."""
        return StoredData(ImageLocation(store_id, name), self.size, self._md5.hexdigest(), self._os_hash.hexdigest())


class ImageDataUpload:
    """Image data while it is received. Not thread-safe; every method blocks.

    `staging` records the activity of an upload to another store, so that an abandoned upload is recognized.
    """

    def __init__(self, image_id: str, upload_id: str, store: DataStore, staging: FileStore, size_cap: int) -> None:
        self.image_id = image_id
        self.upload_id = upload_id
        self.name = build_object_name(image_id, upload_id)
        self.store = store
        self._writer = store.open_writer(self.name)
        self._hash = DataHash()
        self._size_cap = size_cap
        self._staging = staging if store is not staging else None
        self._touched_at = 0.0

    @property
    def location(self) -> ImageLocation:
        return ImageLocation(self.store.id, self.name)

    def write(self, block: bytes | bytearray) -> None:
        """Append a block. Raises ImageSizeLimitExceeded, StorageFull, StoreUnavailable."""
        self.check_size(len(block))
        self._touch()
        self._writer.write(block)
        self._hash.update(block)

    def check_size(self, size: int) -> None:
        """Raises ImageSizeLimitExceeded if the image is too large with `size` more bytes."""
        if self._hash.size + size > self._size_cap:
            raise ImageSizeLimitExceeded

    def finish(self) -> StoredData:
        """Store the data under its name. Raises StorageFull, StoreUnavailable."""
        self._writer.finish()
        self._forget()
        return self._hash.build_result(self.store.id, self.name)

    def discard_partial(self) -> None:
        """Delete the partial data, but not finished data. Idempotent."""
        self._writer.abort()
        self._forget()

    def discard(self) -> None:
        """Delete the partial and the finished data. Idempotent. Raises StoreUnavailable."""
        self.discard_partial()
        self.store.delete(self.name)

    def _touch(self) -> None:
        if self._staging is not None and time.monotonic() - self._touched_at > _TOUCH_INTERVAL_S:
            self._staging.touch_partial(self.name)
            self._touched_at = time.monotonic()

    def _forget(self) -> None:
        if self._staging is not None:
            self._staging.delete(self.name)


def build_object_name(image_id: str, upload_id: str) -> str:
    """Return the name of the data of an upload in its store."""
    return f"{image_id}.{upload_id}"


def copy_blocks(store: DataStore, name: str, blocks: Iterable[bytes]) -> None:
    """Store blocks under a name. On an error nothing remains, unless the store is unreachable.

    Raises: StorageFull, StoreReadOnly, StoreUnavailable, and the errors of `blocks`.
    """
    writer = store.open_writer(name)
    try:
        writer.write(b"")
        for block in blocks:
            writer.write(block)
        writer.finish()
    except BaseException:
        writer.abort()
        raise


def hash_blocks(location: ImageLocation, blocks: Iterable[bytes], os_hash_algo: str = OS_HASH_ALGO) -> StoredData:
    """Return the size and the hashes of stored data."""
    data = DataHash(os_hash_algo)
    for block in blocks:
        data.update(block)
    return data.build_result(location.store, location.name)
