"""Accounts, their projects, periods, invoices. Pure."""

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from stratiform.kit.clock import Micros, from_datetime, to_datetime
from stratiform.kit.errors import Invalid
from stratiform.kit.money import PRECISION, allocate, exponent
from stratiform.services.rating.model import AMOUNT_DIGITS

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")


@dataclass(frozen=True, slots=True)
class Party:
    """Who sells or buys, as an invoice names them. `country`: two letters (ISO 3166)."""

    legal_name: str = ""
    address: tuple[str, ...] = ()
    country: str = ""
    tax_id: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A customer who pays. `tax_rate` in percent, a decimal text.

    Everything before `billed_until` is closed; it is None until a project is assigned.
    """

    id: str
    name: str
    currency: str
    plan: str
    tax_rate: str
    party: Party
    billed_until: Micros | None
    created_at: Micros


@dataclass(frozen=True, slots=True)
class Assignment:
    """`account_id` pays for `project_id` in `[start, until)`; None: from then on."""

    id: str
    account_id: str
    project_id: str
    start: Micros
    until: Micros | None

    def overlaps(self, start: Micros, end: Micros | None) -> bool:
        """Whether it holds at any moment of `[start, end)`."""
        return (end is None or self.start < end) and (self.until is None or start < self.until)


@dataclass(frozen=True, slots=True)
class Period:
    """A closed `[start, end)` of an account. `as_of`: the position of the ledger it was closed at."""

    id: str
    account_id: str
    start: Micros
    end: Micros
    as_of: int
    closed_at: Micros
    invoice_number: str


@dataclass(frozen=True, slots=True)
class Invoice:
    """What was issued for a period. `total` is a decimal text; `sha256` that of its document's bytes."""

    number: str
    account_id: str
    account: str
    start: Micros
    end: Micros
    issued_at: Micros
    currency: str
    total: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Taxed:
    """The lines of one tax rate. `exact` in 10^-20 of the currency; `net`, `tax` and `shares` (one a line, which
    sum to `net`) in its smallest unit."""

    rate: str
    exact: int
    net: int
    tax: int
    shares: tuple[int, ...]


def taxed(amounts: Sequence[int], rate: str, currency: str) -> Taxed:
    """Round the sum of `amounts` (10^-20) once, half to even; tax it; split it over the lines by largest remainder."""
    exact = sum(amounts)
    with localcontext() as context:
        context.prec = PRECISION
        net = int(_whole(Decimal(exact).scaleb(exponent(currency) - AMOUNT_DIGITS)))
        tax = int(_whole(Decimal(net) * Decimal(rate) / 100))
    shares = allocate(net, amounts) if exact else [0] * len(amounts)
    return Taxed(rate, exact, net, tax, tuple(shares))


def _whole(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)


def month(text: str) -> tuple[Micros, Micros]:
    """Beginning and end (UTC) of a month like `2026-11`. Raises Invalid."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise Invalid(f"'{text}' is not a month", hint="like 2026-11")
    return _month(int(found[1]), int(found[2]))


def month_around(moment: Micros) -> tuple[Micros, Micros]:
    """Beginning and end of the month that `moment` is in."""
    day = to_datetime(moment)
    return _month(day.year, day.month)


def month_name(moment: Micros) -> str:
    return to_datetime(moment).strftime("%Y-%m")


def _month(year: int, number: int) -> tuple[Micros, Micros]:
    if not 1970 <= year < 9999:
        raise Invalid(f"the year {year} is out of range")
    first = datetime(year, number, 1, tzinfo=UTC)
    days = calendar.monthrange(year, number)[1]
    start = from_datetime(first)
    return start, start + days * 86_400_000_000


def percent(text: str) -> str:
    """A tax rate as it is kept: `19`, `7.7`. Raises Invalid unless it is a decimal from 0 to 100."""
    if not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", text) or Decimal(text) > 100:
        raise Invalid(f"tax rate: '{text}' is not a percentage from 0 to 100")
    rate = Decimal(text)
    return f"{rate.normalize():f}"
