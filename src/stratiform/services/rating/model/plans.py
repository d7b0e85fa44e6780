"""Price plans, their versions, and the decision which price applies to usage."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from stratiform.kit.clock import Micros, format_iso
from stratiform.services.rating.model.charges import Charge, ChargeLine, ChargeLineKey, add_measured
from stratiform.services.rating.model.priced_usage import (
    CLOUD,
    PricingFacts,
    UsageFields,
    list_compared_attributes,
)
from stratiform.services.rating.model.prices import Measure, Price

#: What happens to usage without a price: `refuse` keeps a period from being closed, `free` charges nothing.
UnpricedRule = Literal["refuse", "free"]

#: Resource types that cost nothing where a plan has no price for them, in every plan: parts of a network.
FREE_TYPES = ("network", "port", "subnet")


class PriceDecision(NamedTuple):
    """The price that applies to a measure, as an index of the version's prices; or the reason why none does.

    `covered` is False if no price is for the resource type. `undecided`: the price depends on a name that is not known.
    """

    measure: str
    price: int | None
    reason: str = ""
    covered: bool = True
    undecided: bool = False


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """The prices in `[valid_from, valid_until)`; `valid_until` None: until the next version. Immutable.

    `sha256` is the digest of `document`, the stored form.
    """

    valid_from: Micros
    valid_until: Micros | None
    prices: tuple[Price, ...]
    document: dict[str, Any]
    sha256: str

    def prices_resource_type(self, resource_type: str) -> bool:
        """Return True if at least one price is for resources of this type."""
        return any(price.measure.resource_type == resource_type for price in self.prices)

    def list_segment_measures(self, resource_type: str) -> list[Measure]:
        """Return the measures of segments of this type that have a price, in the order of the file."""
        measures = dict.fromkeys(price.measure for price in self.prices)
        return [each for each in measures if each.resource_type == resource_type and each.kind != "samples"]

    def decide_price(self, measure: Measure, facts: PricingFacts) -> PriceDecision | None:
        """Return the first price of a measure that matches; None if the usage costs nothing.

        A measure that has prices needs one for each resource of its type.
        """
        if measure.number_field is not None and measure.number_field not in facts.numbers:
            return PriceDecision(
                measure.name, None, f"the attribute {measure.source} of the resource does not have a numeric value"
            )
        prices = [(index, price) for index, price in enumerate(self.prices) if price.measure == measure]
        results = [(index, price, price.matches(facts)) for index, price in prices]
        candidates = [result for result in results if result[2] is not False]
        for index, price, matches in candidates:
            if price.charges_state(facts.state):
                if matches is None:
                    return _undecided(measure, price, facts)
                return PriceDecision(measure.name, index) if price.amount else None
        if any(matches for _, _, matches in candidates):
            return None
        if candidates:
            return _undecided(measure, candidates[0][1], facts)
        return PriceDecision(measure.name, None, self._mismatch(measure, [price for _, price in prices], facts))

    def _mismatch(self, measure: Measure, prices: list[Price], facts: PricingFacts) -> str:
        compared = dict.fromkeys(condition.attribute for price in prices for condition in price.conditions)
        description = facts.describe([name for name in compared if name != CLOUD])
        return f"no price for '{measure.name}' in the version of {format_iso(self.valid_from)} matches {description}"


@dataclass(frozen=True, slots=True)
class VersionSpan:
    """A part of a period with one version, or without a version."""

    start: Micros
    end: Micros
    version: PlanVersion | None


@dataclass(frozen=True, slots=True)
class PricePlan:
    """A named list of prices in one currency. `free` are resource types that cost nothing where they have no price."""

    name: str
    currency: str
    unpriced: UnpricedRule
    versions: tuple[PlanVersion, ...]
    free: tuple[str, ...] = ()

    def split_by_version(self, start: Micros, end: Micros) -> list[VersionSpan]:
        """Cut `[start, end)` where the version changes; every instant is in exactly one span."""
        cuts = {start, end}
        for version in self.versions:
            cuts |= {version.valid_from, version.valid_until or version.valid_from}
        ordered = sorted(cut for cut in cuts if start <= cut <= end)
        return [VersionSpan(first, last, self.find_version(first)) for first, last in pairwise(ordered)]

    def split_history(self, start: Micros) -> list[VersionSpan]:
        """Cut the time before `start` where the version changes, if durations are rounded.

        Runs that began there go on.
        """
        first = min((version.valid_from for version in self.versions), default=start)
        return self.split_by_version(first, start) if first < start and self.rounded_types else []

    def find_version(self, at: Micros) -> PlanVersion | None:
        """Return the version that is valid at the instant `at`."""
        started = [version for version in self.versions if version.valid_from <= at]
        if not started:
            return None
        last = max(started, key=lambda version: version.valid_from)
        return last if last.valid_until is None or at < last.valid_until else None

    def get_price(self, key: ChargeLineKey) -> Price:
        """Return the price of a line."""
        version = next(version for version in self.versions if version.valid_from == key.valid_from)
        return version.prices[key.price]

    def continue_charge(self, charge: Charge, earlier: Charge) -> Charge:
        """Return a charge whose quantities complete those of an adjacent earlier period.

        The quantity of a line becomes the rounded total of both periods less the rounded quantity of the earlier one,
        so that the quantities of any number of periods sum to the quantity of all of them.
        """
        measured = {line.key: line.measured for line in earlier.lines}
        lines = [
            self._continue_line(line, measured[line.key]) if line.key in measured else line for line in charge.lines
        ]
        return replace(charge, lines=tuple(lines))

    def _continue_line(self, line: ChargeLine, measured_before: int | Decimal) -> ChargeLine:
        price, total = self.get_price(line.key), add_measured(line.measured, measured_before)
        quantity = price.compute_quantity(*total.as_integer_ratio())
        quantity -= price.compute_quantity(*measured_before.as_integer_ratio())
        return replace(line, quantity=quantity, amount=quantity * price.amount)

    def decide_segment_prices(self, version: PlanVersion | None, facts: PricingFacts) -> Iterator[PriceDecision]:
        """Return a decision for each measure of a segment that has a charge, or that lacks a price."""
        return (decision for decision in self._decide_segment(version, facts) if self._is_relevant(decision))

    def decide_sample_price(
        self, version: PlanVersion | None, facts: PricingFacts, meter: str, unit: str
    ) -> PriceDecision | None:
        """Return the decision for samples of a meter, whose sums are in `unit`; None if they cost nothing."""
        decision = self._decide_sample(version, facts, meter, unit)
        return decision if decision is not None and self._is_relevant(decision) else None

    def _is_relevant(self, decision: PriceDecision) -> bool:
        """Return False for usage without a price that costs nothing. An unknown name never makes usage free."""
        return decision.price is not None or decision.undecided or self.unpriced == "refuse"

    def _is_free(self, resource_type: str) -> bool:
        return resource_type in self.free or resource_type in FREE_TYPES

    def _decide_segment(self, version: PlanVersion | None, facts: PricingFacts) -> Iterator[PriceDecision]:
        if version is None or not version.prices_resource_type(facts.resource_type):
            if not self._is_free(facts.resource_type):
                yield _uncovered("", version, facts.resource_type)
            return
        for measure in version.list_segment_measures(facts.resource_type):
            decision = version.decide_price(measure, facts)
            if decision is not None:
                yield decision

    def _decide_sample(
        self, version: PlanVersion | None, facts: PricingFacts, meter: str, unit: str
    ) -> PriceDecision | None:
        if version is None or not version.prices_resource_type(facts.resource_type):
            if self._is_free(facts.resource_type):
                return None
            return _uncovered(meter, version, facts.resource_type)
        measure = Measure(facts.resource_type, "samples", meter)
        if not any(price.measure == measure for price in version.prices):
            return None
        decision = version.decide_price(measure, facts)
        if decision is None or decision.price is None:
            return decision
        expected = version.prices[decision.price].unit.sum_unit
        if unit != expected:
            return PriceDecision(
                meter, None, f"the samples are in '{unit}', but the price is for a meter in '{expected}'"
            )
        return decision

    def needs_samples(self, resource_type: str, meter: str) -> bool:
        """Return True if samples of the meter are needed: some version prices them, or does not cover the type."""
        if not self._is_free(resource_type) and not all(
            version.prices_resource_type(resource_type) for version in self.versions
        ):
            return True
        measure = Measure(resource_type, "samples", meter)
        return any(price.measure == measure for version in self.versions for price in version.prices)

    def needs_attributes_for_samples(self, resource_type: str) -> bool:
        """Return True if a price for samples of the type has conditions on attributes of the resource."""
        return any(
            condition.attribute != CLOUD
            for price in self._prices()
            if price.measure.resource_type == resource_type and price.measure.kind == "samples"
            for condition in price.conditions
        )

    @property
    def priced_types(self) -> frozenset[str]:
        """The resource types with a price that is not zero."""
        return frozenset(price.measure.resource_type for price in self._prices() if price.amount)

    @property
    def rounded_types(self) -> frozenset[str]:
        """The resource types with a price that rounds durations."""
        return frozenset(price.measure.resource_type for price in self._prices() if price.rounds_durations)

    @property
    def usage_fields(self) -> UsageFields:
        """The attributes of usage that the prices read."""
        conditions = {condition.attribute for price in self._prices() for condition in price.conditions} - {CLOUD}
        texts = {attribute for name in conditions for attribute in list_compared_attributes(name)}
        numbers = {price.measure.number_field for price in self._prices() if price.measure.number_field is not None}
        return UsageFields(tuple(sorted(texts)), tuple(sorted(numbers)))

    def _prices(self) -> Iterator[Price]:
        return (price for version in self.versions for price in version.prices)


@dataclass(frozen=True, slots=True)
class PlanUpdate:
    """What a publication changes: the plan before (None: it is new), the plan after, and the versions that are new."""

    published: PricePlan | None
    merged: PricePlan
    new_versions: tuple[PlanVersion, ...]


def _undecided(measure: Measure, price: Price, facts: PricingFacts) -> PriceDecision:
    """Return the decision for a resource of which an unknown name decides whether `price` applies."""
    condition = next(each for each in price.conditions if each.matches(facts) is None)
    kind = condition.attribute.removesuffix("_name").replace("_", " ")
    names = " or ".join(f"'{value}'" for value in condition.values if value)
    reason = (
        f"the name of {kind} {facts.find_unnamed(condition.attribute)} is unknown, but a price is for {kind} {names};"
        " set the name with `stratiform usage names set`"
    )
    return PriceDecision(measure.name, None, reason, undecided=True)


def _uncovered(measure: str, version: PlanVersion | None, resource_type: str) -> PriceDecision:
    reason = "no version of the plan is valid at that time"
    if version is not None:
        reason = f"the version of {format_iso(version.valid_from)} has no price for resources of type {resource_type}"
    return PriceDecision(measure, None, reason, covered=False)
