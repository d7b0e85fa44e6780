"""The store of image data: one file per image in a local folder.

An upload writes and hashes a `.part` file, which gets its final name only when it is complete.
"""

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stratiform.services.image.errors import ImageSizeLimitExceeded, StorageFull
from stratiform.services.image.model import StoredData

BLOCK_BYTES = 1024 * 1024

_STORAGE_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ImageDataUpload:
    """Image data while it is received. Not thread-safe; every method blocks."""

    def __init__(self, folder: Path, image_id: str, upload_id: str, size_cap: int, reserve: int) -> None:
        self.image_id = image_id
        self.upload_id = upload_id
        self.file_name = f"{image_id}.{upload_id}"
        self._folder = folder
        self._part = _part_path(folder, image_id, upload_id)
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512 = hashlib.sha512()
        self._size = 0
        self._size_cap = size_cap
        self._reserve = reserve
        self._file: BinaryIO | None = None

    def write(self, block: bytes | bytearray) -> None:
        """Append a block. Raises ImageSizeLimitExceeded, StorageFull."""
        self.check_size(len(block))
        with _storage_errors():
            file = self._open()
            self._check_reserve(len(block))
            file.write(block)
        self._md5.update(block)
        self._sha512.update(block)
        self._size += len(block)

    def check_size(self, size: int) -> None:
        """Raises ImageSizeLimitExceeded if the image is too large with `size` more bytes."""
        if self._size + size > self._size_cap:
            raise ImageSizeLimitExceeded

    def _check_reserve(self, size: int) -> None:
        """Raises StorageFull if less than the reserve of the disk would remain free."""
        if self._reserve and shutil.disk_usage(self._folder).free - size < self._reserve:
            raise StorageFull

    def finish(self) -> StoredData:
        """Flush the data to the disk and give the file its final name. Raises StorageFull."""
        with _storage_errors():
            file = self._open()
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._part.rename(self._folder / self.file_name)
            _sync_folder(self._folder)
        return StoredData(self.file_name, self._size, self._md5.hexdigest(), self._sha512.hexdigest())

    def discard_partial(self) -> None:
        """Delete the partial file, but not a finished one. Idempotent."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._part.unlink(missing_ok=True)

    def discard(self) -> None:
        """Delete the partial and the finished file. Idempotent."""
        self.discard_partial()
        (self._folder / self.file_name).unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._part.open("wb")
        return self._file


@dataclass(frozen=True, slots=True)
class ImageDataStore:
    """The folder with the data of all images.

    `size_cap`: the size limit of one image; `reserve`: the space of the disk that remains free; both in bytes.
    """

    folder: Path
    size_cap: int
    reserve: int = 0

    def open_upload(self, image_id: str, upload_id: str) -> ImageDataUpload:
        """Return an upload; the folder is untouched until the first write."""
        return ImageDataUpload(self.folder, image_id, upload_id, self.size_cap, self.reserve)

    def find_idle_seconds(self, image_id: str, upload_id: str) -> float | None:
        """Return the seconds since the last write of an upload, or None if it has no partial file."""
        try:
            return time.time() - _part_path(self.folder, image_id, upload_id).stat().st_mtime
        except FileNotFoundError:
            return None

    def exists(self, file_name: str) -> bool:
        return (self.folder / file_name).exists()

    def get_size(self, file_name: str) -> int:
        """Return the size of a file in bytes. Raises FileNotFoundError."""
        return (self.folder / file_name).stat().st_size

    def read_blocks(self, file_name: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes of a file from offset `start`, or all bytes to its end, in blocks."""
        with (self.folder / file_name).open("rb") as file:
            file.seek(start)
            remaining = length
            while remaining is None or remaining > 0:
                block = file.read(BLOCK_BYTES if remaining is None else min(BLOCK_BYTES, remaining))
                if not block:
                    return
                if remaining is not None:
                    remaining -= len(block)
                yield block

    def delete(self, image_id: str) -> None:
        """Delete every file of an image, partial ones included."""
        for path in self.folder.glob(f"{image_id}.*"):
            path.unlink(missing_ok=True)


def hash_blocks(file_name: str, blocks: Iterator[bytes]) -> StoredData:
    """Return the size and the hashes of the data of a stored file."""
    md5, sha512, size = hashlib.md5(usedforsecurity=False), hashlib.sha512(), 0
    for block in blocks:
        md5.update(block)
        sha512.update(block)
        size += len(block)
    return StoredData(file_name, size, md5.hexdigest(), sha512.hexdigest())


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Translate "no space left" errors of the file system."""
    try:
        yield
    except OSError as error:
        if error.errno in _STORAGE_FULL_ERRNOS:
            raise StorageFull from error
        raise


def _part_path(folder: Path, image_id: str, upload_id: str) -> Path:
    return folder / f"{image_id}.{upload_id}.part"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
