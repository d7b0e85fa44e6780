"""Billing periods and invoices."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from stratiform.interfaces.rest.schemas.common import PageQuery, RequestBody
from stratiform.interfaces.rest.schemas.late_usage import LateUsage, PeriodLateUsage

InvoiceNumber = Annotated[str, Meta(description="Number of the invoice.")]


class PeriodClose(RequestBody):
    month: Annotated[str | None, Meta(description="A month that is over, such as `2026-11`.")] = None
    until: Annotated[str | None, Meta(description="A timestamp in the open period, or `now`.")] = None


class Period(Struct):
    """A billing period. `as_of` is the position of the ledger at which it was closed.

    `late_usage` is what became known later, if anything.
    """

    start: str
    end: str | None
    state: Literal["open", "closed"]
    as_of: int | None
    closed_at: str | None
    invoice: str | None
    late_usage: PeriodLateUsage | None


class Periods(Struct):
    periods: list[Period]


class InvoiceListQuery(PageQuery):
    account: Annotated[str | None, Meta(description="Name or ID of the account; operators only.")] = None


class Invoice(Struct):
    """`sha256` is the digest of the JSON document."""

    number: str
    account: str
    start: str
    end: str
    issued_at: str
    currency: str
    total: str
    sha256: str


class ClosedInvoice(Invoice):
    """The invoice of a closed period, and the late usage of all closed periods of the customer account."""

    late_usage: list[LateUsage]


class InvoicePage(Struct):
    invoices: list[Invoice]
    next: str | None
