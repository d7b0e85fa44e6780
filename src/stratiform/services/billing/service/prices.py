"""Publication of price plans."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.pagination import Page, Slice, paginate_list
from stratiform.kit.policy import Rule
from stratiform.services.billing import policy
from stratiform.services.billing.errors import RetroactivePriceChange
from stratiform.services.billing.model import CostDifference, PlanPublication, PlanVersionReference
from stratiform.services.billing.repository.customer_accounts import (
    find_last_closed_end,
    list_customer_accounts_of_plan,
    lock_customer_accounts,
)
from stratiform.services.billing.repository.project_assignments import list_plan_names
from stratiform.services.billing.service.price_changes import AccountPrices, PriceChanges, check_reason
from stratiform.services.ingest.service import IngestService
from stratiform.services.rating import policy as rating_policy
from stratiform.services.rating.errors import PlanConflict, PlanNotFound
from stratiform.services.rating.model import PlanUpdate, PricePlan
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class PricePublisher:
    """Price plans; rating cannot know which periods are closed, and who pays for a project.

    Operators see all plans, other callers those of the customer accounts that pay for their project.
    """

    rating: RatingService
    ingest: IngestService
    changes: PriceChanges

    def list(self, ctx: RequestContext, page: Page) -> Slice[PricePlan]:
        """Return a page of plans; the marker is a name."""
        if rating_policy.PRICES_LIST.allows(ctx.caller, None):
            return self.rating.plans.list(ctx, page)
        names = _own_plan_names(ctx, policy.PRICES_LIST)
        plans = [self.rating.plans.load(ctx.db, name) for name in names]
        return paginate_list(plans, page, lambda plan: plan.name)

    def get(self, ctx: RequestContext, name: str) -> PricePlan:
        """Raises: PlanNotFound, also for a plan that the caller may not see"""
        if rating_policy.PRICES_GET.allows(ctx.caller, None):
            return self.rating.plans.get(ctx, name)
        if name not in _own_plan_names(ctx, policy.PRICES_GET):
            raise PlanNotFound(name)
        return self.rating.plans.load(ctx.db, name)

    def publish(
        self, ctx: RequestContext, source: str, file: str = "", *, reason: str | None = None
    ) -> PlanPublication:
        """Publish the price plan in the TOML text `source`, unless a new version starts in a closed period.

        Without a `reason`, past usage must not cost something else afterwards; with one, the change is recorded.
        `file` starts the error messages. Raises: Invalid, PlanConflict, RetroactivePriceChange
        """
        policy.PRICES_SET.require(ctx.caller, None)
        check_reason(reason)
        update, publication = self._prepare(ctx, source, file)
        change, differences = None, publication.differences
        if differences and reason is None:
            raise _refuse(publication)
        self.rating.plans.store(ctx, update)
        if differences and reason is not None:
            versions = publication.past_versions
            change = self.changes.record(ctx, reason, differences, plan=publication.plan.name, versions=versions)
        return replace(publication, change=change)

    def preview(self, ctx: RequestContext, source: str, file: str = "") -> PlanPublication:
        """Return what publishing a price plan would change. Raises: Invalid, PlanConflict"""
        policy.PRICES_PREVIEW.require(ctx.caller, None)
        return self._prepare(ctx, source, file)[1]

    def _prepare(self, ctx: RequestContext, source: str, file: str) -> tuple[PlanUpdate, PlanPublication]:
        """Compute a publication.

        Locks customer accounts, the ledger and the plan, in the order in which closing a period locks them: no period
        is closed with the plan from here on.
        """
        plan = self.rating.plans.parse(source, file)
        locked = {account.id for account in list_customer_accounts_of_plan(ctx.db, plan.name)}
        lock_customer_accounts(ctx.db, locked)
        if locked:
            self.ingest.ingest_whole_outbox(ctx.db, ctx.now)
        self.rating.plans.lock(ctx.db, plan.name)
        accounts = list_customer_accounts_of_plan(ctx.db, plan.name)
        if not locked.issuperset(account.id for account in accounts):  # created or moved to the plan meanwhile
            problem = f"Customer accounts with plan '{plan.name}' are being changed by another request"
            raise PlanConflict(problem, hint="retry the request")
        update = self.rating.plans.prepare(ctx.db, plan, find_last_closed_end(ctx.db, plan.name))
        past = tuple(
            PlanVersionReference(each.valid_from, each.sha256)
            for each in update.new_versions
            if each.valid_from < ctx.now
        )
        differences: tuple[CostDifference, ...] = ()
        if past and update.published is not None:
            prices = [
                (AccountPrices(account, update.published), AccountPrices(account, update.merged))
                for account in accounts
            ]
            differences = self.changes.compare(ctx.db, prices, ctx.now)
        return update, PlanPublication(update.merged, past, differences)


def _refuse(publication: PlanPublication) -> RetroactivePriceChange:
    starts = " and ".join(format_iso(version.valid_from) for version in publication.past_versions)
    return RetroactivePriceChange(
        f"The version of {starts} of plan '{publication.plan.name}'",
        publication.differences,
        "start it in the future, or see the change with `stratiform price set FILE --dry-run`",
    )


def _own_plan_names(ctx: RequestContext, rule: Rule) -> Sequence[str]:
    project_id = ctx.caller.require_project_id()
    rule.require(ctx.caller, project_id)
    return list_plan_names(ctx.db, project_id, ctx.now)
