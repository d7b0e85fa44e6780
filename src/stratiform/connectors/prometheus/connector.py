"""The connector for Prometheus."""

from collections.abc import Sequence

from stratiform.connectors.prometheus.client import Client
from stratiform.connectors.prometheus.settings import SETTINGS, parse
from stratiform.connectors.prometheus.usage import PrometheusUsage
from stratiform.contract.compute import Compute
from stratiform.contract.connector import AccountInfo, CloudAccount, Installation, Setting
from stratiform.contract.image import Images
from stratiform.contract.network import Networks
from stratiform.contract.usage import Usage
from stratiform.contract.volume import Volumes


class PrometheusCloud:
    """One Prometheus."""

    compute: Compute | None = None
    volume: Volumes | None = None
    network: Networks | None = None
    image: Images | None = None
    usage: Usage | None

    def __init__(self, account: CloudAccount) -> None:
        self._client = Client(parse(account.settings))
        self.usage = PrometheusUsage(self._client)

    def check(self) -> AccountInfo:
        """A query that every Prometheus can answer. It has no zones."""
        self._client.range("vector(1)", 0, 0, 1)
        who = f"{self._client.who}@" if self._client.who else ""
        return AccountInfo(identity=f"{who}{self._client.where}", zones=())


class PrometheusConnector:
    """Finds its settings in `settings.py`; asks Prometheus nothing before it is used."""

    kind = "prometheus"
    settings: Sequence[Setting] = SETTINGS

    def connect(self, account: CloudAccount, place: Installation) -> PrometheusCloud:  # noqa: ARG002 - the contract's
        return PrometheusCloud(account)


connector = PrometheusConnector()
