"""Charges of segments, with examples that can be verified by hand, by both engines."""

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model import Segment
from stratiform.services.rating.engines import duckdb_engine, segment_engine
from stratiform.services.rating.model import (
    Charge,
    Measure,
    PlanVersion,
    Price,
    PricePlan,
    Unit,
    UnpricedUsage,
    format_scaled,
)
from support.rating import START, parse, plan, plan_source, segment, version_source

if TYPE_CHECKING:
    from stratiform.services.rating.engines.duckdb_engine import Session

EXTERNAL = "where = { external = true }"

#: Rates segments in the first hours of the test period.
Rate = Callable[..., Charge]

#: The same, and returns the amounts of the lines.
Amounts = Callable[..., list[str]]


@pytest.fixture
def rate(session: "Session") -> Rate:
    def rate_by_both(prices: PricePlan, *usages: Segment, end: int = DAY_US) -> Charge:
        charge = segment_engine.rate_segments(usages, prices, START, START + end)
        table = duckdb_engine.build_usage_table(usages, prices.usage_fields)
        assert duckdb_engine.rate_segments(table, prices, START, START + end, session) == charge
        return charge

    return rate_by_both


@pytest.fixture
def amounts(rate: Rate) -> Amounts:
    def amounts_of_lines(prices: PricePlan, *usages: Segment, end: int = DAY_US) -> list[str]:
        charge = rate(prices, *usages, end=end)
        assert (charge.gaps, charge.unpriced) == ((), ())
        return [format_scaled(line.amount, 20) for line in charge.lines]

    return amounts_of_lines


GPU_PRICE = Price(Measure("gpu", "attribute", "gpus", 6), 2 * 10**10, Unit("gpu", "gpu", 1, "hour"))


def plan_of(price: Price) -> PricePlan:
    return PricePlan("p", "EUR", "refuse", (PlanVersion(0, None, (price,), {}, ""),))


def vcpu(price: str = "0.36", more: str = "") -> str:
    return f'meter = "vcpu"\nprice = "{price}"\nper = "hour"\n{more}'


def price(resource: str, measure: str, more: str = "", per: str = "hour", price: str = "1") -> str:
    return f'resource = "{resource}"\nmeasure = "{measure}"\nprice = "{price}"\nper = "{per}"\n{more}'


def instance(first: int, last: int | None, state: str = "active", **attributes: Any) -> Segment:
    usual: dict[str, Any] = {"vcpus": 2, "flavor": "s"}
    return segment("instance", first, last, state, **usual | attributes)


def volume(last: int, **attributes: Any) -> Segment:
    return segment("volume", 0, last, "available", **{"size_gib": 10} | attributes)


def test_the_amount_is_parts_times_time_times_price(amounts: Amounts) -> None:
    assert amounts(plan(vcpu()), instance(0, HOUR_US)) == ["0.72"]
    assert amounts(plan(vcpu()), instance(0, SECOND_US)) == ["0.000200000016"]  # 0.0005555556 hours
    memory = 'meter = "ram"\nprice = "1"\nper = "hour"'
    assert amounts(plan(memory), instance(0, HOUR_US, ram_mib=512)) == ["0.5"]


@pytest.mark.parametrize(
    ("per", "amount"), [("second", "7200"), ("minute", "120"), ("hour", "2"), ("day", "0.0833333333")]
)
def test_a_price_is_for_its_period(amounts: Amounts, per: str, amount: str) -> None:
    assert amounts(plan(f'meter = "vcpu"\nprice = "1"\nper = "{per}"'), instance(0, HOUR_US)) == [amount]


def test_a_month_has_730_hours(amounts: Amounts) -> None:
    monthly = plan(price("router", "duration", per="month", price="7.3"))
    assert amounts(monthly, segment("router", 0, 10 * HOUR_US)) == ["0.09999999973"]  # 0.0136986301 months


@pytest.mark.parametrize(
    ("text", "usage", "amount"),
    [
        (price("floating_ip", "duration"), segment("floating_ip", 0, HOUR_US), "1"),
        (price("snapshot", "attribute", 'attribute = "size_gib"'), segment("snapshot", 0, HOUR_US, size_gib=7), "7"),
        (
            price("image", "attribute", 'attribute = "size_bytes"', "GiB month"),
            segment("image", 0, 730 * HOUR_US, size_bytes=3 * 2**29),
            "1.5",
        ),
        (price("load_balancer", "duration"), segment("load_balancer", 0, HOUR_US), "1"),
        (price("instance", "duration", "where = { vcpus = 2 }"), instance(0, HOUR_US), "1"),
        (
            price("network", "duration", "where = { external = true }"),
            segment("network", 0, HOUR_US, external=True),
            "1",
        ),
    ],
)
def test_every_resource_type_can_be_priced(amounts: Amounts, text: str, usage: Segment, amount: str) -> None:
    assert amounts(plan(text), usage, end=31 * DAY_US) == [amount]


