"""The bytes of images: one file each, complete or not there.

Bytes arrive in a part file that is hashed while it is written; only a whole one gets its name.
"""

import errno
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from stratiform.services.image.errors import StoreFull
from stratiform.services.image.model import Stored

BLOCK_BYTES = 1024 * 1024

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Incoming:
    """Bytes on their way in. Used by one thread at a time; blocks."""

    def __init__(self, folder: Path, image_id: str, upload: str) -> None:
        self.image_id = image_id
        self.upload = upload
        self.name = f"{image_id}.{upload}"
        self._folder = folder
        self._part = folder / f"{self.name}.part"
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._sha512 = hashlib.sha512()
        self._size = 0
        self._file: BinaryIO | None = None

    def write(self, block: bytes | bytearray) -> None:
        """Raises StoreFull."""
        try:
            self._open().write(block)
        except OSError as error:
            raise _told(error) from error
        self._md5.update(block)
        self._sha512.update(block)
        self._size += len(block)

    def finish(self) -> Stored:
        """All bytes are there and on the disk, under their name. Raises StoreFull."""
        try:
            file = self._open()
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._part.rename(self._folder / self.name)
            _sync_folder(self._folder)
        except OSError as error:
            raise _told(error) from error
        return Stored(self.name, self._size, self._md5.hexdigest(), self._sha512.hexdigest())

    def drop_part(self) -> None:
        """What is not whole goes; what has its name already stays. Safe to repeat."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._part.unlink(missing_ok=True)

    def drop(self) -> None:
        """As if nothing had ever come. Safe to repeat."""
        self.drop_part()
        (self._folder / self.name).unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._part.open("wb")
        return self._file


def silent_for_s(folder: Path, image_id: str, upload: str) -> float | None:
    """How long no byte of this upload has come; None where there is no trace of it."""
    try:
        return time.time() - (folder / f"{image_id}.{upload}.part").stat().st_mtime
    except FileNotFoundError:
        return None


def blocks(path: Path, start: int = 0, length: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from `start` on, in blocks."""
    with path.open("rb") as file:
        file.seek(start)
        left = length
        while left is None or left > 0:
            block = file.read(BLOCK_BYTES if left is None else min(BLOCK_BYTES, left))
            if not block:
                return
            if left is not None:
                left -= len(block)
            yield block


def remove(folder: Path, image_id: str) -> None:
    """Everything that the store has of an image."""
    for path in folder.glob(f"{image_id}.*"):
        path.unlink(missing_ok=True)


def _told(error: OSError) -> Exception:
    return StoreFull() if error.errno in _FULL else error


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
