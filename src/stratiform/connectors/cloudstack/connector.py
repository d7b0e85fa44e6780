"""The connector for CloudStack."""

from collections.abc import Mapping, Sequence

from stratiform.connectors.cloudstack.compute import CloudStackComputeDriver
from stratiform.connectors.cloudstack.image import CloudStackImageDriver
from stratiform.connectors.cloudstack.network import CloudStackNetworkDriver
from stratiform.connectors.cloudstack.routing import CloudStackRoutingDriver
from stratiform.connectors.cloudstack.routing_limits import check_routing
from stratiform.connectors.cloudstack.server_operations import UNSUPPORTED
from stratiform.connectors.cloudstack.server_types import CloudStackServerTypeDriver
from stratiform.connectors.cloudstack.settings import SETTINGS, parse_settings
from stratiform.connectors.cloudstack.snapshot import CloudStackSnapshotDriver
from stratiform.connectors.cloudstack.usage import CloudStackUsageDriver
from stratiform.connectors.cloudstack.volume import CloudStackVolumeDriver
from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver, RoutingObject
from stratiform.contract.server_operations import ServerOperation
from stratiform.contract.server_types import ServerTypeDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver


class CloudStackCloud:
    """A connection to one CloudStack account in one zone."""

    compute: ComputeDriver | None
    volume: VolumeDriver | None
    snapshot: SnapshotDriver | None
    adoption: AdoptionDriver | None = None
    network: NetworkDriver | None
    routing: RoutingDriver | None
    image: ImageDriver | None
    server_types: ServerTypeDriver | None
    usage: UsageDriver | None

    def __init__(self, account: CloudAccount, installation: Installation) -> None:
        # Importing cs and requests takes 0.1 s, so they are imported only if a CloudStack account is used.
        from stratiform.connectors.cloudstack.client import Client

        self._client = Client(parse_settings(account.settings), installation.id)
        self.compute = CloudStackComputeDriver(self._client)
        self.volume = CloudStackVolumeDriver(self._client)
        self.snapshot = CloudStackSnapshotDriver(self._client)
        self.network = CloudStackNetworkDriver(self._client)
        self.routing = CloudStackRoutingDriver(self._client)
        self.image = CloudStackImageDriver(self._client)
        self.server_types = CloudStackServerTypeDriver(self._client)
        self.usage = CloudStackUsageDriver(self._client)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class CloudStackConnector:
    """Implements contract.connector.Connector."""

    kind = "cloudstack"
    settings: Sequence[Setting] = SETTINGS
    unsupported: Mapping[ServerOperation, str] = UNSUPPORTED
    assigns_floating_addresses = True

    def connect(self, account: CloudAccount, installation: Installation) -> CloudStackCloud:
        return CloudStackCloud(account, installation)

    def check_routing(self, desired: RoutingObject) -> None:
        check_routing(desired)


connector = CloudStackConnector()
