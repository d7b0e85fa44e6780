"""The price plans of a customer account over time."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stratiform.kit.clock import Micros
from stratiform.services.billing.model.customer_accounts import CustomerAccount
from stratiform.services.billing.model.periods import BillingPeriod


class PlanInterval(NamedTuple):
    """The price plan in `[start, end)`. `start` None: since ever; `end` None: until now."""

    plan: str
    start: Micros | None
    end: Micros | None


def list_plan_intervals(account: CustomerAccount, closed: Sequence[BillingPeriod]) -> Sequence[PlanInterval]:
    """Return the plans of a customer account, oldest first; the last one is that of the open period.

    `closed` are all closed periods of the account. Adjacent intervals have different plans.
    """
    plans = [*((period.plan, period.end) for period in closed), (account.plan, None)]
    intervals: list[PlanInterval] = []
    for plan, end in plans:
        if intervals and intervals[-1].plan == plan:
            intervals[-1] = intervals[-1]._replace(end=end)
        else:
            intervals.append(PlanInterval(plan, intervals[-1].end if intervals else None, end))
    return intervals


def find_plan_start(account: CustomerAccount, closed: Sequence[BillingPeriod], at: Micros) -> Micros | None:
    """Return the start of the plan that is valid at an instant; None for the first plan."""
    intervals = list_plan_intervals(account, closed)
    return next(each.start for each in intervals if each.end is None or at < each.end)


def clip_plan_intervals(
    intervals: Sequence[PlanInterval], start: Micros, end: Micros
) -> Iterator[tuple[PlanInterval, Micros, Micros]]:
    """Yield the intervals that overlap `[start, end)`, with the part of it. An empty one has the plan at its start."""
    for interval in intervals:
        first = start if interval.start is None else max(start, interval.start)
        last = end if interval.end is None else min(end, interval.end)
        if first < last or (start == end and first == start and (interval.end is None or start < interval.end)):
            yield interval, first, max(first, last)
