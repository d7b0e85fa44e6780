"""Access to Prometheus's HTTP API. Source: Prometheus, "HTTP API"."""

import ssl
import weakref
from collections.abc import Mapping
from decimal import Decimal

import httpx
import msgspec

from stratiform.connectors.prometheus.errors import translate_error
from stratiform.connectors.prometheus.settings import PrometheusSettings
from stratiform.contract.errors import CloudUnreachable
from stratiform.kit.json_errors import NOT_JSON

_READ_TIMEOUT_S = 60
_CONNECT_TIMEOUT_S = 5
_REDIRECT = 300
_MAX_WARNING_LENGTH = 300


class TimeSeries(msgspec.Struct):
    """One series of a range query: labels, and pairs of (seconds since 1970, number as text)."""

    metric: dict[str, str]
    values: list[tuple[Decimal, str]] = []
    histograms: list[object] = []


class _Matrix(msgspec.Struct, tag_field="resultType", tag="matrix"):
    result: list[TimeSeries]


class _Response(msgspec.Struct):
    data: _Matrix
    warnings: list[str] = []


class Client:
    """A client of one Prometheus server. Thread-safe."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self.url = settings.url
        self.username = settings.username
        self._http = httpx.Client(
            base_url=settings.url.rstrip("/"),
            auth=httpx.BasicAuth(settings.username, settings.password) if settings.username else None,
            headers={"Authorization": f"Bearer {settings.token}"} if settings.token else {},
            timeout=httpx.Timeout(_READ_TIMEOUT_S, connect=_CONNECT_TIMEOUT_S),
            verify=ssl.create_default_context(cafile=settings.cacert or None),
            trust_env=False,
        )
        weakref.finalize(self, self._http.close)

    def query_range(self, query: str, start_s: int, end_s: int, step_s: int) -> list[TimeSeries]:
        """Return the values of `query` from `start_s` to `end_s` inclusive, every `step_s` seconds."""
        form = {"query": query, "start": str(start_s), "end": str(end_s), "step": str(step_s)}
        try:
            response = _decoder.decode(self._post("/api/v1/query_range", form))
        except NOT_JSON as error:
            raise _invalid_response() from error
        if response.warnings:
            raise CloudUnreachable(f"incomplete response from Prometheus: {response.warnings[0][:_MAX_WARNING_LENGTH]}")
        return response.data.result

    def _post(self, path: str, form: Mapping[str, str]) -> bytes:
        """Send a POST request, because a query may be longer than a URL."""
        try:
            response = self._http.post(path, data=form)
        except httpx.HTTPError as error:
            raise CloudUnreachable(
                f"Prometheus at {self.url} does not respond: {error}", hint="check the URL and the network"
            ) from error
        if response.is_error:
            raise translate_error(response.status_code, response.content)
        if response.status_code >= _REDIRECT:
            raise _invalid_response()
        return response.content


_decoder = msgspec.json.Decoder(_Response)


def _invalid_response() -> CloudUnreachable:
    return CloudUnreachable("invalid response; the server is not Prometheus", hint="check the setting 'url'")
