"""Server types capability of the simulated cloud: the types of its settings."""

from collections.abc import Iterator

from stratiform.connectors.memory.client import Client
from stratiform.contract.server_types import NativeServerType


class MemoryServerTypeDriver:
    """Implements contract.server_types.ServerTypeDriver."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def list(self) -> Iterator[NativeServerType]:
        with self._client.open_request():
            return iter(sorted(self._client.settings.server_types, key=lambda server_type: server_type.id))
