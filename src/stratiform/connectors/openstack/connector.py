"""The connector for OpenStack."""

from collections.abc import Mapping, Sequence

from stratiform.connectors.openstack.adoption import OpenstackAdoptionDriver
from stratiform.connectors.openstack.compute import OpenstackComputeDriver
from stratiform.connectors.openstack.image import OpenstackImageDriver
from stratiform.connectors.openstack.network import OpenstackNetworkDriver
from stratiform.connectors.openstack.routing import OpenstackRoutingDriver
from stratiform.connectors.openstack.routing_limits import check_routing
from stratiform.connectors.openstack.server_operations import UNSUPPORTED
from stratiform.connectors.openstack.server_types import OpenstackServerTypeDriver
from stratiform.connectors.openstack.settings import SETTINGS, parse_settings
from stratiform.connectors.openstack.snapshot import OpenstackSnapshotDriver
from stratiform.connectors.openstack.usage import OpenstackUsageDriver
from stratiform.connectors.openstack.volume import OpenstackVolumeDriver
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


class OpenstackCloud:
    """A connection to one OpenStack cloud and region."""

    compute: ComputeDriver | None
    volume: VolumeDriver | None
    snapshot: SnapshotDriver | None
    adoption: AdoptionDriver | None
    network: NetworkDriver | None
    routing: RoutingDriver | None
    image: ImageDriver | None
    server_types: ServerTypeDriver | None
    usage: UsageDriver | None

    def __init__(self, account: CloudAccount, installation: Installation) -> None:
        # Importing openstacksdk takes more than a second, so it is imported only if an OpenStack cloud is used.
        from stratiform.connectors.openstack.client import Client

        self._client = Client(parse_settings(account.settings), installation.id)
        self.compute = OpenstackComputeDriver(self._client)
        self.volume = OpenstackVolumeDriver(self._client)
        self.snapshot = OpenstackSnapshotDriver(self._client)
        self.adoption = OpenstackAdoptionDriver(self._client)
        self.network = OpenstackNetworkDriver(self._client)
        self.routing = OpenstackRoutingDriver(self._client)
        self.image = OpenstackImageDriver(self._client)
        self.server_types = OpenstackServerTypeDriver(self._client)
        self.usage = OpenstackUsageDriver(self._client)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class OpenstackConnector:
    """Implements contract.connector.Connector."""

    kind = "openstack"
    settings: Sequence[Setting] = SETTINGS
    unsupported: Mapping[ServerOperation, str] = UNSUPPORTED
    assigns_floating_addresses = True
    multiattach = True

    def connect(self, account: CloudAccount, installation: Installation) -> OpenstackCloud:
        return OpenstackCloud(account, installation)

    def check_routing(self, desired: RoutingObject) -> None:
        check_routing(desired)


connector = OpenstackConnector()
