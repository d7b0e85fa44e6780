"""Both engines give the same charge to the last digit, whatever the usage, the plan and the period."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from stratiform.services.ledger.model import Segment
from stratiform.services.rating import charge, duck
from stratiform.services.rating.model import GRANULARITY_US, METERS, PER_US, Charge, Plan, Price, Version, plain
from support.profiles import examples

HOUR = 3_600_000_000
PERIOD = 50 * HOUR

moments = st.integers(0, PERIOD) | st.integers(0, 50).map(lambda hours: hours * HOUR)
flavors = st.sampled_from(["m1.small", "m1.large", "odd"])
types = st.sampled_from(["fast", "standard", "t-1"])
clouds = st.sampled_from(["a", "b"])


@st.composite
def stretches(draw: st.DrawFn) -> tuple[int, int | None]:
    """Mostly on a coarse grid, where ends often meet."""
    grid = st.integers(0, 8).map(lambda step: step * HOUR * 3 // 2)
    first, last = draw(grid | moments), draw(grid | grid | moments | st.none())
    return (first, last) if last is None or first < last else (last, first + (first == last))


def sometimes(values: dict[str, st.SearchStrategy[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=values)


sizes = st.integers(0, 5) | st.integers(0, 10**6)
instance_attributes = sometimes(
    {
        "vcpus": sizes,
        "ram_mib": sizes,
        "root_gib": sizes,
        "ephemeral_gib": sizes,
        "flavor": flavors,
        "flavor_id": flavors,
    }
)
volume_attributes = sometimes({"size_gib": sizes, "volume_type": types, "volume_type_name": types})


@st.composite
def segments(draw: st.DrawFn) -> list[Segment]:
    """Stretches of a few resources: they touch, leave gaps, overlap, repeat, are open, change what they are."""
    made: list[Segment] = []
    for i in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["instance", "volume", "volume", "instance", "stranger"]))
        states = ["active", "stopped"] if kind == "instance" else ["available", "in-use"]
        usual = draw(volume_attributes if kind == "volume" else instance_attributes)
        for start, end in draw(st.lists(stretches(), max_size=6)):
            rare = draw(st.integers(0, 9)) == 0
            attributes = draw(volume_attributes if kind == "volume" else instance_attributes) if rare else usual
            cloud, project = (draw(clouds), draw(st.sampled_from(["p1", "p2"]))) if rare else ("a", "p1")
            state = states[draw(st.integers(0, 3)) == 0]
            made.append(Segment(cloud, kind, f"r{i}", project, start, end, state, attributes))
    return draw(st.permutations(made))


@st.composite
def prices(draw: st.DrawFn) -> Price:
    meter = draw(st.sampled_from(sorted(METERS)))
    granularity = draw(st.sampled_from([1, 1, *GRANULARITY_US.values()]))
    own: dict[str, Any] = {"flavor": flavors} if METERS[meter].resource_type == "instance" else {"volume_type": types}
    when = draw(sometimes({"cloud": clouds, **own}))
    states = draw(st.sampled_from([(), ("active", "in-use"), ("stopped",)]))
    return Price(
        meter=meter,
        amount=draw(st.integers(0, 10**12)),
        per=draw(st.sampled_from(sorted(PER_US))),
        granularity=granularity,
        rounding="none" if granularity == 1 else draw(st.sampled_from(["up", "down", "nearest"])),
        states=states,
        when=tuple((name, (value,)) for name, value in sorted(when.items())),
    )


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    versions = []
    cuts = sorted(draw(st.sets(moments, min_size=1, max_size=3)))
    for i, valid_from in enumerate(cuts):
        later = cuts[i + 1] if i + 1 < len(cuts) else PERIOD
        until = draw(st.sampled_from([None, None, (valid_from + later) // 2 or None]))
        until = until if until is None or until > valid_from else None
        versions.append(Version(valid_from, until, tuple(draw(st.lists(prices(), min_size=1, max_size=6))), {}, ""))
    return Plan("standard", "EUR", draw(st.sampled_from(["refuse", "free"])), tuple(versions))


@settings(max_examples=examples(120))
@given(segments(), plans(), moments, moments)
def test_both_engines_give_the_same_charge(usages: list[Segment], plan: Plan, one: int, other: int) -> None:
    start, end = sorted((one, other))
    assert duck.rate(duck.table(usages), plan, start, end) == charge.rate(usages, plan, start, end)


@settings(max_examples=examples(200))
@given(segments(), plans())
def test_a_line_is_what_fractions_say(usages: list[Segment], plan: Plan) -> None:
    versions = {version.valid_from: version for version in plan.versions}
    for line in charge.rate(usages, plan, 0, PERIOD).lines:
        price = versions[line.key.valid_from].prices[line.key.price]
        quantity = Fraction(line.billed, PER_US[price.per] * METERS[price.meter].parts)
        assert Fraction(line.quantity, 10**10) == round(quantity, 10)
        unit_price = Decimal(plain(price.amount, 10))
        assert Decimal(plain(line.quantity, 10)) * unit_price == Decimal(plain(line.amount, 20))


@settings(max_examples=examples(200))
@given(segments(), plans(), st.data())
def test_how_the_ledger_cuts_a_stretch_changes_nothing(usages: list[Segment], plan: Plan, data: st.DataObject) -> None:
    for usage in {(usage.resource_id, usage.cloud, usage.project_id): usage for usage in usages}.values():
        end = PERIOD if usage.end is None else usage.end
        middle = data.draw(st.integers(usage.start, end))
        pieces = [(usage.start, middle), (middle, usage.end)]
        halves = [_between(usage, first, last) for first, last in pieces if last is None or first < last]
        whole_charge, cut_charge = (charge.rate(some, plan, 0, PERIOD) for some in ([usage], halves))
        assert cut_charge.lines == whole_charge.lines


def _between(usage: Segment, start: int, end: int | None) -> Segment:
    return Segment(
        usage.cloud,
        usage.resource_type,
        usage.resource_id,
        usage.project_id,
        start,
        end,
        usage.state,
        usage.attributes,
    )


@settings(max_examples=examples(200))
@given(segments(), plans())
def test_the_days_sum_to_the_line(usages: list[Segment], plan: Plan) -> None:
    rated, days = charge.rate_by_day(usages, plan, 0, PERIOD)
    assert rated == charge.rate(usages, plan, 0, PERIOD)
    assert {key: sum(amounts.values()) for key, amounts in days.items()} == {
        line.key: line.amount for line in rated.lines
    }


def test_no_usage_costs_nothing() -> None:
    plan = Plan("standard", "EUR", "refuse", ())
    assert duck.rate(duck.table([]), plan, 0, HOUR) == charge.rate([], plan, 0, HOUR) == Charge((), ())
