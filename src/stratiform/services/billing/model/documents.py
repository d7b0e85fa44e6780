"""Documents: invoices, credit notes and debit notes. They are immutable."""

from dataclasses import dataclass
from typing import Literal

from stratiform.kit.clock import Micros
from stratiform.kit.number_parsing import parse_uint
from stratiform.services.billing.model.parties import Party
from stratiform.services.billing.model.taxes import TaxTotal
from stratiform.services.rating.model import AMOUNT_DIGITS, TaxCategory, UnpricedRule, format_scaled

DocumentKind = Literal["invoice", "credit_note", "debit_note"]


@dataclass(frozen=True, slots=True)
class DocumentNumber:
    """A number such as `2026-000001`; the sequence of a series starts at 1 and has no gaps."""

    series: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.series}-{self.sequence:06d}"

    @classmethod
    def parse(cls, text: str) -> "DocumentNumber":
        """Raises ValueError for a text that is not a number of a document"""
        series, _, digits = text.rpartition("-")
        sequence = parse_uint(digits)
        if sequence is None:
            raise ValueError(f"not a document number: {text}")
        return cls(series, sequence)


@dataclass(frozen=True, slots=True)
class PlanVersionReference:
    """A version of a price plan; `sha256` is the digest of its prices."""

    valid_from: Micros
    sha256: str


@dataclass(frozen=True, slots=True)
class PlanReference:
    """A price plan as it was when the document was issued."""

    name: str
    unpriced: UnpricedRule
    versions: tuple[PlanVersionReference, ...]


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """The charge of one resource by one price, for usage between `start` and `end`.

    `quantity` is in 10^-10 of `unit`, `unit_price` in 10^-10 of the currency, `amount` in 10^-20 of the currency and
    `net_minor` in minor units. `price_version` is the start of the plan version.
    """

    project_id: str
    project_name: str
    cloud: str
    resource_type: str
    resource_id: str
    resource_name: str
    measure: str
    description: str
    start: Micros
    end: Micros
    quantity: int
    unit: str
    unit_price: int
    amount: int
    price_version: Micros
    net_minor: int
    tax_category: TaxCategory


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document for the period `[start, end)` of a customer account.

    `references` are the numbers of the documents that it corrects, `as_of` is the position of the ledger that it was
    computed from. A minor unit is 10^-`minor_digits` of the currency.
    """

    kind: DocumentKind
    number: DocumentNumber
    references: tuple[str, ...] = ()
    account_id: str
    account_name: str
    issued_at: Micros
    start: Micros
    end: Micros
    as_of: int
    currency: str
    minor_digits: int
    seller: Party
    customer: Party
    plan: PlanReference
    lines: tuple[DocumentLine, ...]
    tax_totals: tuple[TaxTotal, ...]

    @property
    def exact_amount(self) -> int:
        """The sum of the amounts, in 10^-20 of the currency."""
        return sum(total.exact for total in self.tax_totals)

    @property
    def carried_amount(self) -> int:
        """What earlier invoices of the month have not charged of their exact sums, in 10^-20 of the currency."""
        minor_unit = 10 ** (AMOUNT_DIGITS - self.minor_digits)
        return sum(total.exact_before - total.taxable_before_minor * minor_unit for total in self.tax_totals)

    @property
    def net_minor(self) -> int:
        return sum(total.taxable_minor for total in self.tax_totals)

    @property
    def tax_minor(self) -> int:
        return sum(total.tax_minor for total in self.tax_totals)

    @property
    def total_minor(self) -> int:
        return self.net_minor + self.tax_minor

    def format_minor(self, amount_minor: int) -> str:
        """Format an amount with all its digits, such as `12.30`."""
        return format_scaled(amount_minor, self.minor_digits, self.minor_digits)


@dataclass(frozen=True, slots=True)
class DocumentSummary:
    """A document in lists; `sha256` is the digest of its JSON form."""

    number: str
    kind: DocumentKind
    series: str
    sequence: int
    account_id: str
    account_name: str
    start: Micros
    end: Micros
    issued_at: Micros
    as_of: int
    currency: str
    minor_digits: int
    net_minor: int
    tax_minor: int
    total_minor: int
    sha256: str

    @property
    def total(self) -> str:
        """The total as a decimal text."""
        return format_scaled(self.total_minor, self.minor_digits, self.minor_digits)


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document with its JSON form, always the same bytes."""

    summary: DocumentSummary
    content: bytes
