"""Access to Yandex Monitoring, which has no gRPC API for metrics. Source: Monitoring API reference (MetricsData)."""

import ssl
import weakref
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import httpx
import msgspec

from stratiform.connectors.yandex.errors import TokenRejected, translate_http_status
from stratiform.contract.errors import CloudUnreachable
from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.json_errors import NOT_JSON

if TYPE_CHECKING:
    from stratiform.connectors.yandex.client import Client

_TIMEOUT = httpx.Timeout(60, connect=5)
_PATH = "/monitoring/v2/data/read"


class TimeSeries(msgspec.Struct, rename="camel"):
    """Points of a metric: milliseconds since 1970, and one list of values, which depends on the metric's type."""

    timestamps: list[int] = []
    double_values: list[Decimal | None] = []
    int64_values: list[Decimal | None] = []


class Metric(msgspec.Struct):
    """One metric with its labels."""

    labels: dict[str, str]
    timeseries: TimeSeries

    def list_points(self) -> list[tuple[Micros, str]]:
        """Return pairs of a time and a number as text. Raises: CloudUnreachable if a value is missing."""
        values = self.timeseries.double_values or self.timeseries.int64_values
        if len(values) != len(self.timeseries.timestamps):
            raise CloudUnreachable("incomplete response from Yandex Monitoring")
        points = zip(self.timeseries.timestamps, values, strict=True)
        return [(timestamp * 1000, str(value)) for timestamp, value in points if value is not None]


class _Response(msgspec.Struct):
    metrics: list[Metric] = []


class MonitoringClient:
    """Reads metrics of the client's folder. Thread-safe."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._http = httpx.Client(
            timeout=_TIMEOUT,
            verify=ssl.create_default_context(cafile=client.settings.cacert or None),
            trust_env=not client.settings.is_plaintext,
        )
        weakref.finalize(self, self._http.close)

    def read(self, query: str, aggregation: str, start: Micros, end: Micros, period_s: int) -> list[Metric]:
        """Return the metrics that a query selects, with one value for each period that is not empty."""
        body = {
            "query": query,
            "fromTime": format_iso(start),
            "toTime": format_iso(end),
            "downsampling": {
                "gridAggregation": aggregation,
                "gridInterval": str(period_s * 1000),
                "gapFilling": "NONE",
            },
        }
        token = self._client.get_token()
        try:
            content = self._post(body, token)
        except TokenRejected:
            self._client.discard_token(token)
            content = self._post(body, self._client.get_token())
        try:
            return _decoder.decode(content).metrics
        except NOT_JSON as error:
            raise CloudUnreachable("invalid response from Yandex Monitoring") from error

    def _post(self, body: dict[str, Any], token: str) -> bytes:
        scheme = "http" if self._client.settings.is_plaintext else "https"
        url = f"{scheme}://{self._client.get_address('monitoring')}{_PATH}"
        try:
            response = self._http.post(
                url,
                params={"folderId": self._client.settings.folder_id},
                json=body,
                headers={"Authorization": f"Bearer {token}"},
            )
        except httpx.HTTPError as error:
            raise CloudUnreachable(f"Yandex Monitoring does not respond: {type(error).__name__}") from error
        if not response.is_success:
            raise translate_http_status(response.status_code, _get_message(response.content))
        return response.content


_decoder = msgspec.json.Decoder(_Response)


def _get_message(content: bytes) -> str:
    try:
        document = msgspec.json.decode(content)
    except NOT_JSON:
        return ""
    return str(document.get("message", "")) if isinstance(document, dict) else ""
