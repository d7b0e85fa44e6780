"""Responses with retroactive price changes."""

from stratiform.interfaces.rest.schemas import price_changes as schemas
from stratiform.kit.clock import format_iso
from stratiform.services.billing.model import CostDifference, PriceChange


def price_change(change: PriceChange) -> schemas.PriceChange:
    return schemas.PriceChange(
        id=change.id,
        created_at=format_iso(change.created_at),
        author=change.author,
        reason=change.reason,
        plan=change.plan,
        previous_plan=change.previous_plan,
        versions=[format_iso(version.valid_from) for version in change.versions],
        differences=[cost_difference(each) for each in change.differences],
    )


def cost_difference(difference: CostDifference) -> schemas.CostDifference:
    return schemas.CostDifference(
        account=difference.account_name,
        currency=difference.currency,
        start=format_iso(difference.start),
        end=format_iso(difference.end),
        net_before=difference.net_before,
        net_after=difference.net_after,
        difference=difference.difference,
        exact_difference=difference.exact_difference,
    )
