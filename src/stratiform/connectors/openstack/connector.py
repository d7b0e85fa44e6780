"""The connector for OpenStack."""

from collections.abc import Sequence

from stratiform.connectors.openstack.settings import SETTINGS, parse_settings
from stratiform.connectors.openstack.usage import OpenstackUsageDriver
from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver


class OpenstackCloud:
    """A connection to one OpenStack installation and region."""

    compute: ComputeDriver | None = None
    volume: VolumeDriver | None = None
    snapshot: SnapshotDriver | None = None
    adoption: AdoptionDriver | None = None
    network: NetworkDriver | None = None
    routing: RoutingDriver | None = None
    image: ImageDriver | None = None
    usage: UsageDriver | None

    def __init__(self, account: CloudAccount) -> None:
        # Importing openstacksdk takes more than a second, so it is imported only if an OpenStack cloud is used.
        from stratiform.connectors.openstack.client import Client

        self._client = Client(parse_settings(account.settings))
        self.usage = OpenstackUsageDriver(self._client)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class OpenstackConnector:
    """Implements contract.connector.Connector."""

    kind = "openstack"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, installation: Installation) -> OpenstackCloud:  # noqa: ARG002 - the contract's signature
        return OpenstackCloud(account)


connector = OpenstackConnector()
