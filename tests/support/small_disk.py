"""A small filesystem in memory that a test can fill up."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_BLOCK = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A directory. `is_limited`: it is a filesystem of its own, which requires root."""

    folder: Path
    is_limited: bool

    def fill(self, free_bytes: int = 0) -> None:
        """Use all space but `free_bytes`."""
        assert self.is_limited, "this would fill the machine's own disk"
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            while self.free() > free_bytes:
                file.write(_BLOCK[: max(1, min(len(_BLOCK), self.free() - free_bytes))])

    def empty(self) -> None:
        """Free the space that `fill` used."""
        self._filler.unlink(missing_ok=True)

    def make_read_only(self) -> None:
        """Refuse all writes from now on."""
        assert self.is_limited
        subprocess.run(["mount", "-o", "remount,ro", str(self.folder)], check=True, capture_output=True)

    def free(self) -> int:
        """Return the free space in bytes."""
        status = os.statvfs(self.folder)
        return status.f_bavail * status.f_frsize

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[SmallDisk]:
    """Mount a filesystem of `mib` MiB on `folder`; use the directory itself where mounting is not allowed."""
    folder.mkdir(parents=True, exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "stratiform-test", str(folder)]
    is_mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    try:
        yield SmallDisk(folder, is_mounted)
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
