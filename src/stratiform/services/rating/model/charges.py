"""The result of rating: charge lines, and the usage that has no price."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from operator import attrgetter

from stratiform.kit.clock import HOUR_US, Micros
from stratiform.services.rating.model.fixed_point import EXACT, QUANTITY_DIGITS, divide_half_even

#: The amount of a line on each day of its usage, by the day's start (UTC).
DailyAmounts = dict["ChargeLineKey", dict[Micros, int]]

#: A charge lists this many gaps.
MAX_GAPS = 1000


@dataclass(frozen=True, slots=True, order=True)
class ChargeLineKey:
    """The identity of a line: a resource of a project, and a price, by its index in the version of `valid_from`."""

    project_id: str
    resource_type: str
    resource_id: str
    cloud: str
    valid_from: Micros
    price: int


@dataclass(frozen=True, slots=True)
class ChargeLine:
    """The charge of one resource by one price, for usage between `start` and `end`.

    `measured` is the sum of rounded microseconds × parts, or of sample values; `quantity` is in 10^-10 of the price's
    unit, `amount` in 10^-20 of the currency.
    """

    key: ChargeLineKey
    measured: int | Decimal
    quantity: int
    amount: int
    start: Micros
    end: Micros


@dataclass(frozen=True, slots=True, order=True)
class PriceGap:
    """Usage of one resource without a price. `measure` is empty if no price is for its resource type."""

    resource_type: str
    resource_id: str
    cloud: str
    measure: str
    start: Micros
    end: Micros
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class UnpricedUsage:
    """All usage of a resource type without a price. `measure` is as in `PriceGap`.

    `resources` counts resources (once per project), `quantity` is in 10^-10 of `unit`: of segments their duration.
    `covered` is False if no price is for the resource type, which the plan may then declare free.
    """

    resource_type: str
    measure: str
    unit: str
    resources: int
    quantity: int
    covered: bool


@dataclass(frozen=True, slots=True)
class Charge:
    """Lines in the order of their keys, all unpriced usage, and the first gaps of it."""

    lines: tuple[ChargeLine, ...] = ()
    gaps: tuple[PriceGap, ...] = ()
    unpriced: tuple[UnpricedUsage, ...] = ()

    @property
    def amount(self) -> int:
        """The sum of the lines, in 10^-20 of the currency."""
        return sum(line.amount for line in self.lines)

    @property
    def unpriced_types(self) -> dict[str, int]:
        """Resource types with unpriced usage, each with the largest count of resources of its measures."""
        by_type = groupby(self.unpriced, key=attrgetter("resource_type"))
        return {resource_type: max(each.resources for each in group) for resource_type, group in by_type}

    def __add__(self, other: "Charge") -> "Charge":
        """Combine the charges of segments and of samples, which have no line in common."""
        return Charge(
            tuple(sorted((*self.lines, *other.lines), key=attrgetter("key"))),
            select_first_gaps((*self.gaps, *other.gaps)),
            tuple(sorted((*self.unpriced, *other.unpriced))),
        )


def merge_charges(charges: Sequence[Charge]) -> Charge:
    """Return the sum of charges of successive periods: lines with the same key become one.

    Unpriced usage of a resource in several periods counts once, at least.
    """
    if len(charges) == 1:
        return charges[0]
    lines: dict[ChargeLineKey, ChargeLine] = {}
    unpriced: dict[tuple[str, str, str, bool], UnpricedUsage] = {}
    for charge in charges:
        for line in charge.lines:
            lines[line.key] = _merge_lines(lines[line.key], line) if line.key in lines else line
        for usage in charge.unpriced:
            key = (usage.resource_type, usage.measure, usage.unit, usage.covered)
            unpriced[key] = _merge_unpriced(unpriced[key], usage) if key in unpriced else usage
    return Charge(
        tuple(lines[key] for key in sorted(lines)),
        select_first_gaps(gap for charge in charges for gap in charge.gaps),
        tuple(sorted(unpriced.values())),
    )


def _merge_lines(first: ChargeLine, second: ChargeLine) -> ChargeLine:
    return ChargeLine(
        first.key,
        add_measured(first.measured, second.measured),
        first.quantity + second.quantity,
        first.amount + second.amount,
        min(first.start, second.start),
        max(first.end, second.end),
    )


def add_measured(first: int | Decimal, second: int | Decimal) -> int | Decimal:
    """Return the exact sum of two measured totals of the same price."""
    if isinstance(first, int) and isinstance(second, int):
        return first + second
    return EXACT.add(Decimal(first), Decimal(second))


def _merge_unpriced(first: UnpricedUsage, second: UnpricedUsage) -> UnpricedUsage:
    resources = max(first.resources, second.resources)
    return replace(first, resources=resources, quantity=first.quantity + second.quantity)


def select_first_gaps(gaps: Iterable[PriceGap]) -> tuple[PriceGap, ...]:
    return tuple(sorted(gaps)[:MAX_GAPS])


def build_unpriced_duration(resource_type: str, measure: str, resources: int, duration: Micros) -> UnpricedUsage:
    """Return the unpriced usage of segments, which is counted in hours."""
    quantity = divide_half_even(duration * 10**QUANTITY_DIGITS, HOUR_US)
    return UnpricedUsage(resource_type, measure, "h", resources, quantity, covered=bool(measure))
