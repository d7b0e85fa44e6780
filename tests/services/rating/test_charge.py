"""What a charge is, by examples that can be counted by hand."""

import re
from typing import Any

import pytest

from stratiform.kit.clock import DAY_US, HOUR_US, MINUTE_US, SECOND_US, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.ledger.model import Segment
from stratiform.services.rating import charge, duck
from stratiform.services.rating.model import Charge, Plan, plain
from stratiform.services.rating.plan import read

START = parse_iso("2026-11-01")


def plan(*prices: str, head: str = "", valid_from: str = "2026-01-01") -> Plan:
    tables = "".join(f"[[version.price]]\n{price}\n" for price in prices)
    return read(f'name = "p"\ncurrency = "EUR"\n{head}\n[[version]]\nvalid_from = {valid_from}\n{tables}')


def vcpu(price: str = "0.36", more: str = "") -> str:
    return f'meter = "vcpu"\nprice = "{price}"\nper = "hour"\n{more}'


def used(first: int, last: int | None, state: str = "active", **attributes: Any) -> Segment:
    end = None if last is None else START + last
    return Segment("dc", "instance", "i1", "p1", START + first, end, state, {"vcpus": 2, "flavor": "s"} | attributes)


def priced(prices: Plan, *usages: Segment, end: int = DAY_US) -> Charge:
    """By both engines."""
    plainly = charge.rate(usages, prices, START, START + end)
    assert duck.rate(duck.table(usages), prices, START, START + end) == plainly
    return plainly


def amounts(prices: Plan, *usages: Segment, end: int = DAY_US) -> list[str]:
    done = priced(prices, *usages, end=end)
    assert done.gaps == ()
    return [plain(line.amount, 20) for line in done.lines]


def test_parts_times_time_times_price() -> None:
    assert amounts(plan(vcpu()), used(0, HOUR_US)) == ["0.72"]
    assert amounts(plan(vcpu()), used(0, SECOND_US)) == ["0.000200000016"]  # of 0.0005555556 hours
    memory = 'meter = "ram"\nprice = "1"\nper = "hour"'
    assert amounts(plan(memory), used(0, HOUR_US, ram_mib=512)) == ["0.5"]


@pytest.mark.parametrize(("per", "amount"), [("second", "7200"), ("minute", "120"), ("hour", "2")])
def test_a_price_holds_for_its_unit_of_time(per: str, amount: str) -> None:
    assert amounts(plan(f'meter = "vcpu"\nprice = "1"\nper = "{per}"'), used(0, HOUR_US)) == [amount]


def test_usage_is_clipped_to_the_period_and_open_usage_ends_with_it() -> None:
    assert amounts(plan(vcpu()), used(-HOUR_US, None), end=HOUR_US) == ["0.72"]
    assert amounts(plan(vcpu()), used(-HOUR_US, 0)) == []
    assert amounts(plan(vcpu()), used(DAY_US, None)) == []


@pytest.mark.parametrize(("rounding", "amount"), [("up", "4"), ("down", "2"), ("nearest", "4"), ("", "4")])
def test_time_is_rounded_before_it_is_multiplied(rounding: str, amount: str) -> None:
    rule = 'granularity = "minute"\n' + (f'round = "{rounding}"' if rounding else "")
    prices = plan(f'meter = "vcpu"\nprice = "1"\nper = "minute"\n{rule}')
    assert amounts(prices, used(0, MINUTE_US + 30 * SECOND_US)) == [amount]


def test_a_run_is_rounded_once_however_the_ledger_cuts_it() -> None:
    prices = plan(vcpu(more='granularity = "hour"'))
    assert amounts(prices, used(0, 40 * MINUTE_US), used(40 * MINUTE_US, 50 * MINUTE_US, "paused")) == ["0.72"]
    assert amounts(prices, used(0, 10 * MINUTE_US), used(20 * MINUTE_US, 30 * MINUTE_US)) == ["1.44"]
    # A resize is a new run.
    assert amounts(prices, used(0, 10 * MINUTE_US), used(10 * MINUTE_US, 20 * MINUTE_US, vcpus=4)) == ["2.16"]


