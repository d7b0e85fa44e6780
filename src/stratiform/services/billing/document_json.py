"""The JSON form of documents. One document has one form, so its bytes and their digest never differ.

quantity × unit price = amount, and the amounts sum to `exact`, to the last digit. Only then, `exact` is rounded, once
per tax category and month, to minor units; `net` of a line is its share of that. `tax` is rounded likewise.
"""

from decimal import Decimal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stratiform.kit.clock import format_iso, parse_iso
from stratiform.services.billing.model import (
    Document,
    DocumentKind,
    DocumentLine,
    DocumentNumber,
    Party,
    PlanReference,
    PlanVersionReference,
    TaxTotal,
)
from stratiform.services.rating.model import (
    AMOUNT_DIGITS,
    EXACT,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    TaxCategory,
    UnpricedRule,
    format_scaled,
)

_FORM = "stratiform.invoice/1"

_ROUNDING = (
    "amount = quantity x unit_price; the amounts of one tax rate are summed exactly and rounded once, "
    "half to even; the net of a line is its share of that by largest remainder"
)

#: The text of a document that follows another one in the same month.
_CONTINUED_ROUNDING = (
    "amount = quantity x unit_price; the amounts of one tax rate are summed exactly; exact_before + exact is rounded "
    "once, half to even, and net is that less net_before; the net of a line is its share of net by largest remainder; "
    "the tax on net_before + net is rounded once, half to even, and tax is that less tax_before"
)

#: The same, in documents that were issued before taxes continued.
_CONTINUED_NET_ROUNDING = _CONTINUED_ROUNDING.rpartition(";")[0]


class _Interval(Struct):
    start: str
    end: str


class _Ledger(Struct):
    as_of: int


class _Account(Struct):
    id: str
    name: str


class _Party(Struct):
    name: str
    address: list[str]
    country: str
    tax_id: str


class _PlanVersion(Struct):
    valid_from: str
    sha256: str


class _Plan(Struct):
    name: str
    unpriced: UnpricedRule
    versions: list[_PlanVersion]


class _Line(Struct, kw_only=True):
    project_id: str
    project_name: str
    cloud: str
    resource_type: str
    resource_id: str
    resource_name: str
    meter: str
    description: str
    start: str
    end: str
    quantity: str
    unit: str
    unit_price: str
    amount: str
    price_version: str
    net: str
    tax_rate: str
    tax_category: str | UnsetType = UNSET


class _Tax(Struct, kw_only=True):
    rate: str
    exact: str
    net: str
    tax: str
    category: str | UnsetType = UNSET
    exact_before: str | UnsetType = UNSET
    net_before: str | UnsetType = UNSET
    tax_before: str | UnsetType = UNSET


class _Document(Struct, kw_only=True):
    """Keys that may be absent are not in documents of the first release, which had one tax category.

    The sums `before` are in documents that follow another one in the same month; of these, the ones that were issued
    before taxes continued have no `tax_before`.
    """

    form: str
    number: str
    kind: DocumentKind | UnsetType = UNSET
    references: list[str] | UnsetType = UNSET
    issued_at: str
    period: _Interval
    ledger: _Ledger
    currency: str
    account: _Account
    seller: _Party
    customer: _Party
    plan: _Plan
    lines: list[_Line]
    taxes: list[_Tax]
    exact: str
    net: str
    tax: str
    total: str
    rounding: str


class _TaxesOnly(Struct):
    """What the next document of the month needs."""

    total: str
    taxes: list[_Tax]


_decoder = msgspec.json.Decoder(_Document)
_taxes_decoder = msgspec.json.Decoder(_TaxesOnly)


def encode_document(document: Document) -> bytes:
    """Return the JSON form of a document, with sorted keys."""
    form = _Document(
        form=_FORM,
        number=str(document.number),
        kind=document.kind,
        references=list(document.references),
        issued_at=format_iso(document.issued_at),
        period=_Interval(format_iso(document.start), format_iso(document.end)),
        ledger=_Ledger(document.as_of),
        currency=document.currency,
        account=_Account(document.account_id, document.account_name),
        seller=_encode_party(document.seller),
        customer=_encode_party(document.customer),
        plan=_Plan(
            document.plan.name,
            document.plan.unpriced,
            [_PlanVersion(format_iso(version.valid_from), version.sha256) for version in document.plan.versions],
        ),
        lines=[_encode_line(document, line) for line in document.lines],
        taxes=[_encode_tax(document, total) for total in document.tax_totals],
        exact=format_scaled(document.exact_amount, AMOUNT_DIGITS),
        net=document.format_minor(document.net_minor),
        tax=document.format_minor(document.tax_minor),
        total=document.format_minor(document.total_minor),
        rounding=_describe_rounding(document),
    )
    return msgspec.json.encode(form, order="sorted")


