"""Charge of segments in plain Python, one segment after the other.

This engine defines what a charge is; the DuckDB engine must return equal lines.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.money import allocate_by_largest_remainder
from stratiform.services.rating.errors import AmountOverflow
from stratiform.services.rating.model import (
    MAX_AMOUNT,
    Charge,
    ChargeLine,
    ChargeLineKey,
    Price,
    PriceDecision,
    PriceGap,
    PricePlan,
    PricingFacts,
    UnpricedUsage,
    UsageSegment,
    VersionSpan,
    build_unpriced_duration,
    get_number,
    select_first_gaps,
)

Interval = tuple[Micros, Micros]

#: The amount of a line on each day of its usage, by the day's start (UTC).
DailyAmounts = dict[ChargeLineKey, dict[Micros, int]]

#: The intervals of one line by the number of parts: a resize starts a new run.
_Intervals = dict[int, list[Interval]]

_Decide = Callable[[VersionSpan, PricingFacts], list[PriceDecision]]


def rate_segments(usages: Iterable[UsageSegment], plan: PricePlan, start: Micros, end: Micros) -> Charge:
    """Return the charge of segments in `[start, end)`; open segments end at `end`.

    Each segment is clipped to the period and cut where the version changes. Adjacent pieces of one resource with the
    same price and number of parts are one run, whose duration is rounded. Raises: AmountOverflow
    """
    return _charge(_collect(usages, plan, start, end))


def rate_segments_by_day(
    usages: Iterable[UsageSegment], plan: PricePlan, start: Micros, end: Micros
) -> tuple[Charge, DailyAmounts]:
    """Return the charge as `rate_segments` does, and the exact share of each day in each line's amount.

    What rounding adds to a run falls on the run's last day.
    """
    collected = _collect(usages, plan, start, end)
    charge = _charge(collected)
    return charge, {line.key: _daily_amounts(line, *collected.intervals[line.key]) for line in charge.lines}


def find_prices_at(usage: UsageSegment, plan: PricePlan, at: Micros) -> list[tuple[Price, int]]:
    """Return the prices that apply to `usage` at an instant, each with the number of parts."""
    version = plan.find_version(at)
    if version is None:
        return []
    decisions = plan.decide_segment_prices(version, plan.usage_fields.extract_facts(usage))
    prices = [version.prices[decision.price] for decision in decisions if decision.price is not None]
    return [(price, get_multiplier(price, usage)) for price in prices]


def get_multiplier(price: Price, usage: UsageSegment) -> int:
    """Return the value of the attribute that the price multiplies, or 1."""
    if price.measure.number_field is None:
        return 1
    return get_number(usage.attributes, price.measure.number_field) or 0


def merge_intervals(intervals: Iterable[Interval]) -> list[Interval]:
    """Sort intervals and join those that are adjacent."""
    merged: list[Interval] = []
    for first, last in sorted(intervals):
        if merged and merged[-1][1] == first:
            merged[-1] = (merged[-1][0], last)
        else:
            merged.append((first, last))
    return merged


@dataclass(slots=True)
class _UnpricedSegments:
    """Segments without a price, by resource type and measure."""

    resources: set[tuple[str, str, str]] = field(default_factory=set)
    duration: Micros = 0


@dataclass(slots=True)
class _Collected:
    """The pieces of all segments, by line, before they are summed."""

    intervals: dict[ChargeLineKey, tuple[Price, _Intervals]] = field(default_factory=dict)
    gaps: list[PriceGap] = field(default_factory=list)
    unpriced: dict[tuple[str, str], _UnpricedSegments] = field(default_factory=dict)

    def add(self, span: VersionSpan, decision: PriceDecision, usage: UsageSegment, piece: Interval) -> None:
        if decision.price is None or span.version is None:
            self._add_gap(decision, usage, piece)
            return
        price = span.version.prices[decision.price]
        groups = get_multiplier(price, usage)
        if groups:
            key = ChargeLineKey(
                usage.project_id,
                usage.resource_type,
                usage.resource_id,
                usage.cloud,
                span.version.valid_from,
                decision.price,
            )
            _, intervals = self.intervals.setdefault(key, (price, defaultdict(list)))
            intervals[groups].append(piece)

    def _add_gap(self, decision: PriceDecision, usage: UsageSegment, piece: Interval) -> None:
        resource = (usage.resource_type, usage.resource_id, usage.cloud)
        self.gaps.append(PriceGap(*resource, decision.measure, *piece, decision.reason))
        unpriced = self.unpriced.setdefault((usage.resource_type, decision.measure), _UnpricedSegments())
        unpriced.resources.add((usage.project_id, usage.resource_id, usage.cloud))
        unpriced.duration += piece[1] - piece[0]


def _collect(usages: Iterable[UsageSegment], plan: PricePlan, start: Micros, end: Micros) -> _Collected:
    spans, fields = plan.split_by_version(start, end), plan.usage_fields
    collected = _Collected()
    decide = _cached_decisions(plan)
    for usage in usages:
        facts = fields.extract_facts(usage)
        for span in spans:
            first = max(usage.start, span.start)
            last = span.end if usage.end is None else min(usage.end, span.end)
            if first < last:
                for decision in decide(span, facts):
                    collected.add(span, decision, usage, (first, last))
    return collected


def _cached_decisions(plan: PricePlan) -> _Decide:
    cache: dict[tuple[Micros, PricingFacts], list[PriceDecision]] = {}

    def decide(span: VersionSpan, facts: PricingFacts) -> list[PriceDecision]:
        if (span.start, facts) not in cache:
            cache[span.start, facts] = list(plan.decide_segment_prices(span.version, facts))
        return cache[span.start, facts]

    return decide


def _charge(collected: _Collected) -> Charge:
    lines = [_line(key, *collected.intervals[key]) for key in sorted(collected.intervals)]
    charged = tuple(line for line in lines if line.measured)
    return Charge(charged, select_first_gaps(collected.gaps), tuple(sorted(_unpriced(collected))))


def _unpriced(collected: _Collected) -> Iterable[UnpricedUsage]:
    for (resource_type, measure), each in collected.unpriced.items():
        yield build_unpriced_duration(resource_type, measure, len(each.resources), each.duration)


def _line(key: ChargeLineKey, price: Price, intervals: _Intervals) -> ChargeLine:
    measured = sum(
        groups * price.round_duration(last - first)
        for groups, pieces in intervals.items()
        for first, last in merge_intervals(pieces)
    )
    quantity = price.compute_quantity(measured)
    if quantity * price.amount >= MAX_AMOUNT:
        raise AmountOverflow
    start = min(first for pieces in intervals.values() for first, _ in pieces)
    end = max(last for pieces in intervals.values() for _, last in pieces)
    return ChargeLine(key, measured, quantity, quantity * price.amount, start, end)


def _daily_amounts(line: ChargeLine, price: Price, intervals: _Intervals) -> dict[Micros, int]:
    weights: defaultdict[Micros, int] = defaultdict(int)
    for groups, pieces in intervals.items():
        for first, last in merge_intervals(pieces):
            remaining = price.round_duration(last - first)
            for day in range(first // DAY_US * DAY_US, last, DAY_US):
                share = remaining if day + DAY_US >= last else min(remaining, day + DAY_US - max(day, first))
                weights[day] += share * groups
                remaining -= share
    days = sorted(weights)
    return dict(zip(days, allocate_by_largest_remainder(line.amount, [weights[day] for day in days]), strict=True))
