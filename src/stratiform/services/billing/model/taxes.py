"""Totals of tax categories: exact amounts are rounded once per category."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from stratiform.kit.money import PRECISION, allocate_by_largest_remainder
from stratiform.services.rating.model import AMOUNT_DIGITS, TaxCategory, divide_half_even


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The sum of the lines of one tax category.

    `exact` is the sum of the amounts in 10^-20 of the currency; `taxable_minor` is that sum rounded to minor units.
    """

    category: TaxCategory
    exact: int
    taxable_minor: int
    tax_minor: int


def calculate_tax_totals(
    amounts: Sequence[tuple[TaxCategory, int]], default: TaxCategory, minor_digits: int
) -> tuple[tuple[TaxTotal, ...], tuple[int, ...]]:
    """Return the totals of all categories, and the share of each amount in its category's taxable amount.

    Amounts are in 10^-20 of the currency. The shares, in minor units, sum to the taxable amount (largest remainder).
    Without amounts, the only total is that of `default`.
    """
    categories = {category for category, _ in amounts} or {default}
    shares = [0] * len(amounts)
    totals = []
    for category in sorted(categories, key=lambda category: (category.code, -Decimal(category.rate))):
        indexes = [index for index, (each, _) in enumerate(amounts) if each == category]
        weights = [amounts[index][1] for index in indexes]
        total = calculate_tax_total(category, sum(weights), minor_digits)
        totals.append(total)
        if total.exact:
            for index, share in zip(indexes, allocate_by_largest_remainder(total.taxable_minor, weights), strict=True):
                shares[index] = share
    return tuple(totals), tuple(shares)


def calculate_tax_total(category: TaxCategory, exact: int, minor_digits: int) -> TaxTotal:
    """Round an exact sum to minor units, and calculate the tax on the rounded sum; both half to even."""
    taxable = divide_half_even(exact, 10 ** (AMOUNT_DIGITS - minor_digits))
    with localcontext() as context:
        context.prec = PRECISION
        tax = (Decimal(taxable) * Decimal(category.rate) / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return TaxTotal(category, exact, taxable, int(tax))
