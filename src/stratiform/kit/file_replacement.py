"""Replacement of files: a new content appears under its name when it is complete."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def open_replacement(file: Path, permissions: int = 0o666) -> Iterator[BinaryIO]:
    """Open a file for writing; it replaces `file` at the end, and is deleted after an exception.

    A device, pipe or socket is written directly: another file in its place would not be read by anyone. A symbolic link
    stays, and its target is replaced.
    """
    target = Path(os.path.realpath(file))
    if target.exists() and not target.is_file():
        with target.open("wb") as opened:
            yield opened
        return
    partial = target.with_name(f".{target.name}.partial")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, permissions)
        with os.fdopen(descriptor, "wb") as opened:
            yield opened
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
