"""The chart keeps the proportions of the money."""

from datetime import date
from decimal import Decimal

from stratiform.interfaces.portal.chart import HEIGHT, WIDTH, by_day, money


def test_bars_stand_on_the_floor_in_proportion() -> None:
    chart = by_day([(date(2026, 11, 1), Decimal(10)), (date(2026, 11, 2), Decimal(5))], "EUR")
    first, second = chart.bars
    assert round(first.height / second.height, 1) == 2.0
    assert all(bar.y + bar.height == chart.floor < HEIGHT for bar in chart.bars)
    assert second.x + second.width <= WIDTH
    assert (first.label, second.label) == ("1", "")


def test_no_money_is_an_empty_chart() -> None:
    chart = by_day([(date(2026, 11, 1), Decimal(0))], "EUR")
    assert (chart.bars[0].height, chart.top) == (0, "")


def test_small_amounts_keep_their_first_digits() -> None:
    assert money(Decimal("0.000012"), "EUR") == "€0.000012"
    assert money(Decimal("0.000035305555838"), "EUR") == "€0.000035"
    assert money(Decimal("0.00000000000009"), "EUR") == "€0.00000000000009"
    assert money(Decimal("-0.000999"), "EUR") == "-€0.001"
    assert money(Decimal("0"), "EUR") == "€0.00"
    assert money(Decimal("12.345"), "EUR") == "€12.34"


def test_what_is_small_depends_on_the_currency() -> None:
    assert money(Decimal("0.4123"), "JPY") == "JP¥0.41"
    assert money(Decimal("12.4"), "JPY") == "JP¥12"
    assert money(Decimal("0.0049"), "KWD") == "KWD0.005"
    assert money(Decimal("0.00049"), "KWD") == "KWD0.00049"