def test_an_empty_condition_matches_an_attribute_without_value(amounts: Amounts) -> None:
    detached = plan(
        price("floating_ip", "duration", 'where = { port_id = "" }'), price("floating_ip", "duration", price="0")
    )
    assert amounts(detached, segment("floating_ip", 0, HOUR_US)) == ["1"]
    assert amounts(detached, segment("floating_ip", 0, HOUR_US, port_id=None)) == ["1"]
    assert amounts(detached, segment("floating_ip", 0, HOUR_US, port_id="port-1")) == []


def test_usage_is_clipped_to_the_period_and_open_usage_ends_with_it(amounts: Amounts) -> None:
    assert amounts(plan(vcpu()), instance(-HOUR_US, None), end=HOUR_US) == ["0.72"]
    assert amounts(plan(vcpu()), instance(-HOUR_US, 0)) == []
    assert amounts(plan(vcpu()), instance(DAY_US, None)) == []


@pytest.mark.parametrize(("rounding", "amount"), [("up", "4"), ("down", "2"), ("nearest", "4"), ("", "4")])
def test_the_duration_is_rounded_before_it_is_multiplied(amounts: Amounts, rounding: str, amount: str) -> None:
    rule = 'granularity = "minute"\n' + (f'round = "{rounding}"' if rounding else "")
    prices = plan(f'meter = "vcpu"\nprice = "1"\nper = "minute"\n{rule}')
    assert amounts(prices, instance(0, MINUTE_US + 30 * SECOND_US)) == [amount]


def test_adjacent_segments_are_one_run_that_is_rounded_once(amounts: Amounts) -> None:
    prices = plan(vcpu(more='granularity = "hour"'))
    paused = instance(40 * MINUTE_US, 50 * MINUTE_US, "paused")
    assert amounts(prices, instance(0, 40 * MINUTE_US), paused) == ["0.72"]
    assert amounts(prices, instance(0, 10 * MINUTE_US), instance(20 * MINUTE_US, 30 * MINUTE_US)) == ["1.44"]
    # A resize starts a new run.
    assert amounts(prices, instance(0, 10 * MINUTE_US), instance(10 * MINUTE_US, 20 * MINUTE_US, vcpus=4)) == ["2.16"]


def test_a_line_covers_only_the_time_in_which_the_attribute_is_not_zero(rate: Rate) -> None:
    usages = instance(0, HOUR_US, vcpus=0), instance(HOUR_US, 2 * HOUR_US), instance(2 * HOUR_US, None, vcpus=0)
    (line,) = rate(plan(vcpu()), *usages).lines
    assert (line.start, line.end) == (START + HOUR_US, START + 2 * HOUR_US)


@pytest.mark.parametrize(("gpus", "amount"), [("0.5", "1"), ("1.000001", "2.000002"), (3, "6"), ("0", None)])
def test_a_decimal_attribute_is_multiplied_exactly(amounts: Amounts, gpus: Any, amount: str | None) -> None:
    assert amounts(plan_of(GPU_PRICE), segment("gpu", 0, HOUR_US, gpus=gpus)) == ([amount] if amount else [])


@pytest.mark.parametrize("gpus", ["0.0000001", "-1", "many", True, None])
def test_another_value_than_a_decimal_with_six_digits_has_no_price(rate: Rate, gpus: Any) -> None:
    (gap,) = rate(plan_of(GPU_PRICE), segment("gpu", 0, HOUR_US, gpus=gpus)).gaps
    assert gap.reason == "the attribute gpus of the resource does not have a numeric value"


def test_a_price_charges_only_its_states(amounts: Amounts) -> None:
    prices = plan(vcpu(more='states = ["active"]'), vcpu("0.1", 'states = ["paused"]'))
    usages = (
        instance(0, HOUR_US),
        instance(HOUR_US, 2 * HOUR_US, "paused"),
        instance(2 * HOUR_US, 3 * HOUR_US, "stopped"),
    )
    assert amounts(prices, *usages) == ["0.72", "0.2"]


def test_the_first_price_that_matches_applies(amounts: Amounts) -> None:
    prices = plan(vcpu("0", 'flavor = "s"'), vcpu("1", 'cloud = "elsewhere"'), vcpu())
    assert amounts(prices, instance(0, HOUR_US)) == []
    assert amounts(prices, instance(0, HOUR_US, flavor="m")) == ["0.72"]


def test_a_flavor_matches_by_name_or_id_and_measures_add_up(amounts: Amounts) -> None:
    flat = 'meter = "instance"\nflavor = ["tiny", "42"]\nprice = "1"\nper = "hour"'
    assert amounts(plan(flat, vcpu()), instance(0, HOUR_US, flavor_id="42")) == ["1", "0.72"]


