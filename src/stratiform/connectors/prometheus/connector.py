"""The connector for Prometheus."""

from collections.abc import Sequence

from stratiform.connectors.prometheus.client import Client
from stratiform.connectors.prometheus.settings import SETTINGS, parse_settings
from stratiform.connectors.prometheus.usage import PrometheusUsageDriver
from stratiform.contract.adoption import AdoptionDriver
from stratiform.contract.compute import ComputeDriver
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageDriver
from stratiform.contract.network import NetworkDriver
from stratiform.contract.routing import RoutingDriver
from stratiform.contract.snapshot import SnapshotDriver
from stratiform.contract.usage import UsageDriver
from stratiform.contract.volume import VolumeDriver


class PrometheusCloud:
    """A connection to one Prometheus server."""

    compute: ComputeDriver | None = None
    volume: VolumeDriver | None = None
    snapshot: SnapshotDriver | None = None
    adoption: AdoptionDriver | None = None
    network: NetworkDriver | None = None
    routing: RoutingDriver | None = None
    image: ImageDriver | None = None
    usage: UsageDriver | None

    def __init__(self, account: CloudAccount) -> None:
        self._client = Client(parse_settings(account.settings))
        self.usage = PrometheusUsageDriver(self._client)

    def check_credentials(self) -> AccountInfo:
        """Run a constant query. Prometheus has no availability zones."""
        self._client.query_range("vector(1)", 0, 0, 1)
        user = f"{self._client.username}@" if self._client.username else ""
        return AccountInfo(identity=f"{user}{self._client.url}", zones=())


class PrometheusConnector:
    """Implements contract.connector.Connector."""

    kind = "prometheus"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, installation: Installation) -> PrometheusCloud:  # noqa: ARG002 - the contract's signature
        return PrometheusCloud(account)


connector = PrometheusConnector()
