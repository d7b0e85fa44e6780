"""Retroactive price changes."""

from typing import Annotated

from msgspec import Meta, Struct

Retroactive = Annotated[bool, Meta(description="Allow a change to the cost of past usage in open periods.")]
Reason = Annotated[str, Meta(description="Reason of a retroactive change, which is recorded; required for it.")]


class CostDifference(Struct):
    """The cost of past usage in the open period of a customer account, before and after a price change.

    `difference` is that of the net amounts, `exact_difference` that of the amounts with all digits.
    """

    account: str
    currency: str
    start: str
    end: str
    net_before: str
    net_after: str
    difference: str
    exact_difference: str


class PriceChange(Struct):
    """The record of a retroactive price change.

    `versions` are the starts of the plan versions that were published. Without them, the customer account in
    `differences` was moved from `previous_plan` to `plan`.
    """

    id: str
    created_at: str
    author: str
    reason: str
    plan: str
    previous_plan: str | None
    versions: list[str]
    differences: list[CostDifference]


class PriceChangePage(Struct):
    price_changes: list[PriceChange]
    next: str | None
