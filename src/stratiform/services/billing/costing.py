"""What something has cost so far: the same prices and the same code as on the invoice."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from stratiform.kit.clock import DAY_US, Micros, iso, to_datetime
from stratiform.kit.context import RequestContext
from stratiform.services.billing import repository
from stratiform.services.billing.closing import Used
from stratiform.services.billing.document import charged, price_of
from stratiform.services.billing.model import Account, Assignment, month, month_name
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import (
    AMOUNT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    Charge,
    Line,
    PricePlan,
    format_decimal,
)
from stratiform.services.rating.service import RatingService


@dataclass(frozen=True, slots=True)
class Costing:
    """Computes running cost; reads only."""

    ledger: LedgerService
    rating: RatingService

    def resource(self, ctx: RequestContext, segments: list[Segment]) -> dict[str, Any] | None:
        """What one resource has cost who paid for it last, since they do. None: nobody pays, or nothing ran."""
        last = segments[-1]
        paying = payer(ctx, last.project_id, ctx.now if last.end is None else min(last.end - 1, ctx.now))
        if paying is None:
            return None
        account, assignment = paying
        end = min(assignment.until or ctx.now, ctx.now)
        mine = [segment for segment in segments if segment.project_id == last.project_id]
        used = [one.clip(assignment.start, end) for one in mine if one.start < end and _after(one, assignment)]
        if not used:
            return None
        plan = self.rating.plans.load(ctx.db, account.plan)
        start = used[0].start
        usage_filter = UsageFilter(*last.resource, project_id=last.project_id)
        samples = self.rating.meter_usages.iterate(ctx.db, plan, start, end, usage_filter)
        charge = self.rating.charges.rate(plan, used, start, end, samples)
        return {
            "resource_type": last.resource_type,
            "resource_id": last.resource_id,
            "resource_name": last.name,
            "project_id": last.project_id,
            "account": account.name,
            "currency": account.currency,
            "amount": format_decimal(charge.amount, AMOUNT_DIGITS),
            "since": iso(start),
            "as_of": iso(end),
            "per_hour": self._per_hour(plan, last, ctx.now),
            "lines": [charged(line, price_of(plan, line)) for line in charge.lines],
            **unpriced(charge),
        }

    def _per_hour(self, plan: PricePlan, segment: Segment, now: Micros) -> str:
        """What going on like this costs in an hour, rounding of times aside."""
        if segment.end is not None and segment.end <= now:
            return "0"
        return format_decimal(self.rating.charges.hourly_rate(plan, segment, now), PRICE_DIGITS)

    def project(self, ctx: RequestContext, project_id: str, month_text: str | None) -> dict[str, Any] | None:
        """A month of a project until now, by day and by resource, as who paid last in it will be charged.

        None: nobody pays for it then.
        """
        start, month_end = month(month_text or month_name(ctx.now))
        end = min(month_end, ctx.now)
        paying = [
            one for one in repository.assignments(ctx.db, project_id=project_id) if one.overlaps(start, month_end)
        ]
        account = repository.account(ctx.db, paying[-1].account_id) if paying else None
        if account is None:
            return None
        plan = self.rating.plans.load(ctx.db, account.plan)
        used = Used(self.ledger, ctx.db, account.id, start, end, project_id=project_id)
        samples = used.meter_usages(self.rating, plan)
        charge, days = self.rating.charges.rate_by_day(plan, used, start, max(start, end), samples)
        return {
            "project_id": project_id,
            "account": account.name,
            "month": month_name(start),
            "currency": account.currency,
            "amount": format_decimal(charge.amount, AMOUNT_DIGITS),
            "since": iso(max(start, min(one.start for one in paying if one.account_id == account.id))),
            "as_of": iso(max(start, end)),
            "days": _days(days.values(), start, end),
            "resources": _resources(plan, charge, used),
            **unpriced(charge),
        }


def payer(ctx: RequestContext, project_id: str, moment: Micros) -> tuple[Account, Assignment] | None:
    """The account that pays for a project at `moment`."""
    for assignment in repository.assignments(ctx.db, project_id=project_id):
        if assignment.overlaps(moment, moment + 1):
            account = repository.account(ctx.db, assignment.account_id)
            return None if account is None else (account, assignment)
    return None


def _after(segment: Segment, assignment: Assignment) -> bool:
    return segment.end is None or segment.end > assignment.start


def _days(amounts: Iterable[dict[Micros, int]], start: Micros, end: Micros) -> list[dict[str, str]]:
    """Every day of `[start, end)`, those with no cost too."""
    sums = dict.fromkeys(range(start, end, DAY_US), 0)
    for by_day in amounts:
        for day, amount in by_day.items():
            sums[day] += amount
    return [
        {"date": to_datetime(day).strftime("%Y-%m-%d"), "amount": format_decimal(amount, AMOUNT_DIGITS)}
        for day, amount in sums.items()
    ]


def _resources(plan: PricePlan, charge: Charge, used: Used) -> list[dict[str, Any]]:
    """The dearest first."""
    lines: defaultdict[tuple[str, str, str], list[Line]] = defaultdict(list)
    for line in charge.lines:
        lines[line.key.resource_type, line.key.resource_id, line.key.cloud].append(line)
    sums = {resource: sum(line.amount for line in own) for resource, own in lines.items()}
    return [
        {
            "resource_type": resource[0],
            "resource_id": resource[1],
            "resource_name": used.names.get(resource, ""),
            "cloud": resource[2],
            "amount": format_decimal(sums[resource], AMOUNT_DIGITS),
            "lines": [charged(line, price_of(plan, line)) for line in lines[resource]],
        }
        for resource in sorted(lines, key=lambda one: (-sums[one], one))
    ]


def unpriced(charge: Charge) -> dict[str, list[dict[str, Any]]]:
    """Return usage without a price: in total by resource type and measure, and by resource with the reasons."""
    totals = [
        {
            "resource_type": total.resource_type,
            "measure": total.measure,
            "resources": total.resources,
            "quantity": format_decimal(total.quantity, QUANTITY_DIGITS),
            "unit": total.unit,
        }
        for total in charge.unpriced
    ]
    gaps = [
        {
            "resource_type": gap.resource_type,
            "resource_id": gap.resource_id,
            "cloud": gap.cloud,
            "measure": gap.measure,
            "start": iso(gap.start),
            "end": iso(gap.end),
            "reason": gap.reason,
        }
        for gap in charge.gaps
    ]
    return {"unpriced": totals, "gaps": gaps}
