"""Sums, rounding and taxes of documents."""

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stratiform.kit.errors import Invalid
from stratiform.services.billing.model import TaxTotal, calculate_tax_total, calculate_tax_totals
from stratiform.services.rating.model import AMOUNT_DIGITS, TaxCategory, parse_tax_rate

ZERO = TaxCategory("Z", "0")
CATEGORIES = (TaxCategory("S", "19"), TaxCategory("S", "7.7"), TaxCategory("E", "0"), TaxCategory("AE", "0"))


def scale(amount: str) -> int:
    return int(Decimal(amount).scaleb(AMOUNT_DIGITS))


@pytest.mark.parametrize(
    ("amount", "minor_digits", "net_minor"),
    [
        ("1.005", 2, 100),
        ("1.015", 2, 102),
        ("1.00500000000000000001", 2, 101),
        ("-1.005", 2, -100),
        ("-1.015", 2, -102),
        ("1.5", 0, 2),
        ("2.5", 0, 2),
        ("1.0005", 3, 1000),
        ("123456789012345678.995", 2, 12_345_678_901_234_567_900),
    ],
)
def test_the_sum_is_rounded_once_half_to_even_to_minor_units(amount: str, minor_digits: int, net_minor: int) -> None:
    assert calculate_tax_total(ZERO, scale(amount), minor_digits).taxable_minor == net_minor


def test_the_tax_is_calculated_from_the_rounded_sum_and_the_shares_sum_to_it() -> None:
    category = TaxCategory("S", "19")
    (total,), shares = calculate_tax_totals([(category, scale("33.335"))] * 3, ZERO, 2)
    assert (total.taxable_minor, total.tax_minor) == (10_000, 1_900)
    assert shares == (3334, 3333, 3333)


def test_a_document_without_lines_has_the_default_category() -> None:
    totals, shares = calculate_tax_totals([], TaxCategory("S", "19"), 2)
    assert [(total.category.rate, total.taxable_minor, total.tax_minor) for total in totals] == [("19", 0, 0)]
    assert shares == ()


@given(
    amounts=st.lists(st.tuples(st.sampled_from(CATEGORIES), st.integers(0, 10**30)), max_size=40),
    minor_digits=st.sampled_from([0, 2, 3]),
)
def test_lines_and_taxes_sum_to_the_totals_of_each_category(
    amounts: list[tuple[TaxCategory, int]], minor_digits: int
) -> None:
    totals, shares = calculate_tax_totals(amounts, ZERO, minor_digits)
    assert {total.category for total in totals} == ({category for category, _ in amounts} or {ZERO})
    unit = 10 ** (AMOUNT_DIGITS - minor_digits)
    for total in totals:
        lines = [
            (amount, share)
            for (category, amount), share in zip(amounts, shares, strict=True)
            if category == total.category
        ]
        assert total.exact == sum(amount for amount, _ in lines)
        assert total.taxable_minor == sum(share for _, share in lines)
        assert 2 * abs(total.exact - total.taxable_minor * unit) <= unit
        expected = Decimal(total.taxable_minor) * Decimal(total.category.rate) / 100
        assert total.tax_minor == expected.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        for amount, share in lines:  # the largest remainder differs from the exact share by less than one minor unit
            if total.exact:
                assert abs(share * total.exact - total.taxable_minor * amount) < total.exact


@given(
    amounts=st.lists(st.tuples(st.sampled_from(CATEGORIES), st.integers(0, 10**30)), max_size=12),
    data=st.data(),
)
def test_totals_do_not_depend_on_the_order(amounts: list[tuple[TaxCategory, int]], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(amounts))
    assert calculate_tax_totals(amounts, ZERO, 2)[0] == calculate_tax_totals(shuffled, ZERO, 2)[0]


Amounts = Sequence[tuple[TaxCategory, int]]


def close_month(documents: Sequence[Amounts], minor_digits: int) -> list[dict[TaxCategory, TaxTotal]]:
    """Return the totals of the documents of one month, by category."""
    last: dict[TaxCategory, TaxTotal] = {}
    closed = []
    for amounts in documents:
        totals = {total.category: total for total in calculate_tax_totals(amounts, ZERO, minor_digits, last)[0]}
        closed.append(totals)
        last |= totals
    return closed


RATES = (TaxCategory("S", "19"), TaxCategory("S", "50"), TaxCategory("S", "7.7"), TaxCategory("L", "0.4"), ZERO)


@example(documents=[[(RATES[0], scale("0.02"))]] * 28, minor_digits=2)
@example(documents=[[(RATES[1], scale("1"))], [(RATES[1], scale("2"))]], minor_digits=0)
@given(
    documents=st.lists(
        st.lists(st.tuples(st.sampled_from(RATES), st.integers(-(10**21), 10**21)), min_size=1, max_size=3),
        min_size=1,
        max_size=30,
    ),
    minor_digits=st.sampled_from([0, 2, 3]),
)
def test_the_documents_of_a_month_sum_to_one_document(documents: Sequence[Amounts], minor_digits: int) -> None:
    closed = close_month(documents, minor_digits)
    (once,) = close_month([[amount for amounts in documents for amount in amounts]], minor_digits)
    for category, total in once.items():
        members = [totals[category] for totals in closed if category in totals]
        assert sum(member.exact for member in members) == total.exact
        assert sum(member.taxable_minor for member in members) == total.taxable_minor
        assert sum(member.tax_minor for member in members) == total.tax_minor
        for member in members:  # a reader that knows only one document accepts its tax
            own = calculate_tax_total(
                category, member.taxable_minor * 10 ** (AMOUNT_DIGITS - minor_digits), minor_digits
            )
            assert abs(member.tax_minor - own.tax_minor) <= 1
            assert member.tax_minor * member.taxable_minor >= 0


def test_many_small_taxes_are_not_lost() -> None:
    documents = close_month([[(RATES[0], scale("0.02"))]] * 28, 2)
    taxes = [totals[RATES[0]].tax_minor for totals in documents]
    assert sum(taxes) == 11
    assert set(taxes) == {0, 1}
    assert [totals[RATES[0]].tax_before_minor for totals in documents[:4]] == [None, 0, 1, 1]


def test_a_tax_that_was_rounded_in_each_invoice_is_not_corrected_later() -> None:
    """Before taxes continued, 20 invoices of 0.02 had no tax; the next one does not charge all of it."""
    earlier = TaxTotal(RATES[0], scale("0.02"), 2, 0, scale("0.38"), 38)
    total = calculate_tax_total(RATES[0], scale("0.02"), 2, earlier)
    assert (total.taxable_minor, total.tax_minor, total.tax_before_minor) == (2, 0, 8)


@pytest.mark.parametrize(("text", "rate"), [("19", "19"), ("7.70", "7.7"), ("0", "0"), ("100", "100"), ("05.5", "5.5")])
def test_tax_rates_have_a_canonical_form(text: str, rate: str) -> None:
    assert parse_tax_rate(text) == rate


@pytest.mark.parametrize("text", ["", "-1", "100.1", "1e1", "19 %", "1.23456", "NaN", "٣"])
def test_invalid_tax_rates_are_refused(text: str) -> None:
    with pytest.raises(Invalid, match="is not a percentage from 0 to 100"):
        parse_tax_rate(text)
