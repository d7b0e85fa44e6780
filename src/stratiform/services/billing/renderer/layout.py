"""The texts of a printed document."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros, format_iso, format_iso_seconds
from stratiform.services.billing.model import Document, DocumentKind, DocumentLine, Party
from stratiform.services.rating.model import (
    AMOUNT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    divide_half_even,
    format_scaled,
)

#: A document with more lines prints their sums by project and price.
_MAX_LINES = 2000

#: Printed digits of quantities and amounts if the amounts sum to less than one, and otherwise.
_DIGITS_BELOW_ONE, _DIGITS = 8, 4
_DIGIT_NAMES = {_DIGITS: "four", _DIGITS_BELOW_ONE: "eight"}

_TITLES: dict[DocumentKind, str] = {
    "invoice": "Invoice",
    "credit_note": "Credit note",
    "debit_note": "Debit note",
}


_FONT = "Libertinus Serif"

#: Han characters that unified code points write differently, by the country of the customer.
_CJK_FONTS = {
    "CN": "Noto Sans CJK SC",
    "SG": "Noto Sans CJK SC",
    "TW": "Noto Sans CJK TC",
    "HK": "Noto Sans CJK HK",
    "MO": "Noto Sans CJK HK",
    "KR": "Noto Sans CJK KR",
}
_DEFAULT_CJK_FONT = "Noto Sans CJK JP"


@dataclass(frozen=True, slots=True)
class PrintedParty:
    name: str
    address: tuple[str, ...]
    country: str
    tax_id: str


@dataclass(frozen=True, slots=True)
class PrintedTax:
    rate: str
    net: str
    tax: str


@dataclass(frozen=True, slots=True)
class PrintedRow:
    description: str
    start: str
    end: str
    quantity: str
    unit: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class PrintedGroup:
    """The rows of a resource or a project."""

    title: str
    subtitle: str
    rows: Sequence[PrintedRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLayout:
    """The input of the template.

    `carried` is what earlier invoices of the month have not charged of their exact sums, or "". `tax_continues`: the
    taxes are what this document adds to those of the month. `detailed`: every line is printed. `digits` is the number
    of digits as a word.
    """

    fonts: Sequence[str]
    title: str
    number: str
    references: Sequence[str]
    account: str
    issued: str
    start: str
    end: str
    currency: str
    seller: PrintedParty
    customer: PrintedParty
    exact: str
    carried: str
    net: str
    taxes: Sequence[PrintedTax]
    tax_continues: bool
    total: str
    plan: str
    as_of: str
    detailed: bool
    digits: str
    groups: Sequence[PrintedGroup]


def build_layout(document: Document) -> DocumentLayout:
    detailed = len(document.lines) <= _MAX_LINES
    carried = document.carried_amount
    digits = _DIGITS_BELOW_ONE if document.exact_amount < 10**AMOUNT_DIGITS else _DIGITS
    return DocumentLayout(
        fonts=(_FONT, _CJK_FONTS.get(document.customer.country, _DEFAULT_CJK_FONT)),
        title=_TITLES[document.kind],
        number=str(document.number),
        references=document.references,
        account=document.account_name,
        issued=format_iso(document.issued_at)[:10],
        start=_format_time(document.start),
        end=_format_time(document.end),
        currency=document.currency,
        seller=_print_party(document.seller),
        customer=_print_party(document.customer),
        exact=format_scaled(document.exact_amount, AMOUNT_DIGITS),
        carried=format_scaled(carried, AMOUNT_DIGITS) if carried else "",
        net=document.format_minor(document.net_minor),
        taxes=[
            PrintedTax(
                total.category.rate, document.format_minor(total.taxable_minor), document.format_minor(total.tax_minor)
            )
            for total in document.tax_totals
        ],
        tax_continues=any(total.tax_before_minor is not None for total in document.tax_totals),
        total=document.format_minor(document.total_minor),
        plan=document.plan.name,
        as_of=str(document.as_of),
        detailed=detailed,
        digits=_DIGIT_NAMES[digits],
        groups=_group_by_resource(document.lines, digits) if detailed else _group_by_project(document.lines, digits),
    )


def _print_party(party: Party) -> PrintedParty:
    return PrintedParty(party.legal_name, party.address, party.country, party.tax_id)


def _group_by_resource(lines: Iterable[DocumentLine], digits: int) -> Sequence[PrintedGroup]:
    groups: defaultdict[tuple[str, ...], list[DocumentLine]] = defaultdict(list)
    for line in lines:
        project, resource = (line.project_name, line.project_id), (line.resource_name, line.resource_id)
        groups[(*project, *resource, line.resource_type, line.cloud)].append(line)
    return [
        PrintedGroup(
            name or resource_id,
            " · ".join(
                (resource_type, f"project {project or project_id}", f"cloud {cloud}", *([resource_id] if name else []))
            ),
            [_print_row([line], digits) for line in group],
        )
        for (project, project_id, name, resource_id, resource_type, cloud), group in sorted(
            groups.items(), key=lambda item: item[0]
        )
    ]


def _group_by_project(lines: Iterable[DocumentLine], digits: int) -> Sequence[PrintedGroup]:
    projects: defaultdict[tuple[str, str], defaultdict[tuple[str, ...], list[DocumentLine]]]
    projects = defaultdict(lambda: defaultdict(list))
    for line in lines:
        price = (
            line.description,
            line.unit,
            format_scaled(line.unit_price, PRICE_DIGITS),
            format_iso(line.price_version),
        )
        projects[line.project_name, line.project_id][price].append(line)
    return [
        PrintedGroup(
            name or project_id,
            f"project · {sum(len(group) for group in prices.values())} lines",
            [_print_row(prices[price], digits) for price in sorted(prices)],
        )
        for (name, project_id), prices in sorted(projects.items(), key=lambda item: item[0])
    ]


def _print_row(lines: Sequence[DocumentLine], digits: int) -> PrintedRow:
    """Return the sum of lines of one price."""
    return PrintedRow(
        description=lines[0].description,
        start=_format_time(min(line.start for line in lines)),
        end=_format_time(max(line.end for line in lines)),
        quantity=_format_rounded(sum(line.quantity for line in lines), QUANTITY_DIGITS, digits),
        unit=lines[0].unit,
        unit_price=format_scaled(lines[0].unit_price, PRICE_DIGITS),
        amount=_format_rounded(sum(line.amount for line in lines), AMOUNT_DIGITS, digits),
    )


def _format_rounded(value: int, scale: int, digits: int) -> str:
    """Format `value`, in units of 10^-scale, with exactly `digits` decimal places."""
    return format_scaled(divide_half_even(value, 10 ** (scale - digits)), digits, digits)


def _format_time(at: Micros) -> str:
    """Return a time such as `2026-11-20 13:11:22`."""
    return format_iso_seconds(at).replace("T", " ").rstrip("Z")
