"""The files of a home that belong into a backup."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from stratiform.app.home_folder import PROGRAMS

#: Files that only describe running programs, and logs.
_TRANSIENT = {"address", "bootstrap.lock", *(f"{name}.{suffix}" for name in PROGRAMS for suffix in ("pid", "json"))}

_SQLITE_HEADER = b"SQLite format 3\0"
_SQLITE_SUFFIXES = ("-wal", "-shm", "-journal")


def list_files(home: Path, excluded: frozenset[Path]) -> list[Path]:
    """Return the regular files of a home, in a fixed order: without `excluded` ones, logs, and files being written."""
    return [
        path
        for path in sorted(home.rglob("*"))
        if path.is_file() and path not in excluded and not _is_transient(path.relative_to(home))
    ]


def _is_transient(path: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in path.parts)
    is_partial = path.suffix == ".part" or path.name.endswith(_SQLITE_SUFFIXES)
    return is_hidden or is_partial or str(path) in _TRANSIENT or path.name.startswith("stratiform.log")


def read_key_files(home: Path) -> dict[str, bytes]:
    """Return the content of all files in `keys`, by path in the home."""
    keys = home / "keys"
    return {
        str(path.relative_to(home)): path.read_bytes() for path in list_files(home, frozenset()) if keys in path.parents
    }


@contextmanager
def open_consistently(file: Path) -> Iterator[tuple[BinaryIO, int]]:
    """Yield the content of a file and its size; of an SQLite database a copy with the state of one instant."""
    with file.open("rb") as source:
        if source.read(len(_SQLITE_HEADER)) != _SQLITE_HEADER:
            source.seek(0)
            yield source, file.stat().st_size
            return
    with TemporaryDirectory(prefix="stratiform-") as folder:
        copy = Path(folder) / file.name
        with closing(sqlite3.connect(file)) as original, closing(sqlite3.connect(copy)) as target:
            original.backup(target)
        with copy.open("rb") as source:
            yield source, copy.stat().st_size
