"""Charge of the samples of meters, for all numbers of samples: values are summed exactly, one after the other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from stratiform.kit.clock import DAY_US, SECOND_US, Micros
from stratiform.kit.money import allocate_by_largest_remainder
from stratiform.services.rating.engines.attribute_history import AttributeHistory
from stratiform.services.rating.errors import AmountOverflow
from stratiform.services.rating.model import (
    EXACT,
    MAX_AMOUNT,
    QUANTITY_DIGITS,
    Charge,
    ChargeLine,
    ChargeLineKey,
    DailyAmounts,
    Price,
    PriceDecision,
    PriceGap,
    PricePlan,
    PricingFacts,
    SampledUsage,
    UnpricedUsage,
    VersionSpan,
    divide_half_even,
    select_first_gaps,
)

_ZERO = Decimal(0)


def rate_samples(
    samples: Iterable[SampledUsage], plan: PricePlan, start: Micros, end: Micros, history: AttributeHistory
) -> Charge:
    """Return the charge of samples between `start` and `end`; their resources have the attributes in `history`.

    An instant at `end` belongs to the period, one at `start` does not; a level is clipped to `[start, end)`, and both
    are assigned to versions in the same way. Raises: AmountOverflow
    """
    return _charge(_collect(samples, plan, start, end, history))


def rate_samples_by_day(
    samples: Iterable[SampledUsage], plan: PricePlan, start: Micros, end: Micros, history: AttributeHistory
) -> tuple[Charge, DailyAmounts]:
    """Return the charge as `rate_samples` does, and the exact share of each day in each line's amount."""
    collected = _collect(samples, plan, start, end, history)
    charge = _charge(collected)
    return charge, {line.key: _daily_amounts(line, collected.totals[line.key]) for line in charge.lines}