def test_states_that_count() -> None:
    prices = plan(vcpu(more='states = ["active"]'), vcpu("0.1", 'states = ["paused"]'))
    usages = used(0, HOUR_US), used(HOUR_US, 2 * HOUR_US, "paused"), used(2 * HOUR_US, 3 * HOUR_US, "stopped")
    assert amounts(prices, *usages) == ["0.72", "0.2"]


def test_the_first_price_that_answers_is_taken() -> None:
    prices = plan(vcpu("0", 'flavor = "s"'), vcpu("1", 'cloud = "elsewhere"'), vcpu())
    assert amounts(prices, used(0, HOUR_US)) == []
    assert amounts(prices, used(0, HOUR_US, flavor="m")) == ["0.72"]


def test_a_flavor_goes_by_name_or_id_and_meters_add_up() -> None:
    flat = 'meter = "instance"\nflavor = ["tiny", "42"]\nprice = "1"\nper = "hour"'
    assert amounts(plan(flat, vcpu()), used(0, HOUR_US, flavor_id="42")) == ["1", "0.72"]


def test_a_volume_type_goes_by_name_or_id() -> None:
    prices = plan('meter = "volume"\nvolume_type = ["fast", "t-1"]\nprice = "0.5"\nper = "hour"')
    for told in ({"volume_type": "t-1"}, {"volume_type": "t-2", "volume_type_name": "fast"}):
        usage = Segment("dc", "volume", "v1", "p1", START, START + HOUR_US, "available", {"size_gib": 10} | told)
        assert amounts(prices, usage) == ["5"]


def test_a_segment_is_cut_where_the_version_changes() -> None:
    dear = "[[version]]\nvalid_from = 2026-11-01T01:00:00Z\n[[version.price]]\n" + vcpu("1")
    cheap = "[[version]]\nvalid_from = 2026-01-01\n[[version.price]]\n" + vcpu()
    prices = read(f'name = "p"\ncurrency = "EUR"\n{cheap}\n{dear}')
    assert amounts(prices, used(0, 3 * HOUR_US)) == ["0.72", "4"]


@pytest.mark.parametrize(
    ("prices", "attributes", "why"),
    [
        (plan(vcpu(), valid_from="2026-11-02"), {}, "no version is valid then"),
        (plan(vcpu(more='flavor = "m"')), {}, "no 'vcpu' price of the version of .* is for flavor s in cloud dc"),
        (plan(vcpu()), {"vcpus": None}, "it does not say its vcpus"),
        (plan('meter = "volume"\nprice = "1"\nper = "hour"'), {}, "has no price for a resource of type instance"),
    ],
)
def test_a_gap_is_told(prices: Plan, attributes: dict[str, Any], why: str) -> None:
    done = priced(prices, used(0, HOUR_US, **attributes))
    assert done.lines == ()
    (gap,) = done.gaps
    assert (gap.resource_id, gap.start, gap.end) == ("i1", START, START + HOUR_US)
    assert re.search(why, gap.why)


def test_a_plan_may_give_away_what_it_does_not_price() -> None:
    prices = plan(vcpu(more='flavor = "m"'), head='unpriced = "free"')
    assert priced(prices, used(0, HOUR_US)) == Charge((), ())


def test_numbers_too_large_for_64_bits_are_exact() -> None:
    huge = 10**15
    done = priced(plan(vcpu("0.9999999999")), used(0, HOUR_US, vcpus=huge), used(HOUR_US, 2 * HOUR_US, vcpus=huge))
    assert plain(done.amount, 20) == "1999999999800000"


def test_numbers_too_large_for_128_bits_are_refused_by_both() -> None:
    prices, usage = plan(vcpu("99999999")), used(0, HOUR_US, vcpus=10**15)
    for engine in (charge.rate, lambda usages, *rest: duck.rate(duck.table(usages), *rest)):
        with pytest.raises(Invalid, match="more digits than can be counted"):
            engine([usage], prices, START, START + DAY_US)


def test_the_days_of_a_line_sum_to_it() -> None:
    prices = plan(vcpu(more='granularity = "day"'))
    rated, days = charge.rate_by_day([used(0, DAY_US + HOUR_US)], prices, START, START + 3 * DAY_US)
    (line,) = rated.lines
    assert plain(line.amount, 20) == "34.56"
    assert days[line.key] == {START: line.amount // 2, START + DAY_US: line.amount // 2}
