"""Billing periods, and the selection of the period to close."""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from stratiform.kit.clock import Micros, format_iso, from_datetime, to_datetime
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.billing.model.customer_accounts import CustomerAccount
from stratiform.services.billing.model.documents import DocumentSummary

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


@dataclass(frozen=True, slots=True)
class BillingPeriod:
    """A closed period `[start, end)` of a customer account; periods of one account are adjacent.

    `as_of` is the position of the ledger at which it was closed, `plan` the price plan. Without a charge, it has no
    document.
    """

    id: str
    account_id: str
    sequence: int
    start: Micros
    end: Micros
    as_of: int
    closed_at: Micros
    plan: str
    document_number: str | None


@dataclass(frozen=True, slots=True)
class ClosedPeriod:
    """A closed period with its invoice; None if nothing was charged in it."""

    period: BillingPeriod
    invoice: DocumentSummary | None


@dataclass(frozen=True, slots=True)
class PeriodSelection:
    """The open period `[start, end)` that can be closed, or the closed period with the same end."""

    start: Micros
    end: Micros
    closed: BillingPeriod | None


def select_period(
    account: CustomerAccount,
    closed: Sequence[BillingPeriod],
    month: str | None,
    until: Micros | None,
    now: Micros,
    *,
    is_preview: bool = False,
) -> PeriodSelection:
    """Return the period of a month, or the one that ends at `until`.

    Raises: Invalid, Conflict if it is not the next one, or not over; a preview may end in the future
    """
    if account.billed_until is None:
        raise Conflict(
            f"No project is assigned to customer account '{account.name}'",
            hint="assign one with `stratiform account assign`",
        )
    start, end = _bounds(month, until, account.billed_until)
    existing = next((period for period in closed if period.end == end), None)
    if existing is not None:
        return PeriodSelection(existing.start, existing.end, existing)
    if end <= account.billed_until:
        first = closed[0].start if closed else account.billed_until
        raise Conflict(
            f"No period of customer account '{account.name}' ends at {format_iso(end)}: "
            f"its closed periods cover {format_iso(first)}"
            f" to {format_iso(account.billed_until)}"
        )
    if start > account.billed_until or end > get_month_bounds(account.billed_until)[1]:
        raise Conflict(
            f"{format_month(account.billed_until)} of customer account '{account.name}' must be closed first"
        )
    if end > now and not is_preview:
        raise Conflict(f"The period does not end until {format_iso(end)}", hint="`--until now` ends the period now")
    return PeriodSelection(account.billed_until, end, None)


def parse_month(text: str) -> tuple[Micros, Micros]:
    """Return the start and the end (UTC) of a month such as `2026-11`. Raises Invalid"""
    match = _MONTH.fullmatch(text)
    if match is None:
        raise Invalid(f"'{text}' is not a month", hint="use the format 2026-11")
    return _month(int(match[1]), int(match[2]))


def get_month_bounds(at: Micros) -> tuple[Micros, Micros]:
    """Return the start and the end of the month that includes `at`."""
    day = to_datetime(at)
    return _month(day.year, day.month)


def split_by_month(start: Micros, end: Micros) -> Iterator[tuple[Micros, Micros, Micros]]:
    """Yield the start of each calendar month, and the part of `[start, end)` in it."""
    while start < end:
        month, next_month = get_month_bounds(start)
        yield month, start, min(next_month, end)
        start = next_month


def format_month(at: Micros) -> str:
    return to_datetime(at).date().isoformat()[:7]


def _bounds(month: str | None, until: Micros | None, billed_until: Micros) -> tuple[Micros, Micros]:
    if month is None:
        if until is None:
            raise Invalid("No period specified", hint="specify a month such as 2026-11, or use `--until now`")
        return billed_until, until
    start, end = parse_month(month)
    if until is not None and not start < until <= end:
        raise Invalid(f"{format_iso(until)} is not in {month}")
    return start, end if until is None else until


def _month(year: int, month: int) -> tuple[Micros, Micros]:
    if not 1970 <= year < 9999:
        raise Invalid(f"The year {year} is out of range")
    start = from_datetime(datetime(year, month, 1, tzinfo=UTC))
    return start, start + calendar.monthrange(year, month)[1] * 86_400_000_000
