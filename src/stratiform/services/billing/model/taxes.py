"""Totals of tax categories: exact amounts are rounded once per category and month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from stratiform.kit.money import PRECISION, allocate_by_largest_remainder
from stratiform.services.rating.model import AMOUNT_DIGITS, TaxCategory, divide_half_even


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The sum of the lines of one tax category.

    `exact` is the sum of the amounts in 10^-20 of the currency, `taxable_minor` the sum in minor units. Both `before`
    are the sums of the earlier invoices of the same month: of all invoices of a month, `taxable_minor` sums to the
    rounded sum of `exact`.
    """

    category: TaxCategory
    exact: int
    taxable_minor: int
    tax_minor: int
    exact_before: int = 0
    taxable_before_minor: int = 0


def calculate_tax_totals(
    amounts: Sequence[tuple[TaxCategory, int]],
    default: TaxCategory,
    minor_digits: int,
    earlier: Mapping[TaxCategory, TaxTotal] | None = None,
) -> tuple[tuple[TaxTotal, ...], tuple[int, ...]]:
    """Return the totals of all categories, and the share of each amount in its category's taxable amount.

    Amounts are in 10^-20 of the currency. The shares, in minor units, sum to the taxable amount (largest remainder).
    Without amounts, the only total is that of `default`. `earlier` has the last total of each category in the month.
    """
    categories = {category for category, _ in amounts} or {default}
    shares = [0] * len(amounts)
    totals = []
    for category in sorted(categories, key=lambda category: (category.code, -Decimal(category.rate))):
        indexes = [index for index, (each, _) in enumerate(amounts) if each == category]
        weights = [amounts[index][1] for index in indexes]
        total = calculate_tax_total(category, sum(weights), minor_digits, (earlier or {}).get(category))
        totals.append(total)
        if total.exact:
            for index, share in zip(indexes, allocate_by_largest_remainder(total.taxable_minor, weights), strict=True):
                shares[index] = share
    return tuple(totals), tuple(shares)


def calculate_tax_total(
    category: TaxCategory, exact: int, minor_digits: int, earlier: TaxTotal | None = None
) -> TaxTotal:
    """Round an exact sum to minor units, and calculate the tax on the rounded sum; both half to even.

    After an earlier total of the month, both together are rounded.
    """
    exact_before = earlier.exact_before + earlier.exact if earlier else 0
    taxable_before = earlier.taxable_before_minor + earlier.taxable_minor if earlier else 0
    taxable = divide_half_even(exact_before + exact, 10 ** (AMOUNT_DIGITS - minor_digits)) - taxable_before
    with localcontext() as context:
        context.prec = PRECISION
        tax = (Decimal(taxable) * Decimal(category.rate) / 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return TaxTotal(category, exact, taxable, int(tax), exact_before, taxable_before)
