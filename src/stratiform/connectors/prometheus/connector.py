"""The connector for Prometheus."""

from collections.abc import Sequence

from stratiform.connectors.prometheus.client import Client
from stratiform.connectors.prometheus.settings import SETTINGS, parse_settings
from stratiform.connectors.prometheus.usage import PrometheusUsage
from stratiform.contract.compute import ComputeCapability
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import ImageCapability
from stratiform.contract.network import NetworkCapability
from stratiform.contract.usage import UsageCapability
from stratiform.contract.volume import VolumeCapability


class PrometheusCloud:
    """A connection to one Prometheus server."""

    compute: ComputeCapability | None = None
    volume: VolumeCapability | None = None
    network: NetworkCapability | None = None
    image: ImageCapability | None = None
    usage: UsageCapability | None

    def __init__(self, account: CloudAccount) -> None:
        self._client = Client(parse_settings(account.settings))
        self.usage = PrometheusUsage(self._client)

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
