"""What something has cost so far: the same prices and the same code as on the invoice."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from stratiform.kit.clock import DAY_US, HOUR_US, Micros, iso, to_datetime
from stratiform.kit.context import RequestContext
from stratiform.services.billing import repository
from stratiform.services.billing.closing import Used
from stratiform.services.billing.document import charged, price_of
from stratiform.services.billing.model import Account, Assignment, month, month_name
from stratiform.services.ledger.model import Segment
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import (
    AMOUNT_DIGITS,
    METERS,
    PER_US,
    PRICE_DIGITS,
    Charge,
    Gap,
    Line,
    Plan,
    plain,
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
        plan = self.rating.plan(ctx.db, account.plan)
        start = used[0].start
        charge = self.rating.rate(plan, used, start, end)
        return {
            "resource_type": last.resource_type,
            "resource_id": last.resource_id,
            "resource_name": last.name,
            "project_id": last.project_id,
            "account": account.name,
            "currency": account.currency,
            "amount": plain(charge.amount, AMOUNT_DIGITS),
            "since": iso(start),
            "as_of": iso(end),
            "per_hour": self._per_hour(plan, last, ctx.now),
            "lines": [charged(line, price_of(plan, line)) for line in charge.lines],
            "unpriced": _told(charge.gaps),
        }

    def _per_hour(self, plan: Plan, segment: Segment, now: Micros) -> str:
        """What going on like this costs in an hour, rounding of times aside."""
        if segment.end is not None and segment.end <= now:
            return "0"
        rate = sum(
            (Fraction(parts * price.amount * HOUR_US, PER_US[price.per] * METERS[price.meter].parts))
            for price, parts in self.rating.prices_of(plan, segment, now)
        )
        return plain(round(rate), PRICE_DIGITS)

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
        plan = self.rating.plan(ctx.db, account.plan)
        used = Used(self.ledger, ctx.db, account.id, start, end, project_id=project_id)
        charge, days = self.rating.rate_by_day(plan, used, start, max(start, end))
        return {
            "project_id": project_id,
            "account": account.name,
            "month": month_name(start),
            "currency": account.currency,
            "amount": plain(charge.amount, AMOUNT_DIGITS),
            "since": iso(max(start, min(one.start for one in paying if one.account_id == account.id))),
            "as_of": iso(max(start, end)),
            "days": _days(days.values(), start, end),
            "resources": _resources(plan, charge, used),
            "unpriced": _told(charge.gaps),
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
        {"date": to_datetime(day).strftime("%Y-%m-%d"), "amount": plain(amount, AMOUNT_DIGITS)}
        for day, amount in sums.items()
    ]


def _resources(plan: Plan, charge: Charge, used: Used) -> list[dict[str, Any]]:
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
            "amount": plain(sums[resource], AMOUNT_DIGITS),
            "lines": [charged(line, price_of(plan, line)) for line in lines[resource]],
        }
        for resource in sorted(lines, key=lambda one: (-sums[one], one))
    ]


def _told(gaps: Iterable[Gap]) -> list[dict[str, str]]:
    return [
        {
            "resource_type": gap.resource_type,
            "resource_id": gap.resource_id,
            "cloud": gap.cloud,
            "meter": gap.meter,
            "start": iso(gap.start),
            "end": iso(gap.end),
            "why": gap.why,
        }
        for gap in gaps
    ]
