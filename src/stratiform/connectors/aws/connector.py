"""The connector for AWS."""

from collections.abc import Sequence

from stratiform.connectors.aws.compute import AwsCompute
from stratiform.connectors.aws.image import AwsImage
from stratiform.connectors.aws.network import AwsNetwork
from stratiform.connectors.aws.settings import SETTINGS, parse_settings
from stratiform.connectors.aws.usage import AwsUsage
from stratiform.connectors.aws.volume import AwsVolume
from stratiform.contract.compute import ComputeCapability
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageCapability
from stratiform.contract.network import NetworkCapability
from stratiform.contract.usage import UsageCapability
from stratiform.contract.volume import VolumeCapability


class AwsCloud:
    """A connection to one AWS account in one region."""

    compute: ComputeCapability | None
    volume: VolumeCapability | None
    network: NetworkCapability | None
    image: ImageCapability | None
    usage: UsageCapability | None

    def __init__(self, account: CloudAccount, installation: Installation) -> None:
        # Importing boto3 takes 0.3 s and 50 MiB, so it is imported only if an AWS account is used.
        from stratiform.connectors.aws.client import Client

        self._client = Client(parse_settings(account.settings), installation.id)
        compute = AwsCompute(self._client)
        self.compute = compute
        self.volume = AwsVolume(self._client)
        self.network = AwsNetwork(self._client)
        self.image = AwsImage(self._client)
        self.usage = AwsUsage(self._client, compute)

    def check_credentials(self) -> AccountInfo:
        return self._client.check_credentials()


class AwsConnector:
    """Implements contract.connector.Connector."""

    kind = "aws"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, installation: Installation) -> AwsCloud:
        return AwsCloud(account, installation)


connector = AwsConnector()
