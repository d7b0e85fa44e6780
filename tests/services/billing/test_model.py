"""Sums, rounding and tax of an invoice."""

from decimal import Decimal

import pytest

from stratiform.services.billing.model import taxed
from stratiform.services.rating.model import AMOUNT_DIGITS


def parts(amount: str) -> int:
    return int(Decimal(amount).scaleb(AMOUNT_DIGITS))


@pytest.mark.parametrize(
    ("amount", "currency", "net"),
    [
        ("1.005", "EUR", 100),
        ("1.015", "EUR", 102),
        ("1.00500000000000000001", "EUR", 101),
        ("1.5", "JPY", 2),
        ("2.5", "JPY", 2),
        ("1.0005", "KWD", 1000),
        ("123456789012345678.995", "EUR", 12_345_678_901_234_567_900),
    ],
)
def test_the_sum_is_rounded_once_half_to_even_in_the_currency_s_own_unit(amount: str, currency: str, net: int) -> None:
    assert taxed([parts(amount)], "0", currency).net == net


def test_the_tax_is_of_the_rounded_sum_and_the_shares_sum_to_it() -> None:
    sums = taxed([parts("33.335"), parts("33.335"), parts("33.335")], "19", "EUR")
    assert (sums.net, sums.tax) == (10_000, 1_900)
    assert sums.shares == (3334, 3333, 3333)
    assert taxed([], "19", "EUR").shares == ()
