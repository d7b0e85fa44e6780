"""Charges of the samples of meters."""

import random
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest

from stratiform.kit.clock import DAY_US, HOUR_US
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model import Segment
from stratiform.services.rating.engines import sample_engine
from stratiform.services.rating.engines.attribute_history import AttributeHistory
from stratiform.services.rating.model import Charge, PricePlan, SampledUsage, UnpricedUsage, format_scaled
from support.rating import START, level, parse, plan, plan_source, sample, segment, version_source

GIB = 2**30


def price(resource: str, meter: str, per: str, price: str = "1", more: str = "") -> str:
    head = f'resource = "{resource}"\nmeasure = "samples"\nmeter = "{meter}"'
    return f'{head}\nprice = "{price}"\nper = "{per}"\n{more}'


def traffic_price(price_per_gib: str = "1", more: str = "") -> str:
    return price("instance", "network.outgoing.bytes", "GiB", price_per_gib, more)


def traffic(at: int, gib: str, resource_id: str = "r1") -> SampledUsage:
    value = str(Decimal(gib) * GIB)
    return sample("instance", "network.outgoing.bytes", "B", at, value, resource_id=resource_id)


STORED = price("object_store", "storage.objects.size", "GB month")


def stored(first: int, last: int, value: str) -> SampledUsage:
    return level("object_store", "storage.objects.size", "B·s", first, last, value)


def rate(prices: PricePlan, *sampled: SampledUsage, end: int = DAY_US, segments: Sequence[Segment] = ()) -> Charge:
    history = AttributeHistory(prices)
    assert list(history.record_while_iterating(segments)) == list(segments)
    return sample_engine.rate_samples(sampled, prices, START, START + end, history)


def amounts(
    prices: PricePlan, *sampled: SampledUsage, end: int = DAY_US, segments: Sequence[Segment] = ()
) -> list[str]:
    charge = rate(prices, *sampled, end=end, segments=segments)
    assert (charge.gaps, charge.unpriced) == ((), ())
    return [format_scaled(line.amount, 20) for line in charge.lines]


def test_the_values_of_a_counter_are_summed() -> None:
    charge = rate(plan(traffic_price("0.08")), traffic(HOUR_US, "1"), traffic(2 * HOUR_US, "1.5"))
    (line,) = charge.lines
    assert (line.quantity, format_scaled(line.amount, 20)) == (25 * 10**9, "0.2")
    assert (line.start, line.end) == (START + HOUR_US, START + 2 * HOUR_US)


def test_each_resource_has_its_own_line() -> None:
    assert amounts(plan(traffic_price()), traffic(1, "1"), traffic(1, "2", "r2")) == ["1", "2"]


def test_requests_are_priced_per_thousand() -> None:
    requests = plan(price("object_store", "storage.api.request", "1000 requests", "0.005"))
    used = [sample("object_store", "storage.api.request", "request", at, "1") for at in range(1, 501)]
    assert amounts(requests, *used) == ["0.0025"]