@dataclass(slots=True)
class _Total:
    """The samples of one line."""

    price: Price
    start: Micros
    end: Micros
    days: defaultdict[Micros, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def add(self, piece: SampledUsage) -> None:
        self.start, self.end = min(self.start, piece.start), max(self.end, piece.end)
        for day, share in _split_by_day(piece, timed=bool(self.price.unit.period)):
            self.days[day] = EXACT.add(self.days[day], share)

    @property
    def measured(self) -> Decimal:
        measured = _ZERO
        for value in self.days.values():
            measured = EXACT.add(measured, value)
        return measured


@dataclass(slots=True)
class _UnpricedSamples:
    """Samples of one meter without a price. `gaps` has the period of each resource and reason."""

    resources: set[tuple[str, str, str]] = field(default_factory=set)
    value: Decimal = _ZERO
    gaps: dict[tuple[str, str, str], tuple[Micros, Micros]] = field(default_factory=dict)


@dataclass(slots=True)
class _Collected:
    totals: dict[ChargeLineKey, _Total] = field(default_factory=dict)
    unpriced: dict[tuple[str, str, str, bool], _UnpricedSamples] = field(default_factory=dict)

    def add(self, span: VersionSpan, decision: PriceDecision, piece: SampledUsage) -> None:
        if decision.price is None or span.version is None:
            self._add_gap(decision, piece)
            return
        resource = (piece.resource_type, piece.resource_id, piece.cloud)
        key = ChargeLineKey(piece.project_id, *resource, span.version.valid_from, decision.price)
        if key not in self.totals:
            self.totals[key] = _Total(span.version.prices[decision.price], piece.start, piece.end)
        self.totals[key].add(piece)

    def _add_gap(self, decision: PriceDecision, piece: SampledUsage) -> None:
        meter = (piece.resource_type, piece.meter, piece.unit, decision.covered)
        unpriced = self.unpriced.setdefault(meter, _UnpricedSamples())
        unpriced.resources.add((piece.project_id, piece.resource_id, piece.cloud))
        unpriced.value = EXACT.add(unpriced.value, _sum(piece))
        key = (piece.resource_id, piece.cloud, decision.reason)
        first, last = unpriced.gaps.get(key, (piece.start, piece.end))
        unpriced.gaps[key] = min(first, piece.start), max(last, piece.end)


def _collect(
    samples: Iterable[SampledUsage], plan: PricePlan, start: Micros, end: Micros, history: AttributeHistory
) -> _Collected:
    spans = plan.split_by_version(start, end)
    collected = _Collected()
    decide = _cached_decisions(plan)
    for sample in samples:
        for span, clipped in _clip(sample, spans):
            for facts, piece in history.split_by_attributes(clipped):
                decision = decide(span, facts, piece)
                if decision is not None:
                    collected.add(span, decision, piece)
    return collected


def _cached_decisions(plan: PricePlan) -> Callable[[VersionSpan, PricingFacts, SampledUsage], PriceDecision | None]:
    cache: dict[tuple[Micros, PricingFacts, str, str], PriceDecision | None] = {}

    def decide(span: VersionSpan, facts: PricingFacts, piece: SampledUsage) -> PriceDecision | None:
        key = (span.start, facts, piece.meter, piece.unit)
        if key not in cache:
            cache[key] = plan.decide_sample_price(span.version, facts, piece.meter, piece.unit)
        return cache[key]

    return decide


def _clip(sample: SampledUsage, spans: list[VersionSpan]) -> Iterator[tuple[VersionSpan, SampledUsage]]:
    for span in spans:
        if sample.start == sample.end:
            if span.start < sample.end <= span.end:
                yield span, sample
        else:
            first, last = max(sample.start, span.start), min(sample.end, span.end)
            if first < last:
                yield span, sample.clip(first, last)


def _charge(collected: _Collected) -> Charge:
    lines = [_line(key, collected.totals[key]) for key in sorted(collected.totals)]
    charged = tuple(line for line in lines if line.measured)
    return Charge(charged, select_first_gaps(_gaps(collected)), tuple(sorted(_unpriced(collected))))


def _gaps(collected: _Collected) -> Iterator[PriceGap]:
    for (resource_type, meter, _, _), unpriced in collected.unpriced.items():
        for (resource_id, cloud, reason), (first, last) in unpriced.gaps.items():
            yield PriceGap(resource_type, resource_id, cloud, meter, first, last, reason)


def _unpriced(collected: _Collected) -> Iterator[UnpricedUsage]:
    for (resource_type, meter, unit, covered), unpriced in collected.unpriced.items():
        numerator, denominator = unpriced.value.as_integer_ratio()
        quantity = divide_half_even(numerator * 10**QUANTITY_DIGITS, denominator)
        yield UnpricedUsage(resource_type, meter, unit, len(unpriced.resources), quantity, covered)


def _line(key: ChargeLineKey, total: _Total) -> ChargeLine:
    measured = total.measured
    quantity = total.price.compute_quantity(*measured.as_integer_ratio())
    amount = quantity * total.price.amount
    if abs(amount) >= MAX_AMOUNT:
        raise AmountOverflow
    return ChargeLine(key, measured, quantity, amount, total.start, total.end)


def _split_by_day(piece: SampledUsage, *, timed: bool) -> Iterator[tuple[Micros, Decimal]]:
    """Return the share of each day: a value, or where the price is `timed` a value × microseconds.

    Usage up to midnight belongs to the day that ends.
    """
    if piece.start == piece.end:
        yield (piece.end - 1) // DAY_US * DAY_US, EXACT.multiply(piece.value, Decimal(SECOND_US if timed else 1))
        return
    for day in range(piece.start // DAY_US * DAY_US, piece.end, DAY_US):
        duration = min(piece.end, day + DAY_US) - max(piece.start, day)
        yield day, EXACT.multiply(piece.value, Decimal(duration))


def _sum(piece: SampledUsage) -> Decimal:
    """Return what the piece adds to the meter's sum, in the unit of the sum."""
    if piece.start == piece.end:
        return piece.value
    return EXACT.scaleb(EXACT.multiply(piece.value, Decimal(piece.end - piece.start)), -6)


def _daily_amounts(line: ChargeLine, total: _Total) -> dict[Micros, int]:
    days = sorted(total.days)
    scale = max(total.days[day].as_integer_ratio()[1] for day in days)
    weights = [int(EXACT.multiply(total.days[day], Decimal(scale))) for day in days]
    return dict(zip(days, allocate_by_largest_remainder(line.amount, weights), strict=True))
