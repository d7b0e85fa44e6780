"""Responses of billing."""

from collections.abc import Mapping, Sequence

from msgspec.structs import asdict

from stratiform.interfaces.rest.schemas import accounts as account_schemas
from stratiform.interfaces.rest.schemas import invoices as invoice_schemas
from stratiform.interfaces.rest.schemas import late_usage as late_usage_schemas
from stratiform.kit.clock import format_iso
from stratiform.services.billing.model import CustomerAccount, DocumentSummary, LateUsage, Party, ProjectAssignment
from stratiform.services.rating.model import AMOUNT_DIGITS, format_scaled


def account(account: CustomerAccount) -> account_schemas.Account:
    return account_schemas.Account(
        id=account.id,
        name=account.name,
        currency=account.currency,
        plan=account.plan,
        tax_rate=account.tax_rate,
        **asdict(seller(account.party)),
        billed_until=None if account.billed_until is None else format_iso(account.billed_until),
        created_at=format_iso(account.created_at),
    )


def account_detail(
    customer: CustomerAccount, assignments: Sequence[ProjectAssignment], names: Mapping[str, str]
) -> account_schemas.AccountDetail:
    """`names` are those of the projects, by id."""
    projects = [assignment(item, names) for item in assignments]
    return account_schemas.AccountDetail(**asdict(account(customer)), projects=projects)


def assignment(assignment: ProjectAssignment, names: Mapping[str, str]) -> account_schemas.Assignment:
    until = None if assignment.until is None else format_iso(assignment.until)
    name = names.get(assignment.project_id, "")
    return account_schemas.Assignment(assignment.project_id, name, format_iso(assignment.start), until)


def seller(party: Party) -> account_schemas.Seller:
    return account_schemas.Seller(party.legal_name, list(party.address), party.country, party.tax_id)


def period_late_usage(late: LateUsage) -> late_usage_schemas.PeriodLateUsage:
    amount = format_scaled(late.amount, AMOUNT_DIGITS)
    return late_usage_schemas.PeriodLateUsage(amount, late.currency, late.resources, late.unpriced_resources)


def late_usage(late: LateUsage) -> late_usage_schemas.LateUsage:
    return late_usage_schemas.LateUsage(
        account=late.account_name,
        start=format_iso(late.start),
        end=format_iso(late.end),
        invoice=late.document_number,
        **asdict(period_late_usage(late)),
    )


def invoice(invoice: DocumentSummary) -> invoice_schemas.Invoice:
    return invoice_schemas.Invoice(
        number=invoice.number,
        account=invoice.account_name,
        start=format_iso(invoice.start),
        end=format_iso(invoice.end),
        issued_at=format_iso(invoice.issued_at),
        currency=invoice.currency,
        total=invoice.total,
        sha256=invoice.sha256,
    )
