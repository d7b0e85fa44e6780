"""A small filesystem of its own in memory, which a test may fill to the last byte and free again."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PIECE = bytes(64 * 1024)


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """A folder that holds only so much, where a filesystem of its own could be mounted there (that needs root)."""

    folder: Path
    limited: bool

    def fill(self, leave: int = 0) -> None:
        """Take all room but `leave` bytes."""
        assert self.limited, "this would fill the machine's own disk"
        with self._filler.open("ab", buffering=0) as file, suppress(OSError):
            while self.free() > leave:
                file.write(_PIECE[: max(1, min(len(_PIECE), self.free() - leave))])

    def empty(self) -> None:
        """Give back what `fill` took."""
        self._filler.unlink(missing_ok=True)

    def free(self) -> int:
        """Bytes that are left."""
        at = os.statvfs(self.folder)
        return at.f_bavail * at.f_frsize

    @property
    def _filler(self) -> Path:
        return self.folder / "filler"


@contextmanager
def small_disk(folder: Path, mib: int) -> Iterator[SmallDisk]:
    """`folder` as a filesystem of `mib` MiB, or as it is where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    line = ["mount", "-t", "tmpfs", "-o", f"size={mib}m,mode=755", "stratiform-test", str(folder)]
    mounted = subprocess.run(line, capture_output=True, check=False).returncode == 0
    try:
        yield SmallDisk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, capture_output=True)
