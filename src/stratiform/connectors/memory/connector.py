"""The simulated cloud: the embedded default, and the fault injector of the tests."""

from collections.abc import Sequence

from stratiform.connectors.memory.client import Client
from stratiform.connectors.memory.compute import MemoryCompute
from stratiform.connectors.memory.image import MemoryImages
from stratiform.connectors.memory.network import MemoryNetworks
from stratiform.connectors.memory.settings import SETTINGS, parse
from stratiform.connectors.memory.usage import MemoryUsage
from stratiform.connectors.memory.volume import MemoryVolumes
from stratiform.contract.compute import Compute
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import Images
from stratiform.contract.network import Networks
from stratiform.contract.usage import Usage
from stratiform.contract.volume import Volumes


class MemoryCloud:
    """One simulated account. `client` is for tests: faults and history."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.compute: Compute | None = MemoryCompute(client)
        self.volume: Volumes | None = MemoryVolumes(client)
        self.network: Networks | None = MemoryNetworks(client)
        self.image: Images | None = MemoryImages(client)
        self.usage: Usage | None = MemoryUsage(client)

    def check(self) -> AccountInfo:
        with self.client.request() as request:
            return AccountInfo(identity=f"memory:{self.client.name}", zones=request.zones)


class MemoryConnector:
    """contract.connector.Connector."""

    kind = "memory"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, place: Installation) -> MemoryCloud:
        return MemoryCloud(Client(account.name, place, parse(account.settings)))


connector = MemoryConnector()
