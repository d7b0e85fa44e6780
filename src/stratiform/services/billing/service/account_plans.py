"""Changes of the price plans of customer accounts."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.services.billing import policy
from stratiform.services.billing.errors import RetroactivePriceChange
from stratiform.services.billing.model import AccountPlanUpdate, list_plan_intervals
from stratiform.services.billing.repository.customer_accounts import save_customer_account
from stratiform.services.billing.repository.periods import list_periods
from stratiform.services.billing.service.customer_accounts import lock_customer_account
from stratiform.services.billing.service.price_changes import AccountPrices, PriceChanges, check_reason
from stratiform.services.ingest.service import IngestService
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class AccountPlans:
    """Moves customer accounts to other price plans, from the start of their open period on."""

    rating: RatingService
    ingest: IngestService
    changes: PriceChanges

    def update(self, ctx: RequestContext, account: str, plan: str, *, reason: str | None = None) -> AccountPlanUpdate:
        """Move a customer account to a price plan of the same currency. Closed periods keep theirs.

        Without a `reason`, past usage must not cost something else afterwards; with one, the change is recorded.
        Raises: CustomerAccountNotFound, PlanNotFound, Invalid, RetroactivePriceChange
        """
        policy.ACCOUNTS_SET_PLAN.require(ctx.caller, None)
        check_reason(reason)
        update = self._prepare(ctx, account, plan)
        if update.differences and reason is None:
            raise RetroactivePriceChange(
                f"Plan '{plan}'",
                update.differences,
                "close the period until the start of the plan first, or see the change with"
                " `stratiform account set ACCOUNT --plan PLAN --dry-run`",
            )
        save_customer_account(ctx.db, update.account)
        if not update.differences or reason is None:
            return update
        change = self.changes.record(ctx, reason, update.differences, plan=plan, previous_plan=update.previous_plan)
        return replace(update, change=change)

    def preview(self, ctx: RequestContext, account: str, plan: str) -> AccountPlanUpdate:
        """Return what a move would change. Raises: CustomerAccountNotFound, PlanNotFound, Invalid"""
        policy.ACCOUNTS_PREVIEW_PLAN.require(ctx.caller, None)
        return self._prepare(ctx, account, plan)

    def _prepare(self, ctx: RequestContext, name_or_id: str, plan: str) -> AccountPlanUpdate:
        """Compute a move.

        Locks the customer account, the ledger and the plans, in the order in which closing a period locks them.
        """
        before = lock_customer_account(ctx.db, name_or_id)
        self.ingest.ingest_whole_outbox(ctx.db, ctx.now)
        prices = {name: self.rating.plans.load_locked(ctx.db, name) for name in sorted({before.plan, plan})}
        if prices[plan].currency != before.currency:
            raise Invalid(
                f"The currency of plan '{plan}' is {prices[plan].currency}, that of customer account '{before.name}' is"
                f" {before.currency}"
            )
        moved = replace(before, plan=plan)
        closed = list_periods(ctx.db, before.id)
        after = replace(moved, plan_from=list_plan_intervals(moved, closed)[-1].start)
        pair = AccountPrices(before, prices[before.plan]), AccountPrices(after, prices[plan])
        differences = () if before.plan == plan else self.changes.compare(ctx.db, [pair], ctx.now)
        return AccountPlanUpdate(after, before.plan, differences)
