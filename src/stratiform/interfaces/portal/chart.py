"""A bar chart of money by day, as coordinates for an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from babel.numbers import format_currency

from stratiform.kit.money import exponent

WIDTH, HEIGHT = 620, 150
_HEAD, _FOOT = 18, 18
_GAP = 0.25
_TINY = "¤0.00##################"


@dataclass(frozen=True, slots=True)
class Bar:
    """One day. Lengths in the chart's own units; `label` only where there is room for it."""

    day: str
    amount: str
    x: float
    y: float
    width: float
    height: float
    middle: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars on a floor; `top` is what the highest stands for."""

    width: int
    height: int
    floor: int
    top: str
    bars: Sequence[Bar]


def money(amount: Decimal, currency: str) -> str:
    """`€12.34`: in whole smallest units, for people; of an amount too small for those its first two digits."""
    if amount and abs(amount) < Decimal(1).scaleb(-exponent(currency)):
        return format_currency(_first_digits(amount), currency, _TINY, locale="en_GB", currency_digits=False)
    return format_currency(amount, currency, locale="en_GB")


def _first_digits(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal((0, (1,), amount.adjusted() - 1)))


def by_day(days: Sequence[tuple[date, Decimal]], currency: str) -> Chart:
    """A bar for each of `days`, in their order."""
    highest = max((amount for _, amount in days), default=Decimal(0))
    floor = HEIGHT - _FOOT
    slot = WIDTH / max(len(days), 1)
    bars = []
    for number, (day, amount) in enumerate(days):
        share = float(amount / highest) if highest else 0.0
        height = max(share * (floor - _HEAD), 1.0 if amount else 0.0)
        bars.append(
            Bar(
                day=day.isoformat(),
                amount=money(amount, currency),
                x=round(number * slot + slot * _GAP / 2, 2),
                y=round(floor - height, 2),
                width=round(slot * (1 - _GAP), 2),
                height=round(height, 2),
                middle=round((number + 0.5) * slot, 2),
                label=str(day.day) if day.day == 1 or day.day % 5 == 0 else "",
            )
        )
    return Chart(WIDTH, HEIGHT, floor, money(highest, currency) if highest else "", bars)
