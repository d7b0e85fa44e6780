"""Offerings capability of the simulated cloud."""

from collections.abc import Iterator

from stratiform.connectors.memory.client import Client
from stratiform.contract.offerings import NativeOffering

#: Name, vCPUs, MiB of memory, GiB of disk.
_SIZES = (
    ("memory.large", 4, 8192, 80),
    ("memory.medium", 2, 4096, 40),
    ("memory.small", 1, 2048, 20),
)


class MemoryOfferingDriver:
    """Implements contract.offerings.OfferingDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[NativeOffering]:
        with self._client.open_request():
            return iter([NativeOffering(name, name, *sizes) for name, *sizes in _SIZES])
