"""A bar chart of costs by day, as coordinates for an SVG, and the format of amounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import format_currency

from stratiform.kit.money import get_minor_digits

WIDTH, HEIGHT = 620, 150
_TOP_MARGIN, _BOTTOM_MARGIN = 18, 18

#: The gap between two bars, as a fraction of the distance between them.
_GAP = 0.25

#: For amounts below the smallest unit of the currency.
_SMALL_AMOUNT_FORMAT = "¤0.00##################"


@dataclass(frozen=True, slots=True)
class ChartBar:
    """The bar of one day, in the units of the chart; `label` is "" for days that the axis does not name."""

    day: str
    amount: str
    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """`floor` is the y of the axis, `top` the amount of the highest bar."""

    width: int
    height: int
    floor: int
    top: str
    bars: Sequence[ChartBar]


def format_amount(amount: Decimal, currency: str) -> str:
    """Format an amount as `€12.34`; one below the smallest unit keeps its first two significant digits."""
    if amount and abs(amount) < Decimal(1).scaleb(-get_minor_digits(currency)):
        return format_currency(
            _round_to_two_digits(amount), currency, _SMALL_AMOUNT_FORMAT, locale="en_GB", currency_digits=False
        )
    return format_currency(amount, currency, locale="en_GB")


def _round_to_two_digits(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal((0, (1,), amount.adjusted() - 1)))


def build_chart(days: Sequence[tuple[date, Decimal]], currency: str) -> BarChart:
    """Return a chart with one bar per day, in the order of `days`."""
    highest = max((amount for _, amount in days), default=Decimal(0))
    floor = HEIGHT - _BOTTOM_MARGIN
    slot = WIDTH / max(len(days), 1)
    bars = []
    for index, (day, amount) in enumerate(days):
        share = float(amount / highest) if highest else 0.0
        height = max(share * (floor - _TOP_MARGIN), 1.0 if amount else 0.0)
        bars.append(
            ChartBar(
                day=day.isoformat(),
                amount=format_amount(amount, currency),
                x=round(index * slot + slot * _GAP / 2, 2),
                y=round(floor - height, 2),
                width=round(slot * (1 - _GAP), 2),
                height=round(height, 2),
                middle=round((index + 0.5) * slot, 2),
                label=str(day.day) if day.day == 1 or day.day % 5 == 0 else "",
            )
        )
    return BarChart(WIDTH, HEIGHT, floor, format_amount(highest, currency) if highest else "", bars)
