"""The connector for AWS."""

from collections.abc import Sequence

from stratiform.connectors.aws.compute import AwsCompute
from stratiform.connectors.aws.image import AwsImages
from stratiform.connectors.aws.network import AwsNetworks
from stratiform.connectors.aws.settings import SETTINGS, parse
from stratiform.connectors.aws.usage import AwsUsage
from stratiform.connectors.aws.volume import AwsVolumes
from stratiform.contract.compute import Compute
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import Images
from stratiform.contract.network import Networks
from stratiform.contract.usage import Usage
from stratiform.contract.volume import Volumes


class AwsCloud:
    """One AWS account in one region."""

    compute: Compute | None
    volume: Volumes | None
    network: Networks | None
    image: Images | None
    usage: Usage | None

    def __init__(self, account: CloudAccount, place: Installation) -> None:
        # boto3 takes a third of a second and 50 MiB to load: only who has an AWS cloud pays for it.
        from stratiform.connectors.aws.client import Client

        self._client = Client(parse(account.settings), place.installation)
        compute = AwsCompute(self._client)
        self.compute = compute
        self.volume = AwsVolumes(self._client)
        self.network = AwsNetworks(self._client)
        self.image = AwsImages(self._client)
        self.usage = AwsUsage(self._client, compute)

    def check(self) -> AccountInfo:
        return self._client.check()


class AwsConnector:
    """Finds its settings in `settings.py`; asks AWS nothing before it is used."""

    kind = "aws"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, place: Installation) -> AwsCloud:
        return AwsCloud(account, place)


connector = AwsConnector()
