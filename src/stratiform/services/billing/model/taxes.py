"""Totals of tax categories: exact amounts and taxes are rounded once per category and month."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal, localcontext

from stratiform.kit.money import PRECISION, allocate_by_largest_remainder
from stratiform.services.rating.model import AMOUNT_DIGITS, TaxCategory, divide_half_even


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """The sum of the lines of one tax category.

    `exact` is the sum of the amounts in 10^-20 of the currency, `taxable_minor` the sum in minor units. `exact_before`
    and `taxable_before_minor` are the sums of the earlier invoices of the same month, and `tax_before_minor` is the tax
    on `taxable_before_minor`: of all invoices of a month, `taxable_minor` sums to the rounded sum of `exact`, and
    `tax_minor` to the tax on that sum. `tax_before_minor` None: the tax is that on `taxable_minor`, as in the first
    invoice of a month, and in all invoices that were issued before taxes continued.
    """

    category: TaxCategory
    exact: int
    taxable_minor: int
    tax_minor: int
    exact_before: int = 0
    taxable_before_minor: int = 0
    tax_before_minor: int | None = None


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

    After an earlier total of the month, each is what the sum of both totals adds to the earlier one. The earlier tax is
    the tax on the earlier taxable amount, even if that was issued with another one: an issued tax is not corrected
    later, so the tax differs from the tax on `taxable_minor` by at most one minor unit.
    """
    exact_before = earlier.exact_before + earlier.exact if earlier else 0
    taxable_before = earlier.taxable_before_minor + earlier.taxable_minor if earlier else 0
    taxable = divide_half_even(exact_before + exact, 10 ** (AMOUNT_DIGITS - minor_digits)) - taxable_before
    if not exact_before:
        return TaxTotal(category, exact, taxable, _calculate_tax(category, taxable), 0, taxable_before)
    tax_before = _calculate_tax(category, taxable_before)
    tax = _calculate_tax(category, taxable_before + taxable) - tax_before
    return TaxTotal(category, exact, taxable, tax, exact_before, taxable_before, tax_before)


def _calculate_tax(category: TaxCategory, taxable_minor: int) -> int:
    """Return the tax in minor units, rounded half to even."""
    with localcontext() as context:
        context.prec = PRECISION
        tax = Decimal(taxable_minor) * Decimal(category.rate) / 100
        return int(tax.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
