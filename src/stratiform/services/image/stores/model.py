"""The protocol that all stores implement."""

from collections.abc import Iterator, Mapping
from typing import Protocol

BLOCK_BYTES = 1024 * 1024


class ObjectWriter(Protocol):
    """An object while its data is received. Not thread-safe; every method blocks."""

    def write(self, block: bytes | bytearray) -> None:
        """Append a block. Raises StorageFull, StoreUnavailable."""

    def finish(self) -> None:
        """Store the object under its name, which nothing reads before. Raises StorageFull, StoreUnavailable."""

    def abort(self) -> None:
        """Delete what was received, but not a finished object. Idempotent; errors are logged."""


class DataStore(Protocol):
    """Stores objects by name. `is_read_only`: the names are addresses of data that others own.

    All methods may raise StoreUnavailable.
    """

    @property
    def id(self) -> str: ...

    @property
    def kind(self) -> str: ...

    @property
    def description(self) -> str: ...

    @property
    def weight(self) -> int: ...

    @property
    def is_read_only(self) -> bool: ...

    def open_writer(self, name: str) -> ObjectWriter:
        """Return a writer; nothing is stored until the first write. Raises StoreReadOnly."""

    def exists(self, name: str) -> bool: ...

    def get_size(self, name: str) -> int:
        """Return the size of an object in bytes. Raises FileNotFoundError."""

    def read_blocks(self, name: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes from offset `start`, or all bytes to the end, in blocks."""

    def delete(self, name: str) -> None:
        """Delete an object and unfinished ones of this name. Idempotent."""

    def delete_prefix(self, prefix: str) -> None:
        """Delete every object, unfinished ones included, whose name starts with `prefix`. Idempotent."""

    def build_url(self, name: str) -> str:
        """Return the address of an object, without credentials."""

    def describe(self) -> Mapping[str, object]:
        """Return the properties that operators see, under Glance's names."""
