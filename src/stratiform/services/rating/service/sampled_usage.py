"""The samples of the ledger, as rating reads them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ledger.model import UsageFilter
from stratiform.services.ledger.model.samples import SampleContribution, iterate_contributions
from stratiform.services.ledger.service import LedgerService, SampleSeries
from stratiform.services.rating.model import PricePlan, SampledUsage


@dataclass(frozen=True, slots=True)
class SampledUsageReader:
    """Reads the samples of the ledger."""

    ledger: LedgerService

    def iterate(
        self, db: Connection, plan: PricePlan, start: Micros, end: Micros, usage_filter: UsageFilter
    ) -> Iterator[SampledUsage]:
        """Yield what samples add between `start` and `end`, of those meters that `plan` needs.

        An instant at `end` is included, one at `start` is not. The connection must not be used for other queries
        meanwhile.
        """
        in_period = replace(usage_filter, since=start, until=end)
        for resource_type, meter in self.ledger.samples.list_meters(db, in_period):
            if plan.needs_samples(resource_type, meter):
                of_type = replace(in_period, resource_type=resource_type)
                for series in self.ledger.samples.iterate_series(db, of_type, meter):
                    yield from _usages(series, meter, in_period, start, end)


def _usages(
    series: SampleSeries, meter: str, usage_filter: UsageFilter, start: Micros, end: Micros
) -> Iterator[SampledUsage]:
    unit = f"{series.unit}·s" if series.kind == "gauge" else series.unit
    for piece in iterate_contributions(series.kind, series.samples):
        if piece.project_id is None or usage_filter.project_id not in (None, piece.project_id):
            continue
        clipped = _clip(piece, start, end)
        if clipped is not None:
            yield SampledUsage(
                series.resource_type,
                series.resource_id,
                piece.project_id,
                series.cloud,
                meter,
                unit,
                *clipped,
                piece.value,
            )


def _clip(piece: SampleContribution, start: Micros, end: Micros) -> tuple[Micros, Micros] | None:
    if piece.start == piece.end:
        return (piece.end, piece.end) if start < piece.end <= end else None
    first, last = max(piece.start, start), min(piece.end, end)
    return (first, last) if first < last else None
