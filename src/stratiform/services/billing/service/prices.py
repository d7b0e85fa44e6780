"""Publication of price plans."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.billing import policy
from stratiform.services.billing.repository.customer_accounts import find_last_closed_end
from stratiform.services.rating.model import PricePlan
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class PricePublisher:
    """Publishes price plans; rating cannot know which periods are closed."""

    rating: RatingService

    def publish(self, ctx: RequestContext, source: str, file: str = "") -> PricePlan:
        """Publish the price plan in the TOML text `source`, unless a new version starts in a closed period.

        `file` starts the error messages. Raises: Invalid, PlanConflict
        """
        policy.PRICES_SET.require(ctx.caller, None)
        plan = self.rating.plans.parse(source, file)
        self.rating.plans.lock(ctx.db, plan.name)  # no period is closed with it from here on
        return self.rating.plans.publish(ctx, plan, find_last_closed_end(ctx.db, plan.name))
