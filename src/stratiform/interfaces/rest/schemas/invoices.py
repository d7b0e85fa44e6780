"""Billing periods and invoices."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from stratiform.interfaces.rest.schemas.common import PageQuery, RequestBody
from stratiform.interfaces.rest.schemas.late_usage import LateUsage, PeriodLateUsage
from stratiform.services.billing.model import UnpricedUsageTotal

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


class ClosedPeriod(Struct):
    """A closed period with its invoice, and the late usage of all closed periods of the customer account.

    `number`, `issued_at` and `sha256` are null if nothing was charged in the period, so that it has no invoice.
    """

    number: str | None
    account: str
    start: str
    end: str
    issued_at: str | None
    currency: str
    total: str
    sha256: str | None
    late_usage: list[LateUsage]


class PreviewProblem(Struct):
    """A reason for which the period cannot be closed."""

    detail: str
    hint: str


class UnassignedUsage(Struct):
    """Usage of a project that no customer account pays for, of resource types that the plan prices."""

    project_id: str
    project_name: str
    resources: int
    start: str
    end: str


class UnassignedUsageQuery(Struct):
    month: Annotated[str | None, Meta(description="Such as `2026-11`; by default the current month.")] = None


class UnassignedUsageList(Struct):
    unassigned: list[UnassignedUsage]


class UnauditedUsage(Struct):
    """Resources of a cloud whose usage was not compared with a source until the end of the period, or differs.

    `audited_until` is null if no audit includes the start of the period.
    """

    cloud: str
    resources: int
    audited_until: str | None
    findings: int
    without_source: int


class PeriodPreview(Struct):
    """What closing a period would bill, and what it would leave out.

    `invoice`: it is closed already, with this invoice. `exact` is the sum of all amounts with all digits.
    """

    account: str
    start: str
    end: str
    currency: str
    plan: str
    lines: int
    resources: int
    exact: str
    net: str
    tax: str
    total: str
    state: Literal["open", "closed"]
    invoice: str | None
    problems: list[PreviewProblem]
    unpriced: list[UnpricedUsageTotal]
    unassigned: list[UnassignedUsage]
    unaudited: list[UnauditedUsage]
    late_usage: list[LateUsage]


class InvoicePage(Struct):
    invoices: list[Invoice]
    next: str | None
