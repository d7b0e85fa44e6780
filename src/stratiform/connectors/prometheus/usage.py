"""What a Prometheus has measured: the values of a range query.

Source: Prometheus, "HTTP API" (range queries), and answers of 2.42.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from stratiform.contract.errors import RequestRejected
from stratiform.contract.usage import InventoryItem, UsageSample, align_periods, parse_decimal, parse_poll
from stratiform.kit.clock import SECOND_US, Micros

if TYPE_CHECKING:
    from stratiform.connectors.prometheus.client import Client, Series

#: Values of one series in one answer. Prometheus gives 11,000 at most; fewer, as there may be many series.
_VALUES = 1000


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `poll.prometheus` table: `query` is evaluated every `period_s`. A counter is best asked for as it is, as
    Prometheus' own `increase` and `rate` guess what was between two scrapes."""

    query: str
    resource_label: str
    period_s: Annotated[int, msgspec.Meta(ge=1)]
    project_label: str = ""
    name_label: str = ""


class PrometheusUsage:
    """Fulfils contract.usage.Usage."""

    def __init__(self, client: "Client") -> None:
        self._client = client

    def inventory(self) -> Iterator[InventoryItem]:
        """Nothing: what it measures is others'."""
        return iter(())

    def readings(self, asked: Mapping[str, Any], since: Micros, until: Micros) -> Iterator[UsageSample]:
        """Evaluated at whole multiples of the period, so that asking again gives the same."""
        return self._read(parse_poll(asked, Asked), since, until)

    def _read(self, asked: Asked, since: Micros, until: Micros) -> Iterator[UsageSample]:
        first, end = align_periods(since, until, asked.period_s)
        period = asked.period_s * SECOND_US
        for start in range(first, end, period * _VALUES):
            last = min(start + period * _VALUES, end) - period
            found = self._client.range(asked.query, start // SECOND_US, last // SECOND_US, asked.period_s)
            yield from _readings(asked, found)


def _readings(asked: Asked, found: "list[Series]") -> Iterator[UsageSample]:
    told: set[tuple[str, Decimal]] = set()
    for series in found:
        if series.histograms:
            raise RequestRejected("the query gives histograms", hint="ask for numbers, such as histogram_sum(…)")
        resource = series.metric.get(asked.resource_label)
        if not resource:
            raise RequestRejected(f"the query gives a series without the label '{asked.resource_label}'")
        for seconds, number in series.values:
            value = parse_decimal(number)
            if value is None:
                continue
            if (resource, seconds) in told:
                raise RequestRejected(
                    f"the query gives two values of {resource} at once",
                    hint=f"sum by ({asked.resource_label}) (…)",
                )
            told.add((resource, seconds))
            yield UsageSample(
                resource_id=resource,
                project_id=series.metric.get(asked.project_label, ""),
                at=int(seconds * SECOND_US),
                value=value,
                source=resource,
                name=series.metric.get(asked.name_label, ""),
            )
