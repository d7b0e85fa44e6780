"""The connector for Yandex Cloud."""

from collections.abc import Mapping, Sequence

from stratiform.connectors.yandex.routing_limits import check_routing
from stratiform.connectors.yandex.server_operations import UNSUPPORTED
from stratiform.connectors.yandex.settings import SETTINGS, parse_settings
from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver, RoutingObject
from stratiform.contract.server_operations import ServerOperation
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver


class YandexCloud:
    """A connection to one folder of Yandex Cloud."""

    compute: ComputeDriver | None
    volume: VolumeDriver | None
    snapshot: SnapshotDriver | None
    adoption: AdoptionDriver | None
    network: NetworkDriver | None
    routing: RoutingDriver | None
    image: ImageDriver | None
    usage: UsageDriver | None

    def __init__(self, account: CloudAccount, installation: Installation) -> None:
        settings = parse_settings(account.settings)
        # Importing the SDK takes 0.3 s and 40 MiB, so it is imported only if an account of Yandex Cloud is used.
        from stratiform.connectors.yandex.adoption import YandexAdoptionDriver
        from stratiform.connectors.yandex.client import Client
        from stratiform.connectors.yandex.compute import YandexComputeDriver
        from stratiform.connectors.yandex.image import YandexImageDriver
        from stratiform.connectors.yandex.network import YandexNetworkDriver
        from stratiform.connectors.yandex.operations import Operations
        from stratiform.connectors.yandex.routing import YandexRoutingDriver
        from stratiform.connectors.yandex.snapshot import YandexSnapshotDriver
        from stratiform.connectors.yandex.usage import YandexUsageDriver
        from stratiform.connectors.yandex.volume import YandexVolumeDriver

        self._client = Client(settings, installation)
        operations = Operations(self._client)
        images = YandexImageDriver(self._client, operations)
        self.compute = YandexComputeDriver(self._client, operations, images)
        self.volume = YandexVolumeDriver(self._client, operations)
        self.snapshot = YandexSnapshotDriver(self._client, operations, images)
        self.adoption = YandexAdoptionDriver(self._client, operations)
        self.network = YandexNetworkDriver(self._client, operations)
        self.routing = YandexRoutingDriver(self._client, operations)
        self.image = images
        self.usage = YandexUsageDriver(self._client)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class YandexConnector:
    """Implements contract.connector.Connector."""

    kind = "yandex"
    settings: Sequence[Setting] = SETTINGS
    unsupported: Mapping[ServerOperation, str] = UNSUPPORTED
    assigns_floating_addresses = True

    def connect(self, account: CloudAccount, installation: Installation) -> YandexCloud:
        return YandexCloud(account, installation)

    def check_routing(self, desired: RoutingObject) -> None:
        check_routing(desired)


connector = YandexConnector()
