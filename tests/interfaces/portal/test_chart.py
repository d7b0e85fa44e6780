"""The chart of costs, and the format of amounts."""

from datetime import date
from decimal import Decimal

from stratiform.interfaces.portal.cost_chart import HEIGHT, WIDTH, build_chart, format_amount


def test_bars_are_proportional_to_amounts() -> None:
    chart = build_chart([(date(2026, 11, 1), Decimal(10)), (date(2026, 11, 2), Decimal(5))], "EUR")
    first, second = chart.bars
    assert round(first.height / second.height, 1) == 2.0
    assert all(bar.y + bar.height == chart.floor < HEIGHT for bar in chart.bars)
    assert second.x + second.width <= WIDTH
    assert (first.label, second.label) == ("1", "")


def test_chart_without_costs() -> None:
    chart = build_chart([(date(2026, 11, 1), Decimal(0))], "EUR")
    assert (chart.bars[0].height, chart.top) == (0, "")


def test_small_amounts_keep_two_digits() -> None:
    assert format_amount(Decimal("0.000012"), "EUR") == "€0.000012"
    assert format_amount(Decimal("0.000035305555838"), "EUR") == "€0.000035"
    assert format_amount(Decimal("0.00000000000009"), "EUR") == "€0.00000000000009"
    assert format_amount(Decimal("-0.000999"), "EUR") == "-€0.001"
    assert format_amount(Decimal("0"), "EUR") == "€0.00"
    assert format_amount(Decimal("12.345"), "EUR") == "€12.34"


def test_smallest_unit_depends_on_currency() -> None:
    assert format_amount(Decimal("0.4123"), "JPY") == "JP¥0.41"
    assert format_amount(Decimal("12.4"), "JPY") == "JP¥12"
    assert format_amount(Decimal("0.0049"), "KWD") == "KWD0.005"
    assert format_amount(Decimal("0.00049"), "KWD") == "KWD0.00049"
