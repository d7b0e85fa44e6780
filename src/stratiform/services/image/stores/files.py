"""A folder with one file per object.

A writer writes a `.part` file, which gets its final name only when it is complete.
"""

import errno
import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from stratiform.services.image.errors import StorageFull
from stratiform.services.image.stores.model import BLOCK_BYTES

_STORAGE_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class FileWriter:
    """A file while its data is received."""

    def __init__(self, folder: Path, name: str, reserve: int) -> None:
        self._folder = folder
        self._name = name
        self._part = _part_path(folder, name)
        self._reserve = reserve
        self._file: BinaryIO | None = None

    def write(self, block: bytes | bytearray) -> None:
        """Append a block. Raises StorageFull."""
        with _storage_errors():
            file = self._open()
            self._check_reserve(len(block))
            file.write(block)

    def finish(self) -> None:
        """Flush the data to the disk and give the file its final name. Raises StorageFull."""
        with _storage_errors():
            file = self._open()
            file.flush()
            os.fsync(file.fileno())
            file.close()
            self._part.rename(self._folder / self._name)
            _sync_folder(self._folder)

    def abort(self) -> None:
        """Delete the partial file, but not a finished one. Idempotent."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
        self._part.unlink(missing_ok=True)

    def _check_reserve(self, size: int) -> None:
        """Raises StorageFull if less than the reserve of the disk would remain free."""
        if self._reserve and shutil.disk_usage(self._folder).free - size < self._reserve:
            raise StorageFull

    def _open(self) -> BinaryIO:
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = self._part.open("wb")
        return self._file


@dataclass(frozen=True, slots=True)
class FileStore:
    """`reserve`: bytes of the disk that remain free."""

    id: str
    folder: Path
    reserve: int = 0
    description: str = ""
    weight: int = 0
    kind: str = "file"
    is_read_only: bool = False

    def open_writer(self, name: str) -> FileWriter:
        """Return a writer; the folder is untouched until the first write."""
        return FileWriter(self.folder, name, self.reserve)

    def exists(self, name: str) -> bool:
        return (self.folder / name).exists()

    def get_size(self, name: str) -> int:
        """Return the size of a file in bytes. Raises FileNotFoundError."""
        return (self.folder / name).stat().st_size

    def read_blocks(self, name: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes from offset `start`, or all bytes to the end, in blocks."""
        with (self.folder / name).open("rb") as file:
            file.seek(start)
            remaining = length
            while remaining is None or remaining > 0:
                block = file.read(BLOCK_BYTES if remaining is None else min(BLOCK_BYTES, remaining))
                if not block:
                    return
                if remaining is not None:
                    remaining -= len(block)
                yield block

    def delete(self, name: str) -> None:
        """Delete a file, and the partial one. Idempotent."""
        _part_path(self.folder, name).unlink(missing_ok=True)
        (self.folder / name).unlink(missing_ok=True)

    def delete_prefix(self, prefix: str) -> None:
        """Delete every file whose name starts with `prefix`, partial ones included."""
        for path in self.folder.glob(f"{prefix}*"):
            path.unlink(missing_ok=True)

    def build_url(self, name: str) -> str:
        return (self.folder / name).absolute().as_uri()

    def describe(self) -> Mapping[str, object]:
        return {"data_dir": str(self.folder), "chunk_size": BLOCK_BYTES, "thin_provisioning": False}

    def find_idle_seconds(self, name: str) -> float | None:
        """Return the seconds since the last write of a partial file, or None if it does not exist."""
        try:
            return time.time() - _part_path(self.folder, name).stat().st_mtime
        except FileNotFoundError:
            return None

    def touch_partial(self, name: str) -> None:
        """Record a write for `find_idle_seconds`, although the data is received by another store."""
        with _storage_errors():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _part_path(self.folder, name).touch(mode=0o600)


@contextmanager
def _storage_errors() -> Iterator[None]:
    """Translate "no space left" errors of the file system."""
    try:
        yield
    except OSError as error:
        if error.errno in _STORAGE_FULL_ERRNOS:
            raise StorageFull from error
        raise


def _part_path(folder: Path, name: str) -> Path:
    return folder / f"{name}.part"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
