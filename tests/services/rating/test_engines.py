"""Both engines return the same charge, for any usage, plan and period."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.kit.clock import HOUR_US
from stratiform.services.ledger.model import Segment
from stratiform.services.rating.engines import duckdb_engine, segment_engine
from stratiform.services.rating.model import (
    GRANULARITY_US,
    PERIOD_US,
    Charge,
    ChargeLineKey,
    Measure,
    PlanVersion,
    Price,
    PriceCondition,
    PricePlan,
    Unit,
    UnpricedRule,
    format_scaled,
)
from support.profiles import examples

if TYPE_CHECKING:
    from stratiform.services.rating.engines.duckdb_engine import Session

PERIOD = 50 * HOUR_US

moments = st.integers(0, PERIOD) | st.integers(0, 50).map(lambda hours: hours * HOUR_US)
flavors = st.sampled_from(["m1.small", "m1.large", "odd"])
volume_types = st.sampled_from(["fast", "standard", "t-1"])
clouds = st.sampled_from(["a", "b"])

#: Without "router", there is always a type that no plan covers.
MEASURES = (
    Measure("instance", "duration"),
    Measure("instance", "attribute", "vcpus"),
    Measure("instance", "attribute", "ram_mib"),
    Measure("volume", "attribute", "size_gib"),
    Measure("volume", "attribute", "iops", 6),
    Measure("floating_ip", "duration"),
)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[int, int | None]:
    """Mostly on a coarse grid, so that ends often meet."""
    grid = st.integers(0, 8).map(lambda step: step * HOUR_US * 3 // 2)
    first, last = draw(grid | moments), draw(grid | grid | moments | st.none())
    return (first, last) if last is None or first < last else (last, first + (first == last))


def optional_attributes(values: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


sizes = st.integers(0, 5) | st.integers(0, 10**6)
decimals = st.decimals(0, 10**6, places=3, allow_nan=False).map(str) | sizes
attributes_of: Mapping[str, st.SearchStrategy[dict[str, Any]]] = {
    "instance": optional_attributes({"vcpus": sizes, "ram_mib": sizes, "flavor": flavors, "flavor_id": flavors}),
    "volume": optional_attributes(
        {"size_gib": sizes, "iops": decimals, "volume_type": volume_types, "encrypted": st.booleans()}
    ),
    "floating_ip": optional_attributes({"port_id": st.sampled_from(["port-1", "port-2"])}),
    "router": st.just({}),
}
conditions_of: Mapping[str, dict[str, st.SearchStrategy[tuple[str, ...]]]] = {
    "instance": {"cloud": clouds.map(lambda name: (name,)), "flavor": flavors.map(lambda name: (name,))},
    "volume": {"volume_type": volume_types.map(lambda name: (name,)), "encrypted": st.just(("true",))},
    "floating_ip": {"port_id": st.sampled_from([("",), ("port-1", "")])},
}


@st.composite
def segment_lists(draw: st.DrawFn) -> list[Segment]:
    """Segments of a few resources, which are adjacent, have gaps, overlap, repeat, are open and change attributes."""
    drawn: list[Segment] = []
    for number in range(draw(st.integers(0, 3))):
        resource_type = draw(st.sampled_from(["instance", "volume", "volume", "instance", "floating_ip", "router"]))
        states = ["active", "stopped"] if resource_type == "instance" else ["available", "in-use"]
        usual = draw(attributes_of[resource_type])
        for start, end in draw(st.lists(intervals(), max_size=6)):
            rare = draw(st.integers(0, 9)) == 0
            attributes = draw(attributes_of[resource_type]) if rare else usual
            cloud, project = (draw(clouds), draw(st.sampled_from(["p1", "p2"]))) if rare else ("a", "p1")
            state = states[draw(st.integers(0, 3)) == 0]
            drawn.append(Segment(cloud, resource_type, f"r{number}", project, start, end, state, attributes))
    return draw(st.permutations(drawn))


@st.composite
def histories(draw: st.DrawFn) -> list[Segment]:
    """Segments of a few resources, as the ledger has them: those of a resource do not overlap."""
    drawn: list[Segment] = []
    for number in range(draw(st.integers(1, 3))):
        resource_type = draw(st.sampled_from(["instance", "volume", "floating_ip"]))
        states = ["active", "stopped"] if resource_type == "instance" else ["available", "in-use"]
        kinds = draw(st.lists(attributes_of[resource_type], min_size=1, max_size=2))
        cuts = sorted(draw(st.sets(moments, min_size=2, max_size=7)))
        for start, end in pairwise(cuts):
            if draw(st.integers(0, 4)):
                state, attributes = draw(st.sampled_from(states)), draw(st.sampled_from(kinds))
                drawn.append(Segment("a", resource_type, f"r{number}", "p1", start, end, state, attributes))
    return draw(st.permutations(drawn))


@st.composite
def prices(draw: st.DrawFn) -> Price:
    measure = draw(st.sampled_from(MEASURES))
    granularity = draw(st.sampled_from([1, 1, *GRANULARITY_US.values()]))
    conditions = draw(optional_attributes(dict(conditions_of[measure.resource_type])))
    return Price(
        measure=measure,
        amount=draw(st.integers(0, 10**12)),
        unit=Unit("x", "x", draw(st.sampled_from([1, 1024, 1000])), draw(st.sampled_from(sorted(PERIOD_US)))),
        granularity=granularity,
        rounding="none" if granularity == 1 else draw(st.sampled_from(["up", "down", "nearest"])),
        states=draw(st.sampled_from([(), ("active", "in-use"), ("stopped",)])),
        conditions=tuple(PriceCondition(name, values) for name, values in sorted(conditions.items())),
    )


@st.composite
def plans(draw: st.DrawFn) -> PricePlan:
    versions: list[PlanVersion] = []
    cuts = sorted(draw(st.sets(moments, min_size=1, max_size=3)))
    for i, valid_from in enumerate(cuts):
        later = cuts[i + 1] if i + 1 < len(cuts) else PERIOD
        until = draw(st.sampled_from([None, None, (valid_from + later) // 2 or None]))
        until = until if until is None or until > valid_from else None
        of_version = draw(st.lists(prices(), min_size=1, max_size=6))
        if len(versions) > draw(st.integers(0, 1)):
            of_version = [replace(each, amount=each.amount + draw(st.integers(0, 9))) for each in versions[-1].prices]
        versions.append(PlanVersion(valid_from, until, tuple(of_version), {}, ""))
    unpriced: UnpricedRule = draw(st.sampled_from(("refuse", "refuse", "free")))
    free: tuple[str, ...] = draw(st.sampled_from([(), ("router",)]))
    return PricePlan("standard", "EUR", unpriced, tuple(versions), free)


def test_both_engines_return_the_same_charge(session: "Session") -> None:
    @settings(max_examples=examples(120))
    @given(segment_lists(), plans(), moments, moments)
    def check(usages: list[Segment], plan: PricePlan, first: int, second: int) -> None:
        start, end = sorted((first, second))
        table = duckdb_engine.build_usage_table(usages, plan.usage_fields)
        assert duckdb_engine.rate_segments(table, plan, start, end, session) == segment_engine.rate_segments(
            usages, plan, start, end
        )

    check()


@settings(max_examples=examples(300))
@given(histories(), plans(), st.sets(moments, max_size=5))
def test_any_periods_sum_to_the_charge_of_the_whole_time(
    usages: list[Segment], plan: PricePlan, cuts: set[int]
) -> None:
    """Durations and quantities are rounded as if nothing had been cut."""
    measured: Counter[ChargeLineKey] = Counter()
    quantities: Counter[ChargeLineKey] = Counter()
    for start, end in pairwise(sorted({0, PERIOD, *cuts})):
        charge = segment_engine.rate_segments(usages, plan, start, end)
        earlier = segment_engine.rate_segments(usages, plan, 0, start)
        for line in plan.continue_charge(charge, earlier).lines:
            assert start <= line.start < line.end <= end
            measured[line.key] += int(line.measured)
            quantities[line.key] += line.quantity
    total = segment_engine.rate_segments(usages, plan, 0, PERIOD).lines
    assert measured == {line.key: line.measured for line in total}
    assert +quantities == +Counter({line.key: line.quantity for line in total})


@settings(max_examples=examples(200))
@given(segment_lists(), plans())
def test_quantity_and_amount_equal_exact_fractions(usages: list[Segment], plan: PricePlan) -> None:
    versions = {version.valid_from: version for version in plan.versions}
    for line in segment_engine.rate_segments(usages, plan, 0, PERIOD).lines:
        price = versions[line.key.valid_from].prices[line.key.price]
        divisor = PERIOD_US[price.unit.period] * price.unit.size * 10**price.measure.digits
        assert Fraction(line.quantity, 10**10) == round(Fraction(int(line.measured), divisor), 10)
        quantity, unit_price = Fraction(format_scaled(line.quantity, 10)), Fraction(format_scaled(price.amount, 10))
        assert quantity * unit_price == Fraction(format_scaled(line.amount, 20))


@settings(max_examples=examples(200))
@given(segment_lists(), plans(), st.data())
def test_a_segment_costs_the_same_however_it_is_cut(
    usages: list[Segment], plan: PricePlan, data: st.DataObject
) -> None:
    for usage in {(usage.resource_id, usage.cloud, usage.project_id): usage for usage in usages}.values():
        end = PERIOD if usage.end is None else usage.end
        middle = data.draw(st.integers(usage.start, end))
        bounds = [(usage.start, middle), (middle, usage.end)]
        halves = [_between(usage, first, last) for first, last in bounds if last is None or first < last]
        uncut, cut = (segment_engine.rate_segments(pieces, plan, 0, PERIOD) for pieces in ([usage], halves))
        assert (cut.lines, cut.unpriced) == (uncut.lines, uncut.unpriced)


def _between(usage: Segment, start: int, end: int | None) -> Segment:
    resource = (usage.cloud, usage.resource_type, usage.resource_id, usage.project_id)
    return Segment(*resource, start, end, usage.state, usage.attributes)


@settings(max_examples=examples(200))
@given(segment_lists(), plans())
def test_the_days_sum_to_the_line(usages: list[Segment], plan: PricePlan) -> None:
    charge, days = segment_engine.rate_segments_by_day(usages, plan, 0, PERIOD)
    assert charge == segment_engine.rate_segments(usages, plan, 0, PERIOD)
    sums = {key: sum(amounts.values()) for key, amounts in days.items()}
    assert sums == {line.key: line.amount for line in charge.lines}


def test_no_usage_costs_nothing(session: "Session") -> None:
    plan = PricePlan("standard", "EUR", "refuse", ())
    table = duckdb_engine.build_usage_table([], plan.usage_fields)
    assert (
        duckdb_engine.rate_segments(table, plan, 0, HOUR_US, session)
        == segment_engine.rate_segments([], plan, 0, HOUR_US)
        == Charge()
    )
