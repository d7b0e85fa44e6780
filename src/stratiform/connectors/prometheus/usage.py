"""Usage capability of Prometheus: samples from range queries.

Source: Prometheus, "HTTP API" (range queries), and responses of 2.42.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import msgspec

from stratiform.contract.errors import RequestRejected
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll_parameters
from stratiform.kit.clock import SECOND_US, Micros

if TYPE_CHECKING:
    from stratiform.connectors.prometheus.client import Client, TimeSeries

#: Values per series and request. Prometheus allows 11,000; there may be many series.
_VALUES_PER_REQUEST = 1000


class PollParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.prometheus` table: `query` is evaluated every `period_s`.

    Query counters directly: Prometheus's `increase` and `rate` extrapolate between scrapes.
    """

    query: str
    resource_label: str
    period_s: Annotated[int, msgspec.Meta(ge=1)]
    project_label: str = ""
    name_label: str = ""


class PrometheusUsageDriver:
    """Implements contract.usage.UsageDriver."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def list_inventory(self) -> Iterator[InventoryItem]:
        """Return nothing: the measured resources belong to other clouds."""
        return iter(())

    def list_samples(self, poll: Mapping[str, object], since: Micros, until: Micros) -> Iterator[UsageSample]:
        """Evaluate the query at multiples of the period, so that repeating a request returns the same samples."""
        return self._read_samples(parse_poll_parameters(poll, PollParameters), since, until)

    def _read_samples(self, poll: PollParameters, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, poll.period_s)
        period = poll.period_s * SECOND_US
        for start in range(first, end, period * _VALUES_PER_REQUEST):
            last = min(start + period * _VALUES_PER_REQUEST, end) - period
            series = self._client.query_range(poll.query, start // SECOND_US, last // SECOND_US, poll.period_s)
            yield from _to_samples(poll, series)


def _to_samples(poll: PollParameters, matrix: "list[TimeSeries]") -> Iterator[UsageSample]:
    seen: set[tuple[str, Decimal]] = set()
    for series in matrix:
        if series.histograms:
            raise RequestRejected(
                "the query returns histograms", hint="use a query that returns numbers, such as histogram_sum(…)"
            )
        resource_id = series.metric.get(poll.resource_label)
        if not resource_id:
            raise RequestRejected(f"the query returns a series without the label '{poll.resource_label}'")
        for seconds, number in series.values:
            value = parse_decimal(number)
            if value is None:
                continue
            if (resource_id, seconds) in seen:
                raise RequestRejected(
                    f"the query returns two values for {resource_id} at the same time",
                    hint=f"sum by ({poll.resource_label}) (…)",
                )
            seen.add((resource_id, seconds))
            yield UsageSample(
                resource_id=resource_id,
                project_id=series.metric.get(poll.project_label, ""),
                at=int(seconds * SECOND_US),
                value=value,
                source=resource_id,
                name=series.metric.get(poll.name_label, ""),
            )
