"""Data on web servers, at addresses that were registered as locations of images. Read-only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn

from stratiform.kit.public_downloads import DownloadFailed, Network, find_download_size, open_download
from stratiform.services.image.errors import StoreReadOnly, StoreUnavailable


@dataclass(frozen=True, slots=True)
class HttpStore:
    """The names are URLs. Only public addresses, and those of `networks`, are contacted."""

    id: str
    networks: Sequence[Network] = ()
    description: str = ""
    weight: int = 0
    kind: str = "http"
    is_read_only: bool = True

    def open_writer(self, name: str) -> NoReturn:  # noqa: ARG002 - as in the protocol
        """Raises StoreReadOnly."""
        raise StoreReadOnly

    def exists(self, name: str) -> bool:
        """Return True if the server responds with the size of the data. Raises StoreUnavailable."""
        return self.get_size(name) >= 0

    def get_size(self, name: str) -> int:
        """Return the size that the server reports, in bytes. Raises StoreUnavailable."""
        try:
            size = find_download_size(name, self.networks)
        except DownloadFailed as error:
            raise StoreUnavailable(self.id, error.message) from error
        if size is None:
            raise StoreUnavailable(self.id, "the server does not report the size of the data")
        return size

    def read_blocks(self, name: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes from offset `start`, or all bytes to the end, in blocks. Raises StoreUnavailable."""
        skipped, remaining = start, length
        try:
            with open_download(name, self.networks) as blocks:
                for downloaded in blocks:
                    block = downloaded[skipped:]
                    skipped -= len(downloaded) - len(block)
                    if remaining is not None:
                        block = block[:remaining]
                        remaining -= len(block)
                    if block:
                        yield block
                    if remaining == 0:
                        return
        except DownloadFailed as error:
            raise StoreUnavailable(self.id, error.message) from error

    def delete(self, name: str) -> None:
        """Do nothing: the data belongs to others."""

    def delete_prefix(self, prefix: str) -> None:
        """Do nothing: the data belongs to others."""

    def build_url(self, name: str) -> str:
        return name

    def describe(self) -> Mapping[str, object]:
        return {}
