"""Server types capability of the simulated cloud."""

from collections.abc import Iterator

from stratiform.connectors.memory.client import Client
from stratiform.contract.server_types import NativeServerType

#: Name, vCPUs, MiB of memory, GiB of disk.
_SIZES = (
    ("memory.large", 4, 8192, 80),
    ("memory.medium", 2, 4096, 40),
    ("memory.small", 1, 2048, 20),
)


class MemoryServerTypeDriver:
    """Implements contract.server_types.ServerTypeDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[NativeServerType]:
        with self._client.open_request():
            return iter([NativeServerType(name, name, *sizes) for name, *sizes in _SIZES])
