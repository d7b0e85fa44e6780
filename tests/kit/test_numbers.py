"""Strict parsing of numbers in texts."""

from decimal import Decimal

import pytest

from stratiform.kit.number_parsing import is_int, is_uint, parse_decimal, parse_int, parse_scientific, parse_uint

#: Texts that Python's `int` accepts as numbers, or that look like numbers.
LOOSE = (
    "",
    " 5",
    "5 ",
    "5\n",
    "\t5",
    "+5",
    "1_000",
    "٣",
    "５",
    "²",
    "0x10",
    "1e3",
    "1,000",
    "1.",
    ".5",
    "--1",
    "-",
    "1.0.0",
)


@pytest.mark.parametrize("text", [*LOOSE, "NaN", "Infinity", "-inf"])
def test_loose_numbers_are_refused(text: str) -> None:
    assert (is_uint(text), is_int(text)) == (False, False)
    assert (parse_uint(text), parse_int(text), parse_decimal(text)) == (None, None, None)
    assert parse_scientific(text) is None or text == "1e3"


def test_plain_numbers() -> None:
    assert (parse_uint("007"), parse_uint("9" * 18)) == (7, 10**18 - 1)
    assert (parse_int("-5"), parse_int("0"), parse_int("-" + "9" * 18)) == (-5, 0, 1 - 10**18)
    assert (parse_decimal("-1.50"), parse_decimal("9" * 40)) == (Decimal("-1.50"), Decimal(10**40 - 1))


def test_exponents_of_floats() -> None:
    assert (parse_scientific("1e3"), parse_scientific("-1.5E-07")) == (Decimal(1000), Decimal("-1.5E-7"))
    assert parse_scientific("1e1000000") is None  # would need a megabyte when it is written without an exponent


def test_numbers_that_a_column_cannot_hold_are_refused() -> None:
    assert (parse_uint("1" * 19), parse_uint("9" * 5000), parse_uint("-1")) == (None, None, None)
    assert (parse_int("1" * 19), parse_int("-" + "1" * 19)) == (None, None)
    assert (is_uint("9" * 5000), is_int("-" + "9" * 5000)) == (True, True)
