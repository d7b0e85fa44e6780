"""The connector for AWS."""

from collections.abc import Mapping, Sequence

from stratiform.connectors.aws.compute import AwsComputeDriver
from stratiform.connectors.aws.image import AwsImageDriver
from stratiform.connectors.aws.network import AwsNetworkDriver
from stratiform.connectors.aws.routing import AwsRoutingDriver
from stratiform.connectors.aws.routing_limits import check_routing
from stratiform.connectors.aws.server_operations import UNSUPPORTED
from stratiform.connectors.aws.server_types import AwsServerTypeDriver
from stratiform.connectors.aws.settings import SETTINGS, parse_settings
from stratiform.connectors.aws.snapshot import AwsSnapshotDriver
from stratiform.connectors.aws.usage import AwsUsageDriver
from stratiform.connectors.aws.volume import AwsVolumeDriver
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


class AwsCloud:
    """A connection to one AWS account in one region."""

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
        # Importing boto3 takes 0.3 s and 50 MiB, so it is imported only if an AWS account is used.
        from stratiform.connectors.aws.client import Client

        self._client = Client(parse_settings(account.settings), installation.id)
        compute = AwsComputeDriver(self._client)
        self.compute = compute
        self.volume = AwsVolumeDriver(self._client)
        self.snapshot = AwsSnapshotDriver(self._client)
        self.network = AwsNetworkDriver(self._client)
        self.routing = AwsRoutingDriver(self._client)
        self.image = AwsImageDriver(self._client)
        self.server_types = AwsServerTypeDriver(self._client)
        self.usage = AwsUsageDriver(self._client, compute)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class AwsConnector:
    """Implements contract.connector.Connector."""

    kind = "aws"
    settings: Sequence[Setting] = SETTINGS
    unsupported: Mapping[ServerOperation, str] = UNSUPPORTED
    assigns_floating_addresses = True

    def connect(self, account: CloudAccount, installation: Installation) -> AwsCloud:
        return AwsCloud(account, installation)

    def check_routing(self, desired: RoutingObject) -> None:
        check_routing(desired)


connector = AwsConnector()
