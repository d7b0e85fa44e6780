"""The one place that speaks to Prometheus. Source: Prometheus, "HTTP API"."""

import ssl
import weakref
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from stratiform.connectors.prometheus.errors import told
from stratiform.connectors.prometheus.settings import PrometheusSettings
from stratiform.contract.errors import CloudError, CloudUnreachable
from stratiform.kit.errors import Invalid

_ANSWER_S = 60
_CONNECT_S = 5
_MOVED = 300


class Series(msgspec.Struct):
    """One series of a matrix: its labels, and (seconds since 1970, number as Prometheus wrote it)."""

    metric: dict[str, str]
    values: list[tuple[Decimal, str]] = []
    histograms: list[Any] = []


class _Matrix(msgspec.Struct, tag_field="resultType", tag="matrix"):
    result: list[Series]


class _Answer(msgspec.Struct):
    data: _Matrix
    warnings: list[str] = []


class Client:
    """One Prometheus; thread-safe."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self.where = settings.url
        self.who = settings.username
        try:
            trusted = ssl.create_default_context(cafile=settings.cacert or None)
        except ssl.SSLError as error:
            raise Invalid(f"the setting 'cacert' names a file without certificates: {settings.cacert}") from error
        self._http = httpx.Client(
            base_url=settings.url.rstrip("/"),
            auth=httpx.BasicAuth(settings.username, settings.password) if settings.username else None,
            headers={"Authorization": f"Bearer {settings.token}"} if settings.token else {},
            timeout=httpx.Timeout(_ANSWER_S, connect=_CONNECT_S),
            verify=trusted,
            trust_env=False,
        )
        weakref.finalize(self, self._http.close)

    def range(self, query: str, start_s: int, end_s: int, step_s: int) -> list[Series]:
        """The value of `query` at `start_s`, and every `step_s` seconds until `end_s`, inclusive."""
        form = {"query": query, "start": str(start_s), "end": str(end_s), "step": str(step_s)}
        try:
            answer = _JSON.decode(self.ask("/api/v1/query_range", form))
        except msgspec.DecodeError as error:
            raise _elsewhere() from error
        if answer.warnings:
            raise CloudUnreachable(f"Prometheus' answer isn't whole: {answer.warnings[0][:300]}")
        return answer.data.result

    def ask(self, path: str, form: Mapping[str, str]) -> bytes:
        """By POST, as a query may be longer than a URL."""
        try:
            answer = self._http.post(path, data=form)
        except httpx.HTTPError as error:
            raise _silent(self.where, error) from error
        if answer.is_error:
            raise told(answer.status_code, answer.content)
        if answer.status_code >= _MOVED:
            raise _elsewhere()
        return answer.content


_JSON = msgspec.json.Decoder(_Answer)


def _silent(where: str, error: httpx.HTTPError) -> CloudError:
    return CloudUnreachable(
        f"no answer from Prometheus at {where}: {error}", hint="is the URL right, and the network up?"
    )


def _elsewhere() -> CloudError:
    return CloudUnreachable("what answers there isn't Prometheus", hint="is the setting 'url' right?")
