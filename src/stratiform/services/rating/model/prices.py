"""Measures, conditions and prices."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, Micros
from stratiform.services.rating.model.fixed_point import QUANTITY_DIGITS, divide_half_even
from stratiform.services.rating.model.priced_usage import ALIASES, CLOUD, NumberField, PricingFacts, is_uuid
from stratiform.services.rating.model.taxes import TaxCategory
from stratiform.services.rating.model.units import Unit

#: `duration`: the time a resource exists. `attribute`: a numeric attribute × that time. `samples`: the sum of a meter.
MeasureKind = Literal["duration", "attribute", "samples"]

Rounding = Literal["none", "up", "down", "nearest"]

#: What the duration of a run may be rounded to.
GRANULARITY_US = {"second": SECOND_US, "minute": MINUTE_US, "hour": HOUR_US, "day": DAY_US}


@dataclass(frozen=True, slots=True, order=True)
class Measure:
    """What a price multiplies. `source` is the attribute or the meter; `digits` is the scale of a decimal attribute."""

    resource_type: str
    kind: MeasureKind
    source: str = ""
    digits: int = 0

    @property
    def name(self) -> str:
        """The name on invoices and in messages."""
        if self in _SHORTHAND_NAMES:
            return _SHORTHAND_NAMES[self]
        match self.kind:
            case "duration":
                return self.resource_type
            case "attribute":
                return f"{self.resource_type}.{self.source}"
            case "samples":
                return self.source

    @property
    def number_field(self) -> NumberField | None:
        """The numeric attribute that is multiplied."""
        return NumberField(self.source, self.digits) if self.kind == "attribute" else None


@dataclass(frozen=True, slots=True)
class MeasureShorthand:
    """A measure with its unit, which a plan refers to by a short name."""

    measure: Measure
    unit: Unit


SHORTHANDS = {
    "instance": MeasureShorthand(Measure("instance", "duration"), Unit("instance", "instance")),
    "vcpu": MeasureShorthand(Measure("instance", "attribute", "vcpus"), Unit("vCPU", "vCPU")),
    "ram": MeasureShorthand(Measure("instance", "attribute", "ram_mib"), Unit("GiB", "MiB", 1024)),
    "disk": MeasureShorthand(Measure("instance", "attribute", "root_gib"), Unit("GiB", "GiB")),
    "ephemeral": MeasureShorthand(Measure("instance", "attribute", "ephemeral_gib"), Unit("GiB", "GiB")),
    "volume": MeasureShorthand(Measure("volume", "attribute", "size_gib"), Unit("GiB", "GiB")),
}
_SHORTHAND_NAMES = {shorthand.measure: name for name, shorthand in SHORTHANDS.items()}


@dataclass(frozen=True, slots=True, order=True)
class PriceCondition:
    """`attribute` (or alias, or `cloud`) has one of `values`; the empty text matches an attribute without value."""

    attribute: str
    values: tuple[str, ...]

    def matches(self, facts: PricingFacts) -> bool | None:
        """Return True or False; None if it depends on a name that is not known."""
        values = facts.get_condition_values(self.attribute)
        if "" in self.values and not any(values):
            return True
        if any(value in self.values for value in values if value):
            return True
        has_names = any(value and not is_uuid(value) for value in self.values)
        return None if has_names and facts.find_unnamed(self.attribute) is not None else False


class RunKey(NamedTuple):
    """The properties of a price that decide how its runs are rounded."""

    measure: Measure
    granularity: Micros
    rounding: Rounding
    states: tuple[str, ...]
    conditions: tuple[PriceCondition, ...]


@dataclass(frozen=True, slots=True)
class Price:
    """A price of a plan version. `amount` is the rate for one `unit`, in 10^-10 of the currency.

    The duration of a run is rounded to `granularity` microseconds. Without `states`, every state is charged. Without
    `tax_category`, that of the customer account applies.
    """

    measure: Measure
    amount: int
    unit: Unit
    granularity: Micros = 1
    rounding: Rounding = "none"
    states: tuple[str, ...] = ()
    conditions: tuple[PriceCondition, ...] = ()
    label: str = ""
    tax_category: TaxCategory | None = None

    @property
    def divisor(self) -> int:
        """Measured microseconds × parts in a quantity of one."""
        return int(self.unit.divisor * 10**self.measure.digits)

    @property
    def description(self) -> str:
        """The text of a line: the label, or the measure and the values of its conditions."""
        if self.label:
            return self.label
        names = [name for condition in self.conditions for name in _condition_names(condition)]
        return f"{self.measure.name} ({', '.join(names)})" if names else self.measure.name

    @property
    def rounds_durations(self) -> bool:
        return self.granularity > 1

    @property
    def run_key(self) -> RunKey:
        """What is equal for all prices of a run: a new amount, unit or label does not start a new run."""
        return RunKey(self.measure, self.granularity, self.rounding, self.states, self.conditions)

    def round_duration(self, duration: Micros) -> Micros:
        """Round the duration of a run to the granularity."""
        if self.rounding == "up":
            return -(-duration // self.granularity) * self.granularity
        if self.rounding == "nearest":
            return (duration + self.granularity // 2) // self.granularity * self.granularity
        return duration // self.granularity * self.granularity

    def compute_quantity(self, numerator: int, denominator: int = 1) -> int:
        """Return a measured total as a quantity in 10^-10 of the unit, rounded half to even."""
        return divide_half_even(numerator * 10**QUANTITY_DIGITS, self.divisor * denominator)

    def matches(self, facts: PricingFacts) -> bool | None:
        """Return True if all conditions hold, whatever the state; None if it depends on a name that is not known."""
        results = [condition.matches(facts) for condition in self.conditions]
        if False in results:
            return False
        return None if None in results else True

    def charges_state(self, state: str) -> bool:
        """Return True if the price charges a resource in `state`."""
        return not self.states or state in self.states


def _condition_names(condition: PriceCondition) -> list[str]:
    """Return the values of a condition as a description has them; flavors and volume types have a name of their own."""
    if condition.attribute in (CLOUD, "availability_zone"):
        return []
    prefix = "" if condition.attribute in ALIASES else f"{condition.attribute}="
    return [f"{prefix}{value}" for value in condition.values if value]
