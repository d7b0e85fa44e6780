"""The invoice as a document: JSON in one form only, so that its bytes and its digest never differ.

quantity × unit price = amount, and the amounts sum to `exact`, to the last digit. Only then `exact` is rounded,
once for each tax rate, to the currency's smallest unit; `net` of a line is its share of that.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from stratiform.kit.clock import Micros, iso
from stratiform.kit.money import exponent
from stratiform.services.billing.model import Account, Party, Taxed, taxed
from stratiform.services.rating.model import (
    AMOUNT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    Line,
    Price,
    PricePlan,
    format_decimal,
)

_FORM = "stratiform.invoice/1"

#: Resource type, id and cloud; the value is the name.
Names = Mapping[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True)
class Draft:
    """All that an invoice says, before it is written."""

    number: str
    issued_at: Micros
    start: Micros
    end: Micros
    as_of: int
    account: Account
    seller: Party
    plan: PricePlan
    lines: tuple[Line, ...]
    resource_names: Names
    project_names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """A document, its digest, and its total as a decimal text."""

    document: bytes
    sha256: str
    total: str


def write(draft: Draft) -> Written:
    currency = draft.account.currency
    sums = taxed([line.amount for line in draft.lines], draft.account.tax_rate, currency)
    digits = exponent(currency)
    total = format_decimal(sums.net + sums.tax, digits, digits)
    document = {
        "form": _FORM,
        "number": draft.number,
        "issued_at": iso(draft.issued_at),
        "period": {"start": iso(draft.start), "end": iso(draft.end)},
        "ledger": {"as_of": draft.as_of},
        "currency": currency,
        "account": {"id": draft.account.id, "name": draft.account.name},
        "seller": _party(draft.seller, "Seller"),
        "customer": _party(draft.account.party, draft.account.name),
        "plan": _plan(draft.plan),
        "lines": [_line(draft, line, net) for line, net in zip(draft.lines, sums.shares, strict=True)],
        "taxes": [_taxes(sums, digits)],
        "exact": format_decimal(sums.exact, AMOUNT_DIGITS),
        "net": format_decimal(sums.net, digits, digits),
        "tax": format_decimal(sums.tax, digits, digits),
        "total": total,
        "rounding": "amount = quantity x unit_price; the amounts of one tax rate are summed exactly and rounded once, "
        "half to even; the net of a line is its share of that by largest remainder",
    }
    written = msgspec.json.encode(document, order="deterministic")
    return Written(written, hashlib.sha256(written).hexdigest(), total)


def _taxes(sums: Taxed, digits: int) -> dict[str, str]:
    return {
        "rate": sums.rate,
        "exact": format_decimal(sums.exact, AMOUNT_DIGITS),
        "net": format_decimal(sums.net, digits, digits),
        "tax": format_decimal(sums.tax, digits, digits),
    }


def _party(party: Party, name: str) -> dict[str, Any]:
    return {
        "name": party.legal_name or name,
        "address": list(party.address),
        "country": party.country,
        "tax_id": party.tax_id,
    }


def _plan(plan: PricePlan) -> dict[str, Any]:
    versions = [{"valid_from": iso(version.valid_from), "sha256": version.sha256} for version in plan.versions]
    return {"name": plan.name, "unpriced": plan.unpriced, "versions": versions}


def _line(draft: Draft, line: Line, net: int) -> dict[str, Any]:
    key, digits = line.key, exponent(draft.account.currency)
    return {
        "project_id": key.project_id,
        "project_name": draft.project_names.get(key.project_id, ""),
        "cloud": key.cloud,
        "resource_type": key.resource_type,
        "resource_id": key.resource_id,
        "resource_name": draft.resource_names.get((key.resource_type, key.resource_id, key.cloud), ""),
        **charged(line, price_of(draft.plan, line)),
        "net": format_decimal(net, digits, digits),
        "tax_rate": draft.account.tax_rate,
    }


def charged(line: Line, price: Price) -> dict[str, Any]:
    """What a line says of its charge, also where there is no invoice yet."""
    return {
        "meter": price.measure.name,
        "description": price.description,
        "start": iso(line.start),
        "end": iso(line.end),
        "quantity": format_decimal(line.quantity, QUANTITY_DIGITS),
        "unit": str(price.unit),
        "unit_price": format_decimal(price.amount, PRICE_DIGITS),
        "amount": format_decimal(line.amount, AMOUNT_DIGITS),
        "price_version": iso(line.key.valid_from),
    }


def price_of(plan: PricePlan, line: Line) -> Price:
    version = next(version for version in plan.versions if version.valid_from == line.key.valid_from)
    return version.prices[line.key.price]