def test_a_gauge_is_multiplied_by_the_time_for_which_it_holds() -> None:
    month = 730 * HOUR_US
    assert amounts(plan(STORED), stored(0, month, "3000000000"), end=31 * DAY_US) == ["3"]
    halves = stored(0, month // 2, "3000000000"), stored(month // 2, month, "1000000000")
    assert amounts(plan(STORED), *halves, end=31 * DAY_US) == ["2"]


def test_a_correction_of_a_gauge_is_in_value_times_seconds() -> None:
    month_s = 730 * 3600
    correction = sample("object_store", "storage.objects.size", "B·s", HOUR_US, str(-(10**9) * month_s))
    used = stored(0, month_s * 10**6, "3000000000")
    assert amounts(plan(STORED), used, correction, end=31 * DAY_US) == ["2"]


def test_more_may_be_taken_out_than_was_used_in_the_period() -> None:
    assert amounts(plan(traffic_price()), traffic(HOUR_US, "-2")) == ["-2"]


def test_cpu_time_in_nanoseconds_is_priced_per_hour() -> None:
    assert amounts(plan(price("instance", "cpu", "hour", "3")), sample("instance", "cpu", "ns", 1, "1800e9")) == ["1.5"]


def test_an_instant_belongs_to_the_period_that_it_ends() -> None:
    prices = plan(traffic_price())
    assert amounts(prices, traffic(0, "1")) == []
    assert amounts(prices, traffic(DAY_US, "1")) == ["1"]
    assert amounts(prices, traffic(DAY_US + 1, "1")) == []


def test_a_level_is_clipped_to_the_period() -> None:
    gauge = plan(price("object_store", "storage.objects", "object hour"))
    usage = level("object_store", "storage.objects", "object·s", -HOUR_US, 3 * HOUR_US, "5")
    assert amounts(gauge, usage, end=2 * HOUR_US) == ["10"]


def test_samples_are_assigned_to_the_version_that_is_valid() -> None:
    later = version_source(traffic_price("10"), valid_from="2026-11-01T01:00:00Z")
    prices = parse(plan_source(traffic_price()) + later)
    assert amounts(prices, traffic(HOUR_US, "1"), traffic(HOUR_US + 1, "1")) == ["1", "10"]


def test_a_condition_compares_the_attributes_at_the_time_of_the_sample() -> None:
    prices = plan(traffic_price("0", 'where = { flavor = "s" }'), traffic_price())
    segments = [segment("instance", 0, HOUR_US, flavor="s"), segment("instance", HOUR_US, None, flavor="l")]
    assert amounts(prices, traffic(HOUR_US - 1, "1"), segments=segments) == []
    assert amounts(prices, traffic(HOUR_US, "1"), segments=segments) == ["1"]
    assert amounts(prices, traffic(1, "1", "unknown"), segments=segments) == ["1"]


def test_a_sample_at_the_end_of_the_last_segment_has_its_attributes() -> None:
    prices = plan(traffic_price("0", 'where = { flavor = "s" }'), traffic_price())
    segments = [segment("instance", 0, HOUR_US, flavor="s")]
    assert amounts(prices, traffic(HOUR_US, "1"), segments=segments) == []
    assert amounts(prices, traffic(HOUR_US + 1, "1"), segments=segments) == ["1"]


def test_a_level_is_cut_where_the_attributes_change() -> None:
    def memory(amount: str, more: str = "") -> str:
        return price("instance", "memory.usage", "MB hour", amount, more)

    prices = plan(memory("1", 'where = { flavor = "s" }'), memory("10", 'where = { flavor = "l" }'), memory("100"))
    segments = [
        segment("instance", 2 * HOUR_US, 3 * HOUR_US, flavor="l"),
        segment("instance", HOUR_US, 2 * HOUR_US, flavor="s"),
        segment("instance", 5 * HOUR_US, None, flavor="l"),
    ]
    usage = level("instance", "memory.usage", "MB·s", 0, 6 * HOUR_US, "1")
    assert amounts(prices, usage, segments=segments) == ["1", "20", "300"]


def test_samples_of_a_type_without_a_price_are_unpriced_unless_it_is_declared_free() -> None:
    sampled = [sample("object_store", "storage.api.request", "request", at, "2") for at in (1, HOUR_US)]
    charge = rate(plan(traffic_price()), *sampled, stored(0, HOUR_US, "7"))
    assert charge.unpriced == (
        UnpricedUsage("object_store", "storage.api.request", "request", 1, 4 * 10**10, covered=False),
        UnpricedUsage("object_store", "storage.objects.size", "B·s", 1, 7 * 3600 * 10**10, covered=False),
    )
    assert [(gap.measure, gap.start, gap.end) for gap in charge.gaps] == [
        ("storage.api.request", START + 1, START + HOUR_US),
        ("storage.objects.size", START, START + HOUR_US),
    ]
    assert rate(plan(traffic_price(), head='free = ["object_store"]'), *sampled) == Charge()
    assert rate(plan(traffic_price(), head='unpriced = "free"'), *sampled) == Charge()


def test_meters_of_a_covered_type_that_have_no_price_cost_nothing() -> None:
    assert rate(plan(traffic_price()), sample("instance", "cpu", "ns", 1, "1")) == Charge()


def test_samples_that_no_condition_matches_are_unpriced() -> None:
    (gap,) = rate(plan(traffic_price(more='where = { cloud = "elsewhere" }')), traffic(1, "1")).gaps
    assert gap.reason.endswith("matches cloud dc")


def test_samples_in_another_unit_than_the_price_are_unpriced() -> None:
    (gap,) = rate(plan(traffic_price()), sample("instance", "network.outgoing.bytes", "MB", 1, "1")).gaps
    assert gap.reason == "the samples are in 'MB', but the price is for a meter in 'B'"


@pytest.mark.parametrize(
    ("resource_type", "meter", "needed"),
    [
        ("instance", "network.outgoing.bytes", True),
        ("instance", "cpu", False),
        ("object_store", "storage.objects", True),
        ("container", "storage.containers.objects", False),
    ],
)
def test_a_plan_reads_only_the_meters_that_it_needs(resource_type: str, meter: str, needed: bool) -> None:
    prices = plan(traffic_price(), head='free = ["container"]')
    assert prices.needs_samples(resource_type, meter) is needed


def test_amounts_that_exceed_128_bits_are_refused() -> None:
    with pytest.raises(Invalid, match="exceeds 128 bits"):
        rate(plan(traffic_price("99999999")), traffic(1, str(10**15)))


def test_the_sum_is_exact_whatever_the_digits_of_the_values() -> None:
    generator = random.Random(1)
    values = [Decimal(generator.randrange(10**24)).scaleb(-generator.randrange(20)) for _ in range(200)]
    sampled = [sample("instance", "network.outgoing.bytes", "B", at, str(value)) for at, value in enumerate(values, 1)]
    generator.shuffle(sampled)
    (line,) = rate(plan(traffic_price("0.0000000001")), *sampled).lines
    assert Fraction(line.quantity, 10**10) == round(sum(map(Fraction, values)) / GIB, 10)


def test_the_days_of_a_line_sum_to_its_amount() -> None:
    prices = plan(traffic_price(), STORED)
    sampled = [traffic(DAY_US, "0.25"), traffic(DAY_US + 1, "0.75"), stored(DAY_US - HOUR_US, DAY_US + HOUR_US, "123")]
    history = AttributeHistory(prices)
    charge, days = sample_engine.rate_samples_by_day(sampled, prices, START, START + 3 * DAY_US, history)
    counter, gauge = charge.lines
    assert charge == rate(prices, *sampled, end=3 * DAY_US)
    assert days[counter.key] == {START: counter.amount // 4, START + DAY_US: counter.amount // 4 * 3}
    assert days[gauge.key] == {START: gauge.amount // 2, START + DAY_US: gauge.amount // 2}
