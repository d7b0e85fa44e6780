"""Retroactive price changes: their effect on past usage, and their records."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing import policy
from stratiform.services.billing.model import (
    CostDifference,
    CustomerAccount,
    PlanVersionReference,
    PriceChange,
    compare_drafts,
    split_by_month,
)
from stratiform.services.billing.repository import price_changes as repository
from stratiform.services.billing.service.invoice_drafts import InvoiceDrafts
from stratiform.services.ingest.service import format_author
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import PricePlan


class AccountPrices(NamedTuple):
    """A customer account with the plan by which it is charged."""

    account: CustomerAccount
    plan: PricePlan


@dataclass(frozen=True, slots=True)
class PriceChanges:
    """Compares the cost of past usage by two plans, with the code that issues invoices, and records changes of it."""

    ids: Ids
    ledger: LedgerService
    drafts: InvoiceDrafts

    def list(self, ctx: RequestContext, page: Page) -> Slice[PriceChange]:
        """Return a page of retroactive price changes, newest first; the marker is an id."""
        policy.PRICE_CHANGES_LIST.require(ctx.caller, None)
        return repository.list_price_changes(ctx.db, page)

    def compare(
        self, db: Connection, changes: Sequence[tuple[AccountPrices, AccountPrices]], now: Micros
    ) -> tuple[CostDifference, ...]:
        """Return the customer accounts whose past usage costs something else after a change of prices.

        The caller has locked the accounts and their plans.
        """
        as_of = self.ledger.positions.get_current_position(db)
        differences = (self._compare_prices(db, before, after, now, as_of) for before, after in changes)
        return tuple(difference for difference in differences if difference is not None)

    def record(
        self,
        ctx: RequestContext,
        reason: str,
        differences: tuple[CostDifference, ...],
        *,
        plan: str,
        previous_plan: str | None = None,
        versions: tuple[PlanVersionReference, ...] = (),
    ) -> PriceChange:
        """Record a change in the transaction that applies it."""
        author = format_author(ctx.caller)
        change = PriceChange(self.ids.uuid(), ctx.now, author, reason, plan, previous_plan, versions, differences)
        repository.insert_price_change(ctx.db, change)
        return change

    def _compare_prices(
        self, db: Connection, before: AccountPrices, after: AccountPrices, now: Micros, as_of: int
    ) -> CostDifference | None:
        start = before.account.billed_until
        if start is None or start >= now:
            return None
        months = [(first, last) for _, first, last in split_by_month(start, now)]
        drafts = [
            [self.drafts.create_by_plan(db, each.account, each.plan, first, last, as_of) for first, last in months]
            for each in (before, after)
        ]
        return compare_drafts(*drafts)


def check_reason(reason: str | None) -> None:
    """Check the reason of a retroactive change; None: the change is not retroactive. Raises: Invalid"""
    if reason is not None and not reason.strip():
        raise Invalid("`reason`: a retroactive price change needs a reason")
