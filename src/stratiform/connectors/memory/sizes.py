"""Sizes of servers that the simulated cloud offers: those of its settings."""

from collections.abc import Iterator

from stratiform.connectors.memory.client import Client
from stratiform.contract.sizes import NativeSize


class MemorySizesDriver:
    """Implements contract.sizes.SizesDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[NativeSize]:
        with self._client.open_request():
            yield from self._client.settings.sizes