@pytest.mark.parametrize("attributes", [{"volume_type": "t-1"}, {"volume_type": "t-2", "volume_type_name": "fast"}])
def test_a_volume_type_matches_by_name_or_id(amounts: Amounts, attributes: dict[str, str]) -> None:
    prices = plan('meter = "volume"\nvolume_type = ["fast", "t-1"]\nprice = "0.5"\nper = "hour"')
    assert amounts(prices, volume(HOUR_US, **attributes)) == ["5"]


def test_a_segment_is_cut_where_the_version_changes(amounts: Amounts) -> None:
    later = version_source(vcpu("1"), valid_from="2026-11-01T01:00:00Z")
    assert amounts(parse(plan_source(vcpu()) + later), instance(0, 3 * HOUR_US)) == ["0.72", "4"]


@pytest.mark.parametrize(
    ("prices", "attributes", "measure", "reason"),
    [
        (plan(vcpu(), valid_from="2026-11-02"), {}, "", "no version of the plan is valid at that time"),
        (plan(vcpu(more='flavor = "m"')), {}, "vcpu", "no price for 'vcpu' in .* matches flavor s, cloud dc"),
        (plan(vcpu()), {"vcpus": None}, "vcpu", "the attribute vcpus of the resource does not have a numeric value"),
        (plan('meter = "volume"\nprice = 1\nper = "hour"'), {}, "", "has no price for resources of type instance"),
    ],
)
def test_usage_without_a_price_is_a_gap_with_a_reason(
    rate: Rate, prices: PricePlan, attributes: dict[str, Any], measure: str, reason: str
) -> None:
    charge = rate(prices, instance(0, HOUR_US, **attributes))
    assert charge.lines == ()
    (gap,) = charge.gaps
    assert (gap.resource_id, gap.measure, gap.start, gap.end) == ("r1", measure, START, START + HOUR_US)
    assert re.search(reason, gap.reason)
    assert charge.unpriced == (UnpricedUsage("instance", measure, "h", 1, 10**10, covered=bool(measure)),)


def test_a_type_without_a_price_is_unpriced_unless_it_is_declared_free(rate: Rate) -> None:
    usages = (
        instance(0, HOUR_US),
        *(segment("router", 0, 2 * HOUR_US, resource_id=f"r{number}") for number in range(3)),
        segment("floating_ip", 0, HOUR_US),
        segment("network", 0, HOUR_US),
    )
    charge = rate(plan(vcpu(), head='free = ["network"]'), *usages)
    assert charge.unpriced == (
        UnpricedUsage("floating_ip", "", "h", 1, 10**10, covered=False),
        UnpricedUsage("router", "", "h", 3, 6 * 10**10, covered=False),
    )
    assert charge.unpriced_types == {"floating_ip": 1, "router": 3}
    assert len(charge.gaps) == 4
    declared = rate(plan(vcpu(), head='free = ["floating_ip", "network", "router"]'), *usages)
    assert (declared.unpriced, declared.lines) == ((), charge.lines)


def test_a_free_type_is_charged_where_it_has_a_price(amounts: Amounts) -> None:
    later = version_source(vcpu(), price("router", "duration"), valid_from="2026-11-01T01:00:00Z")
    prices = parse(plan_source(vcpu(), head='free = ["router"]') + later)
    assert amounts(prices, segment("router", 0, 3 * HOUR_US)) == ["2"]


def test_a_plan_may_charge_nothing_for_unpriced_usage(rate: Rate) -> None:
    prices = plan(vcpu(more='flavor = "m"'), head='unpriced = "free"')
    assert rate(prices, instance(0, HOUR_US), segment("router", 0, HOUR_US)) == Charge()


def test_numbers_that_exceed_64_bits_are_exact(rate: Rate) -> None:
    huge = 10**15
    usages = instance(0, HOUR_US, vcpus=huge), instance(HOUR_US, 2 * HOUR_US, vcpus=huge)
    assert format_scaled(rate(plan(vcpu("0.9999999999")), *usages).amount, 20) == "1999999999800000"


def test_both_engines_refuse_numbers_that_exceed_128_bits(session: "Session") -> None:
    prices, usage = plan(vcpu("99999999")), instance(0, HOUR_US, vcpus=10**15)
    table = duckdb_engine.build_usage_table([usage], prices.usage_fields)
    for engine in (
        partial(segment_engine.rate_segments, [usage], prices, START, START + DAY_US),
        partial(duckdb_engine.rate_segments, table, prices, START, START + DAY_US, session),
    ):
        with pytest.raises(Invalid, match="exceeds 128 bits"):
            engine()


def test_the_days_of_a_line_sum_to_its_amount() -> None:
    prices = plan(vcpu(more='granularity = "day"'))
    charge, days = segment_engine.rate_segments_by_day(
        [instance(0, DAY_US + HOUR_US)], prices, START, START + 3 * DAY_US
    )
    (line,) = charge.lines
    assert format_scaled(line.amount, 20) == "34.56"
    assert days[line.key] == {START: line.amount // 2, START + DAY_US: line.amount // 2}
