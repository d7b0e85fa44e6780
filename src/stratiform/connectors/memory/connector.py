"""The connector for the simulated cloud: the default cloud of an installation, and the fault injector of tests."""

from collections.abc import Sequence

from stratiform.connectors.memory.adoption import MemoryAdoptionDriver
from stratiform.connectors.memory.client import Client
from stratiform.connectors.memory.compute import MemoryComputeDriver
from stratiform.connectors.memory.image import MemoryImageDriver
from stratiform.connectors.memory.network import MemoryNetworkDriver
from stratiform.connectors.memory.routing import MemoryRoutingDriver
from stratiform.connectors.memory.server_types import MemoryServerTypeDriver
from stratiform.connectors.memory.settings import SETTINGS, parse_settings
from stratiform.connectors.memory.snapshot import MemorySnapshotDriver
from stratiform.connectors.memory.usage import MemoryUsageDriver
from stratiform.connectors.memory.volume import MemoryVolumeDriver
from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.server_types import ServerTypeDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver


class MemoryCloud:
    """A connection to a simulated cloud. `client` lets tests inject faults and read the history."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.compute: ComputeDriver | None = MemoryComputeDriver(client)
        self.volume: VolumeDriver | None = MemoryVolumeDriver(client)
        self.snapshot: SnapshotDriver | None = MemorySnapshotDriver(client)
        self.adoption: AdoptionDriver | None = MemoryAdoptionDriver(client)
        self.network: NetworkDriver | None = MemoryNetworkDriver(client)
        self.routing: RoutingDriver | None = MemoryRoutingDriver(client)
        self.image: ImageDriver | None = MemoryImageDriver(client)
        self.server_types: ServerTypeDriver | None = MemoryServerTypeDriver(client)
        self.usage: UsageDriver | None = MemoryUsageDriver(client)

    def check_credentials(self) -> AccountInfo:
        with self.client.open_request() as request:
            return AccountInfo(identity=f"memory:{self.client.name}", zones=request.zones)


class MemoryConnector:
    """Implements contract.connector.Connector."""

    kind = "memory"
    settings: Sequence[Setting] = SETTINGS
    consistent_snapshots = True
    multiattach = True
    reimage = True

    def connect(self, account: CloudAccount, installation: Installation) -> MemoryCloud:
        return MemoryCloud(Client(account.name, installation, parse_settings(account.settings)))


connector = MemoryConnector()
