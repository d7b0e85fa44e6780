"""Retroactive price changes: those that change the cost of past usage in open periods."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.services.billing.model.customer_accounts import CustomerAccount
from stratiform.services.billing.model.documents import PlanVersionReference
from stratiform.services.billing.model.previews import InvoiceDraft
from stratiform.services.rating.model import AMOUNT_DIGITS, PricePlan, TaxCategory, format_scaled


@dataclass(frozen=True, slots=True)
class CostDifference:
    """The cost of the past usage in the open period `[start, end)` of a customer account, before and after a change.

    Amounts are decimal texts: net amounts as on invoices, and the difference of the exact amounts with all digits.
    """

    account_id: str
    account_name: str
    currency: str
    start: Micros
    end: Micros
    net_before: str
    net_after: str
    difference: str
    exact_difference: str


@dataclass(frozen=True, slots=True)
class PriceChange:
    """The record of a retroactive price change.

    `versions` are the plan versions that were published; without them, a customer account was moved from
    `previous_plan` to `plan`.
    """

    id: str
    created_at: Micros
    author: str
    reason: str
    plan: str
    previous_plan: str | None
    versions: tuple[PlanVersionReference, ...]
    differences: tuple[CostDifference, ...]


@dataclass(frozen=True, slots=True)
class PlanPublication:
    """A published plan, or the one that would be published; the versions that are new and start in the past; and what
    they change."""

    plan: PricePlan
    past_versions: tuple[PlanVersionReference, ...]
    differences: tuple[CostDifference, ...]
    change: PriceChange | None = None


@dataclass(frozen=True, slots=True)
class AccountPlanUpdate:
    """A customer account that was or would be moved to the price plan `account.plan`, and what this changes."""

    account: CustomerAccount
    previous_plan: str
    differences: tuple[CostDifference, ...]
    change: PriceChange | None = None


def compare_drafts(before: Sequence[InvoiceDraft], after: Sequence[InvoiceDraft]) -> CostDifference | None:
    """Compare the drafts of the months of an open period. None if every resource costs and is taxed the same."""
    if _sum_amounts(before) == _sum_amounts(after):
        return None
    first, last = before[0], before[-1]
    net_before, net_after = (sum(draft.net_minor for draft in drafts) for drafts in (before, after))
    exact_before, exact_after = (sum(draft.exact_amount for draft in drafts) for drafts in (before, after))
    digits = first.minor_digits
    return CostDifference(
        account_id=first.account.id,
        account_name=first.account.name,
        currency=first.account.currency,
        start=first.start,
        end=last.end,
        net_before=format_scaled(net_before, digits, digits),
        net_after=format_scaled(net_after, digits, digits),
        difference=format_scaled(net_after - net_before, digits, digits),
        exact_difference=format_scaled(exact_after - exact_before, AMOUNT_DIGITS),
    )


#: Month, project, cloud, resource type and ID, and tax category.
_AmountKey = tuple[Micros, str, str, str, str, TaxCategory]


def _sum_amounts(drafts: Iterable[InvoiceDraft]) -> dict[_AmountKey, int]:
    """Return the amounts that are not zero, by month, resource and tax category."""
    sums: defaultdict[_AmountKey, int] = defaultdict(int)
    for draft in drafts:
        for line in draft.lines:
            resource = (line.project_id, line.cloud, line.resource_type, line.resource_id)
            sums[draft.start, *resource, line.tax_category] += line.amount
    return {key: amount for key, amount in sums.items() if amount}
