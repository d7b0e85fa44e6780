"""The connector for the simulated cloud: the default cloud of an installation, and the fault injector of tests."""

from collections.abc import Sequence

from stratiform.connectors.memory.client import Client
from stratiform.connectors.memory.compute import MemoryCompute
from stratiform.connectors.memory.image import MemoryImage
from stratiform.connectors.memory.network import MemoryNetwork
from stratiform.connectors.memory.settings import SETTINGS, parse_settings
from stratiform.connectors.memory.usage import MemoryUsage
from stratiform.connectors.memory.volume import MemoryVolume
from stratiform.contract.compute import ComputeCapability
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageCapability
from stratiform.contract.network import NetworkCapability
from stratiform.contract.usage import UsageCapability
from stratiform.contract.volume import VolumeCapability


class MemoryCloud:
    """A connection to a simulated cloud. `client` lets tests inject faults and read the history."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.compute: ComputeCapability | None = MemoryCompute(client)
        self.volume: VolumeCapability | None = MemoryVolume(client)
        self.network: NetworkCapability | None = MemoryNetwork(client)
        self.image: ImageCapability | None = MemoryImage(client)
        self.usage: UsageCapability | None = MemoryUsage(client)

    def check_credentials(self) -> AccountInfo:
        with self.client.request() as request:
            return AccountInfo(identity=f"memory:{self.client.name}", zones=request.zones)


class MemoryConnector:
    """Implements contract.connector.Connector."""

    kind = "memory"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, installation: Installation) -> MemoryCloud:
        return MemoryCloud(Client(account.name, installation, parse_settings(account.settings)))


connector = MemoryConnector()
