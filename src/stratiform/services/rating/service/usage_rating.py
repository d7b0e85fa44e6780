"""Charges: what usage costs by a price plan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain, islice

from stratiform.kit.clock import HOUR_US, Micros
from stratiform.services.rating.engines import duckdb_engine, sample_engine, segment_engine
from stratiform.services.rating.engines.attribute_history import AttributeHistory
from stratiform.services.rating.model import Charge, DailyAmounts, PricePlan, SampledUsage, UsageSegment

#: More segments than this are rated by the DuckDB engine, which takes a second to load.
MAX_PLAIN_SEGMENTS = 5_000


@dataclass(frozen=True, slots=True)
class UsageRating:
    """Rates usage. Reads and writes nothing."""

    def rate_usage(
        self,
        plan: PricePlan,
        usages: Iterable[UsageSegment],
        start: Micros,
        end: Micros,
        sampled: Iterable[SampledUsage] = (),
    ) -> Charge:
        """Return the charge of segments and samples in the period. Raises: AmountOverflow"""
        history = AttributeHistory(plan)
        charge = _rate_segments(plan, history.record_while_iterating(usages), start, end)
        return charge + sample_engine.rate_samples(sampled, plan, start, end, history)

    def rate_usage_by_day(
        self,
        plan: PricePlan,
        usages: Iterable[UsageSegment],
        start: Micros,
        end: Micros,
        sampled: Iterable[SampledUsage] = (),
    ) -> tuple[Charge, DailyAmounts]:
        """Return the charge as `rate_usage` does, and the exact share of each day in each line's amount."""
        history = AttributeHistory(plan)
        charge, days = segment_engine.rate_segments_by_day(history.record_while_iterating(usages), plan, start, end)
        more_charge, more_days = sample_engine.rate_samples_by_day(sampled, plan, start, end, history)
        return charge + more_charge, days | more_days

    def compute_hourly_rate(self, plan: PricePlan, usage: UsageSegment, at: Micros) -> int:
        """Return what a segment costs per hour from an instant on, in 10^-10 of the currency, without rounding of
        durations and without samples."""
        prices = segment_engine.find_prices_at(usage, plan, at)
        return round(sum(Fraction(units * price.amount * HOUR_US, price.divisor) for price, units in prices))

    def find_hourly_rate(self, plan: PricePlan, usage: UsageSegment, at: Micros) -> int | None:
        """As `compute_hourly_rate`, but None if a measure of the segment has no price."""
        version = plan.find_version(at)
        decisions = plan.decide_segment_prices(version, plan.usage_fields.extract_facts(usage))
        if any(decision.price is None for decision in decisions):
            return None
        return self.compute_hourly_rate(plan, usage, at)


def _rate_segments(plan: PricePlan, usages: Iterable[UsageSegment], start: Micros, end: Micros) -> Charge:
    remaining = iter(usages)
    first: Sequence[UsageSegment] = list(islice(remaining, MAX_PLAIN_SEGMENTS + 1))
    if len(first) <= MAX_PLAIN_SEGMENTS:
        return segment_engine.rate_segments(first, plan, start, end)
    with duckdb_engine.open_session() as session:
        table = duckdb_engine.build_usage_table(chain(first, remaining), plan.usage_fields)
        return duckdb_engine.rate_segments(table, plan, start, end, session)
