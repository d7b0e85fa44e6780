"""A price plan's TOML: what is taken, and the one line that is told where it isn't."""

import re
from pathlib import Path

import pytest

from stratiform.kit.clock import parse_iso
from stratiform.kit.errors import Invalid
from stratiform.services.rating.plan import from_document, read

EXAMPLE = Path(__file__).parents[3] / "examples" / "prices.toml"

HEAD = 'name = "p"\ncurrency = "EUR"\n'
VERSION = "[[version]]\nvalid_from = 2026-01-01\n"
PRICE = '[[version.price]]\nmeter = "vcpu"\nprice = "0.01"\nper = "hour"\n'
GOOD = HEAD + VERSION + PRICE


def with_price(**changes: str) -> str:
    told = {"meter": '"vcpu"', "price": '"0.01"', "per": '"hour"'} | changes
    return HEAD + VERSION + "[[version.price]]\n" + "".join(f"{key} = {value}\n" for key, value in told.items())


def version(valid_from: str, until: str = "") -> str:
    return f"[[version]]\nvalid_from = {valid_from}\n" + (f"valid_until = {until}\n" if until else "") + PRICE


def test_the_example_is_a_plan() -> None:
    plan = read(EXAMPLE.read_text())
    assert (plan.name, plan.currency, plan.unpriced) == ("standard", "EUR", "refuse")
    assert plan.versions[0].valid_from == parse_iso("2025-01-01")


def test_a_version_comes_back_from_its_document() -> None:
    for source in (EXAMPLE.read_text(), GOOD):
        for one in read(source).versions:
            assert from_document(one.document) == one


@pytest.mark.parametrize(("price", "amount"), [('"0.01"', 10**8), ("0.01", 10**8), ("3", 3 * 10**10), ("0", 0)])
def test_a_price_is_a_decimal_however_it_is_written(price: str, amount: int) -> None:
    assert read(with_price(price=price)).versions[0].prices[0].amount == amount


@pytest.mark.parametrize("moment", ["2026-02-01", "2026-02-01T00:00:00", "2026-02-01T01:00:00+01:00", '"2026-02-01"'])
def test_a_beginning_is_a_date_or_a_time_in_utc(moment: str) -> None:
    assert read(HEAD + version(moment)).versions[0].valid_from == parse_iso("2026-02-01")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("name = ", "not valid TOML"),
        (GOOD.replace('name = "p"\n', ""), "the plan has no 'name'"),
        (GOOD.replace('"p"', '"a b"'), "name: 1 to 64 letters"),
        (GOOD.replace("EUR", "EURO"), "'EURO' is not a currency code"),
        ("unprized = 1\n" + GOOD, "the plan: unknown key 'unprized'"),
        ('unpriced = "maybe"\n' + GOOD, "unpriced: 'maybe' is not one of refuse, free"),
        (HEAD, "the plan has no [[version]]"),
        (HEAD + VERSION, "version 1 has no [[version.price]]"),
        (HEAD + "[[version]]\n" + PRICE, "version 1 has no 'valid_from'"),
        (HEAD + version('"soon"'), "valid_from of version 1: 'soon' is not a date"),
        (HEAD + version("1"), "valid_from of version 1: must be a date"),
        (HEAD + version("2026-02-01", "2026-01-01"), "version 1 ends before it begins"),
        (HEAD + version("2026-01-01") + version("2026-01-01"), "two versions are valid from 2026-01-01"),
        (HEAD + version("2026-01-01", "2026-03-01") + version("2026-02-01"), "overlaps the one of 2026-02-01"),
        (with_price(staets='["active"]'), "price 1 of version 1: unknown key 'staets'"),
        (with_price(states='["actve"]'), "the type instance has no state 'actve'"),
        (with_price(meter='"cpu"'), "meter of price 1 of version 1: 'cpu' is not one of instance, vcpu"),
        (with_price(per='"week"'), "per of price 1 of version 1: 'week' is not one of second, minute, hour"),
        (with_price(price='"-0.01"'), "the price -0.01 is negative"),
        (with_price(price='"1,5"'), "'1,5' is not a decimal number"),
        (with_price(price="nan"), "'NaN' is not a decimal number"),
        (with_price(price='"inf"'), "'inf' is not a decimal number"),
        (with_price(price="true"), "the price must be a decimal"),
        (with_price(price='"0.00000000001"'), "more than 10 digits behind the point"),
        (with_price(price='"1e8"'), "the price 1e8 is too high"),
        (with_price(round='"up"'), "'round' needs a 'granularity'"),
        (with_price(granularity='"hour"', round='"off"'), "round of price 1 of version 1: 'off' is not one of"),
        (with_price(volume_type='"fast"'), "'volume_type' says nothing about the type instance"),
        (with_price(flavor="[]"), "flavor of price 1 of version 1: must be a text or a list of texts"),
        (GOOD + PRICE, "price 2 of version 1 is never reached: price 1 answers first"),
        (GOOD + PRICE + 'cloud = "a"\n', "price 2 of version 1 is never reached"),
    ],
)
def test_a_mistake_is_one_clear_line(source: str, said: str) -> None:
    with pytest.raises(Invalid, match=re.escape(said)) as told:
        read(source)
    assert "\n" not in told.value.message


def test_what_answers_first_may_be_narrower() -> None:
    narrow = PRICE + 'flavor = "a"\n'
    assert len(read(HEAD + VERSION + narrow + PRICE).versions[0].prices) == 2
    assert len(read(HEAD + VERSION + PRICE + 'states = ["active"]\n' + PRICE).versions[0].prices) == 2
