"""Charge of segments in plain Python, one segment after the other.

This engine defines what a charge is; the DuckDB engine must return equal lines.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from stratiform.kit.clock import DAY_US, Micros
from stratiform.kit.money import allocate_by_largest_remainder
from stratiform.services.rating.errors import AmountOverflow
from stratiform.services.rating.model import (
    MAX_AMOUNT,
    Charge,
    ChargeLine,
    ChargeLineKey,
    DailyAmounts,
    Price,
    PriceDecision,
    PriceGap,
    PricePlan,
    PricingFacts,
    RunKey,
    UnpricedUsage,
    UsageSegment,
    VersionSpan,
    build_unpriced_duration,
    get_number,
    select_first_gaps,
)

Interval = tuple[Micros, Micros]

_Decide = Callable[[VersionSpan, PricingFacts], list[PriceDecision]]


def rate_segments(usages: Iterable[UsageSegment], plan: PricePlan, start: Micros, end: Micros) -> Charge:
    """Return the charge of segments in `[start, end)`; open segments end at `end`.

    Each segment is cut where the period starts and ends and where the version changes. Adjacent pieces of one resource
    with the same price and number of parts are one run, also across these cuts. A piece is charged what it adds to the
    rounded duration of its run since the run's start, so segments before `start` must be in `usages` if a run began
    there. Raises: AmountOverflow
    """
    collected = _collect(usages, plan, start, end)
    return _charge(collected, collected.measure(), plan)


def rate_segments_by_day(
    usages: Iterable[UsageSegment], plan: PricePlan, start: Micros, end: Micros
) -> tuple[Charge, DailyAmounts]:
    """Return the charge as `rate_segments` does, and the exact share of each day in each line's amount.

    What rounding adds to a run falls on the run's last day.
    """
    collected = _collect(usages, plan, start, end)
    measured = collected.measure()
    charge = _charge(collected, measured, plan)
    return charge, {line.key: _daily_amounts(line, measured[line.key]) for line in charge.lines}


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


@dataclass(slots=True)
class _UnpricedSegments:
    """Segments without a price, by resource type and measure."""

    resources: set[tuple[str, str, str]] = field(default_factory=set)
    duration: Micros = 0


class _Piece(NamedTuple):
    """A part of a run at one price; `key` None: it is before the period, and not charged."""

    first: Micros
    last: Micros
    key: ChargeLineKey | None
    price: Price


class _MeasuredPiece(NamedTuple):
    """Adjacent pieces of a run in one line; `measured` is what they add to the rounded duration of the run."""

    first: Micros
    last: Micros
    units: int
    measured: Micros


_MeasuredPieces = Mapping[ChargeLineKey, Sequence[_MeasuredPiece]]

#: Project, resource, price and number of parts: its adjacent pieces are one run. A resize starts a new run.
_RunId = tuple[str, str, str, str, RunKey, int]


@dataclass(slots=True)
class _Collected:
    """The pieces of all segments, by run, before they are summed."""

    pieces: defaultdict[_RunId, list[_Piece]] = field(default_factory=lambda: defaultdict(list))
    gaps: list[PriceGap] = field(default_factory=list)
    unpriced: dict[tuple[str, str], _UnpricedSegments] = field(default_factory=dict)

    def add(self, span: VersionSpan, decision: PriceDecision, usage: UsageSegment, piece: Interval) -> None:
        if decision.price is None or span.version is None:
            self._add_gap(decision, usage, piece)
            return
        resource = (usage.project_id, usage.resource_type, usage.resource_id, usage.cloud)
        key = ChargeLineKey(*resource, span.version.valid_from, decision.price)
        self._add_piece(span.version.prices[decision.price], usage, piece, key)

    def add_history(self, span: VersionSpan, decision: PriceDecision, usage: UsageSegment, piece: Interval) -> None:
        """Add a piece before the period, from which a run may go on."""
        if decision.price is not None and span.version is not None:
            price = span.version.prices[decision.price]
            if price.rounds_durations:
                self._add_piece(price, usage, piece, None)

    def measure(self) -> _MeasuredPieces:
        """Return the measured pieces of each line."""
        lines: defaultdict[ChargeLineKey, list[_MeasuredPiece]] = defaultdict(list)
        for (*_, units), pieces in self.pieces.items():
            for run in _split_runs(pieces):
                start = run[0].first
                for (key, price), adjacent in groupby(run, key=itemgetter(2, 3)):
                    if key is not None:
                        own = list(adjacent)
                        first, last = own[0].first, own[-1].last
                        measured = price.round_duration(last - start) - price.round_duration(first - start)
                        lines[key].append(_MeasuredPiece(first, last, units, measured))
        return lines

    def _add_piece(self, price: Price, usage: UsageSegment, piece: Interval, key: ChargeLineKey | None) -> None:
        units = get_multiplier(price, usage)
        if units:
            resource = (usage.project_id, usage.resource_type, usage.resource_id, usage.cloud)
            self.pieces[*resource, price.run_key, units].append(_Piece(*piece, key, price))

    def _add_gap(self, decision: PriceDecision, usage: UsageSegment, piece: Interval) -> None:
        resource = (usage.resource_type, usage.resource_id, usage.cloud)
        self.gaps.append(PriceGap(*resource, decision.measure, *piece, decision.reason))
        unpriced = self.unpriced.setdefault((usage.resource_type, decision.measure), _UnpricedSegments())
        unpriced.resources.add((usage.project_id, usage.resource_id, usage.cloud))
        unpriced.duration += piece[1] - piece[0]


def _split_runs(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """Sort pieces, and yield those that are adjacent."""
    run: list[_Piece] = []
    for piece in sorted(pieces, key=itemgetter(0, 1)):
        if run and run[-1].last != piece.first:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def _collect(usages: Iterable[UsageSegment], plan: PricePlan, start: Micros, end: Micros) -> _Collected:
    history, spans, fields = plan.split_history(start), plan.split_by_version(start, end), plan.usage_fields
    collected = _Collected()
    decide = _cached_decisions(plan)
    for usage in usages:
        facts = fields.extract_facts(usage)
        for each_spans, add in ((history, collected.add_history), (spans, collected.add)):
            for span in each_spans:
                first = max(usage.start, span.start)
                last = span.end if usage.end is None else min(usage.end, span.end)
                if first < last:
                    for decision in decide(span, facts):
                        add(span, decision, usage, (first, last))
    return collected


def _cached_decisions(plan: PricePlan) -> _Decide:
    cache: dict[tuple[Micros, PricingFacts], list[PriceDecision]] = {}

    def decide(span: VersionSpan, facts: PricingFacts) -> list[PriceDecision]:
        if (span.start, facts) not in cache:
            cache[span.start, facts] = list(plan.decide_segment_prices(span.version, facts))
        return cache[span.start, facts]

    return decide


def _charge(collected: _Collected, measured: _MeasuredPieces, plan: PricePlan) -> Charge:
    lines = [_line(key, plan.get_price(key), measured[key]) for key in sorted(measured)]
    charged = tuple(line for line in lines if line.measured)
    return Charge(charged, select_first_gaps(collected.gaps), tuple(sorted(_unpriced(collected))))


def _unpriced(collected: _Collected) -> Iterable[UnpricedUsage]:
    for (resource_type, measure), each in collected.unpriced.items():
        yield build_unpriced_duration(resource_type, measure, len(each.resources), each.duration)


def _line(key: ChargeLineKey, price: Price, pieces: Sequence[_MeasuredPiece]) -> ChargeLine:
    measured = sum(piece.units * piece.measured for piece in pieces)
    quantity = price.compute_quantity(measured)
    if quantity * price.amount >= MAX_AMOUNT:
        raise AmountOverflow
    start, end = min(piece.first for piece in pieces), max(piece.last for piece in pieces)
    return ChargeLine(key, measured, quantity, quantity * price.amount, start, end)


def _daily_amounts(line: ChargeLine, pieces: Sequence[_MeasuredPiece]) -> dict[Micros, int]:
    weights: defaultdict[Micros, int] = defaultdict(int)
    for first, last, units, measured in pieces:
        remaining = measured
        for day in range(first // DAY_US * DAY_US, last, DAY_US):
            share = remaining if day + DAY_US >= last else min(remaining, day + DAY_US - max(day, first))
            weights[day] += share * units
            remaining -= share
    days = sorted(weights)
    return dict(zip(days, allocate_by_largest_remainder(line.amount, [weights[day] for day in days]), strict=True))