def decode_document(content: bytes) -> Document:
    """Return the document that has this JSON form."""
    form = _decoder.decode(content)
    digits = _count_digits(form.total)
    return Document(
        kind="invoice" if form.kind is UNSET else form.kind,
        number=DocumentNumber.parse(form.number),
        references=() if form.references is UNSET else tuple(form.references),
        account_id=form.account.id,
        account_name=form.account.name,
        issued_at=parse_iso(form.issued_at),
        start=parse_iso(form.period.start),
        end=parse_iso(form.period.end),
        as_of=form.ledger.as_of,
        currency=form.currency,
        minor_digits=digits,
        seller=_decode_party(form.seller),
        customer=_decode_party(form.customer),
        plan=PlanReference(
            form.plan.name,
            form.plan.unpriced,
            tuple(PlanVersionReference(parse_iso(each.valid_from), each.sha256) for each in form.plan.versions),
        ),
        lines=tuple(_decode_line(line, digits) for line in form.lines),
        tax_totals=tuple(_decode_tax(tax, digits) for tax in form.taxes),
    )


def decode_tax_totals(content: bytes) -> tuple[TaxTotal, ...]:
    """Return the totals of the document that has this JSON form."""
    form = _taxes_decoder.decode(content)
    return tuple(_decode_tax(tax, _count_digits(form.total)) for tax in form.taxes)


def _encode_party(party: Party) -> _Party:
    return _Party(party.legal_name, list(party.address), party.country, party.tax_id)


def _decode_party(party: _Party) -> Party:
    return Party(party.name, tuple(party.address), party.country, party.tax_id)


def _encode_line(document: Document, line: DocumentLine) -> _Line:
    return _Line(
        project_id=line.project_id,
        project_name=line.project_name,
        cloud=line.cloud,
        resource_type=line.resource_type,
        resource_id=line.resource_id,
        resource_name=line.resource_name,
        meter=line.measure,
        description=line.description,
        start=format_iso(line.start),
        end=format_iso(line.end),
        quantity=format_scaled(line.quantity, QUANTITY_DIGITS),
        unit=line.unit,
        unit_price=format_scaled(line.unit_price, PRICE_DIGITS),
        amount=format_scaled(line.amount, AMOUNT_DIGITS),
        price_version=format_iso(line.price_version),
        net=document.format_minor(line.net_minor),
        tax_rate=line.tax_category.rate,
        tax_category=line.tax_category.code,
    )


def _decode_line(line: _Line, minor_digits: int) -> DocumentLine:
    return DocumentLine(
        project_id=line.project_id,
        project_name=line.project_name,
        cloud=line.cloud,
        resource_type=line.resource_type,
        resource_id=line.resource_id,
        resource_name=line.resource_name,
        measure=line.meter,
        description=line.description,
        start=parse_iso(line.start),
        end=parse_iso(line.end),
        quantity=_scale(line.quantity, QUANTITY_DIGITS),
        unit=line.unit,
        unit_price=_scale(line.unit_price, PRICE_DIGITS),
        amount=_scale(line.amount, AMOUNT_DIGITS),
        price_version=parse_iso(line.price_version),
        net_minor=_scale(line.net, minor_digits),
        tax_category=_category(line.tax_category, line.tax_rate),
    )


def _encode_tax(document: Document, total: TaxTotal) -> _Tax:
    return _Tax(
        rate=total.category.rate,
        exact=format_scaled(total.exact, AMOUNT_DIGITS),
        net=document.format_minor(total.taxable_minor),
        tax=document.format_minor(total.tax_minor),
        category=total.category.code,
        exact_before=format_scaled(total.exact_before, AMOUNT_DIGITS) if _is_continued(total) else UNSET,
        net_before=document.format_minor(total.taxable_before_minor) if _is_continued(total) else UNSET,
        tax_before=UNSET if total.tax_before_minor is None else document.format_minor(total.tax_before_minor),
    )


def _is_continued(total: TaxTotal) -> bool:
    return bool(total.exact_before)


def _describe_rounding(document: Document) -> str:
    continued = [total for total in document.tax_totals if _is_continued(total)]
    if not continued:
        return _ROUNDING
    has_tax_before = any(total.tax_before_minor is not None for total in continued)
    return _CONTINUED_ROUNDING if has_tax_before else _CONTINUED_NET_ROUNDING


def _decode_tax(tax: _Tax, minor_digits: int) -> TaxTotal:
    return TaxTotal(
        _category(tax.category, tax.rate),
        _scale(tax.exact, AMOUNT_DIGITS),
        _scale(tax.net, minor_digits),
        _scale(tax.tax, minor_digits),
        0 if tax.exact_before is UNSET else _scale(tax.exact_before, AMOUNT_DIGITS),
        0 if tax.net_before is UNSET else _scale(tax.net_before, minor_digits),
        None if tax.tax_before is UNSET else _scale(tax.tax_before, minor_digits),
    )


def _count_digits(total: str) -> int:
    """Return the number of digits of minor units."""
    return len(total.partition(".")[2])


def _category(code: str | UnsetType, rate: str) -> TaxCategory:
    return TaxCategory.from_rate(rate) if code is UNSET else TaxCategory(code, rate)


def _scale(text: str, digits: int) -> int:
    """Return a decimal text in units of 10^-digits."""
    return int(Decimal(text).scaleb(digits, EXACT))
