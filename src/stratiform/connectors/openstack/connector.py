"""The connector for OpenStack."""

from collections.abc import Sequence

from stratiform.connectors.openstack.settings import SETTINGS, parse_settings
from stratiform.connectors.openstack.usage import OpenstackUsage
from stratiform.contract.compute import ComputeCapability
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageCapability
from stratiform.contract.network import NetworkCapability
from stratiform.contract.usage import UsageCapability
from stratiform.contract.volume import VolumeCapability


class OpenstackCloud:
    """A connection to one OpenStack installation and region."""

    compute: ComputeCapability | None = None
    volume: VolumeCapability | None = None
    network: NetworkCapability | None = None
    image: ImageCapability | None = None
    usage: UsageCapability | None

    def __init__(self, account: CloudAccount) -> None:
        # Importing openstacksdk takes more than a second, so it is imported only if an OpenStack cloud is used.
        from stratiform.connectors.openstack.client import Client

        self._client = Client(parse_settings(account.settings))
        self.usage = OpenstackUsage(self._client)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class OpenstackConnector:
    """Implements contract.connector.Connector."""

    kind = "openstack"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, installation: Installation) -> OpenstackCloud:  # noqa: ARG002 - the contract's signature
        return OpenstackCloud(account)


connector = OpenstackConnector()
