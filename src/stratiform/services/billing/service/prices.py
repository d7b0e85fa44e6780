"""Publication of price plans."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.pagination import Page, Slice, paginate_list
from stratiform.kit.policy import Rule
from stratiform.services.billing import policy
from stratiform.services.billing.repository.customer_accounts import find_last_closed_end
from stratiform.services.billing.repository.project_assignments import list_plan_names
from stratiform.services.rating import policy as rating_policy
from stratiform.services.rating.errors import PlanNotFound
from stratiform.services.rating.model import PricePlan
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class PricePublisher:
    """Price plans; rating cannot know which periods are closed, and who pays for a project.

    Operators see all plans, other callers those of the customer accounts that pay for their project.
    """

    rating: RatingService

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

    def publish(self, ctx: RequestContext, source: str, file: str = "") -> PricePlan:
        """Publish the price plan in the TOML text `source`, unless a new version starts in a closed period.

        `file` starts the error messages. Raises: Invalid, PlanConflict
        """
        policy.PRICES_SET.require(ctx.caller, None)
        plan = self.rating.plans.parse(source, file)
        self.rating.plans.lock(ctx.db, plan.name)  # no period is closed with it from here on
        return self.rating.plans.publish(ctx, plan, find_last_closed_end(ctx.db, plan.name))


def _own_plan_names(ctx: RequestContext, rule: Rule) -> Sequence[str]:
    project_id = ctx.caller.require_project_id()
    rule.require(ctx.caller, project_id)
    return list_plan_names(ctx.db, project_id, ctx.now)
