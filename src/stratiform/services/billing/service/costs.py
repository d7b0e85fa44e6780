"""Running costs: what resources and projects cost until now, by the prices and the code of the invoice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import DAY_US, Micros, format_iso, to_datetime
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.billing import policy
from stratiform.services.billing.model import (
    CostLine,
    CustomerAccount,
    DailyCost,
    ProjectAssignment,
    ProjectCost,
    ProjectResourceCost,
    ResourceCost,
    UnpricedGap,
    build_unpriced_totals,
    clip_plan_intervals,
    format_month,
    list_plan_intervals,
    parse_month,
)
from stratiform.services.billing.repository.customer_accounts import find_customer_account
from stratiform.services.billing.repository.periods import list_periods
from stratiform.services.billing.repository.project_assignments import list_assignments
from stratiform.services.billing.service.account_charges import AccountCharge, AccountCharges
from stratiform.services.billing.service.account_usage import ResourceNames, UsageSelection
from stratiform.services.ledger.model import Segment, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.model import (
    AMOUNT_DIGITS,
    PRICE_DIGITS,
    QUANTITY_DIGITS,
    Charge,
    ChargeLine,
    PricePlan,
    format_scaled,
    merge_charges,
)
from stratiform.services.rating.service import RatingService

#: The resource types whose cost is looked up most often.
_FREQUENT_TYPES = ("instance", "volume")


@dataclass(frozen=True, slots=True)
class RunningCosts:
    """Calculates running costs. Writes nothing."""

    ledger: LedgerService
    rating: RatingService
    charges: AccountCharges

    def find_resource_cost(self, ctx: RequestContext, resource_id: str, resource_type: str = "") -> ResourceCost | None:
        """Return the cost of a resource (of any type by default) since it is assigned to its customer account.

        None if the resource has no usage, or no customer account pays for it. Raises: NotFound for a resource of
        another project
        """
        segments = self._list_segments(ctx, resource_id, [resource_type] if resource_type else self._list_types())
        if not segments:
            return None
        not_found = NotFound(f"Resource '{resource_id}' not found")
        policy.COSTS_GET.require_visible(ctx.caller, segments[-1].project_id, not_found)
        return self._rate_resource(ctx, segments)

    def find_project_cost(self, ctx: RequestContext, project_id: str, month: str | None = None) -> ProjectCost | None:
        """Return the cost of a project in a month (default: the current one) until now.

        It is the cost for the last customer account of that month; None if there is none. Raises: Invalid, NotFound
        for another project
        """
        policy.COSTS_GET.require_visible(ctx.caller, project_id, NotFound(f"Project '{project_id}' not found"))
        start, month_end = parse_month(month or format_month(ctx.now))
        assigned = [each for each in list_assignments(ctx.db, project_id=project_id) if each.overlaps(start, month_end)]
        account = find_customer_account(ctx.db, assigned[-1].account_id) if assigned else None
        if account is None:
            return None
        first = min(assignment.start for assignment in assigned if assignment.account_id == account.id)
        return self._rate_project(ctx, account, project_id, start, min(month_end, ctx.now), first)

    def find_project_name(self, ctx: RequestContext, project_id: str, at: Micros) -> str:
        """Return the name of a project at an instant; "" if it is not known."""
        return self.ledger.name_timelines.list_project_names(ctx.db, [project_id], at).get(project_id, "")

    def _list_types(self) -> Sequence[str]:
        others = [each.name for each in self.rating.catalog if each.states and each.name not in _FREQUENT_TYPES]
        return [*_FREQUENT_TYPES, *others]

    def _list_segments(self, ctx: RequestContext, resource_id: str, types: Sequence[str]) -> Sequence[Segment]:
        """Return the segments of a resource by start. The ledger's index starts with the type, so try each type."""
        for resource_type in types:
            usage_filter = UsageFilter(resource_type=resource_type, resource_id=resource_id)
            unnamed = list(self.ledger.segments.iterate(ctx.db, usage_filter))
            if unnamed:
                named = self.ledger.name_timelines.open_reader(ctx.db).add_names(unnamed)
                return sorted(named, key=lambda segment: segment.start)
        return []

    def _rate_resource(self, ctx: RequestContext, segments: Sequence[Segment]) -> ResourceCost | None:
        last = segments[-1]
        payer = _find_payer(ctx, last.project_id, ctx.now if last.end is None else min(last.end - 1, ctx.now))
        if payer is None:
            return None
        account, assignment = payer
        end = min(assignment.until or ctx.now, ctx.now)
        starts = [
            max(segment.start, assignment.start)
            for segment in segments
            if segment.project_id == last.project_id and _intersects(segment, assignment.start, end)
        ]
        if not starts:
            return None
        usage_filter = UsageFilter(*last.resource, project_id=last.project_id)
        selections = self._select_by_plan(ctx, account, assignment.start, end, usage_filter)
        rated = [(selection.plan, self.charges.rate(ctx.db, selection)) for selection in selections]
        charge = merge_charges([each.charge for _, each in rated])
        plan = self.rating.plans.load(ctx.db, account.plan)
        return ResourceCost(
            resource_type=last.resource_type,
            resource_id=last.resource_id,
            resource_name=last.name,
            project_id=last.project_id,
            project_name=self.find_project_name(ctx, last.project_id, end),
            account=account.name,
            currency=account.currency,
            amount=format_scaled(charge.amount, AMOUNT_DIGITS),
            since=format_iso(starts[0]),
            as_of=format_iso(end),
            ended_at=None if last.end is None or last.end > ctx.now else format_iso(last.end),
            per_hour=self._hourly_rate(plan, last, ctx.now),
            lines=[_build_line(plan, line) for plan, each in rated for line in each.charge.lines],
            unpriced=build_unpriced_totals(charge),
            gaps=_unpriced_gaps(charge),
        )

    def _hourly_rate(self, plan: PricePlan, segment: Segment, now: Micros) -> str:
        if segment.end is not None and segment.end <= now:
            return "0"
        return format_scaled(self.rating.usage_rating.compute_hourly_rate(plan, segment, now), PRICE_DIGITS)

    def _rate_project(
        self, ctx: RequestContext, account: CustomerAccount, project_id: str, start: Micros, end: Micros, first: Micros
    ) -> ProjectCost:
        """Rate the usage in `[start, end)`; `first` is the start of the first assignment to the customer account."""
        as_of = max(start, end)
        rated: list[tuple[PricePlan, AccountCharge]] = []
        days: list[dict[Micros, int]] = []
        for selection in self._select_by_plan(ctx, account, start, as_of, UsageFilter(project_id=project_id)):
            charge_by_plan, amounts = self.charges.rate_month_by_day(ctx.db, replace(selection, start=start))
            rated.append((selection.plan, charge_by_plan))
            days += amounts.values()
        charge = merge_charges([each.charge for _, each in rated])
        return ProjectCost(
            project_id=project_id,
            project_name=self.find_project_name(ctx, project_id, as_of - 1),
            account=account.name,
            month=format_month(start),
            currency=account.currency,
            amount=format_scaled(charge.amount, AMOUNT_DIGITS),
            since=format_iso(max(start, first)),
            as_of=format_iso(as_of),
            days=_sum_days(days, start, end),
            resources=_sum_resources(rated),
            unpriced=build_unpriced_totals(charge),
            gaps=_unpriced_gaps(charge),
        )

    def _select_by_plan(
        self, ctx: RequestContext, account: CustomerAccount, start: Micros, end: Micros, usage_filter: UsageFilter
    ) -> Iterator[UsageSelection]:
        """Yield the usage in `[start, end)`, in parts by the price plans of the customer account at the time."""
        intervals = list_plan_intervals(account, list_periods(ctx.db, account.id))
        for interval, first, last in clip_plan_intervals(intervals, start, end):
            plan = self.rating.plans.load(ctx.db, interval.plan)
            yield UsageSelection(account.id, plan, first, last, usage_filter, since=interval.start)


def _find_payer(ctx: RequestContext, project_id: str, at: Micros) -> tuple[CustomerAccount, ProjectAssignment] | None:
    for assignment in list_assignments(ctx.db, project_id=project_id):
        if assignment.overlaps(at, at + 1):
            account = find_customer_account(ctx.db, assignment.account_id)
            return None if account is None else (account, assignment)
    return None


def _intersects(segment: Segment, start: Micros, end: Micros) -> bool:
    return segment.start < end and (segment.end is None or segment.end > start)


def _build_line(plan: PricePlan, line: ChargeLine) -> CostLine:
    price = plan.get_price(line.key)
    return CostLine(
        meter=price.measure.name,
        description=price.description,
        start=format_iso(line.start),
        end=format_iso(line.end),
        quantity=format_scaled(line.quantity, QUANTITY_DIGITS),
        unit=str(price.unit),
        unit_price=format_scaled(price.amount, PRICE_DIGITS),
        amount=format_scaled(line.amount, AMOUNT_DIGITS),
        price_version=format_iso(line.key.valid_from),
    )


def _sum_days(amounts: Iterable[dict[Micros, int]], start: Micros, end: Micros) -> list[DailyCost]:
    """Return the cost of every day of `[start, end)`, also of those without usage."""
    sums = dict.fromkeys(range(start, end, DAY_US), 0)
    for by_day in amounts:
        for day, amount in by_day.items():
            sums[day] += amount
    return [
        DailyCost(to_datetime(day).date().isoformat(), format_scaled(amount, AMOUNT_DIGITS))
        for day, amount in sums.items()
    ]


def _sum_resources(rated: Iterable[tuple[PricePlan, AccountCharge]]) -> list[ProjectResourceCost]:
    """Return the cost of each resource, highest first."""
    lines: defaultdict[tuple[str, str, str], list[tuple[PricePlan, ChargeLine]]] = defaultdict(list)
    names: ResourceNames = {}
    for plan, charge_by_plan in rated:
        names |= charge_by_plan.names
        for line in charge_by_plan.charge.lines:
            lines[line.key.resource_type, line.key.resource_id, line.key.cloud].append((plan, line))
    sums = {resource: sum(line.amount for _, line in of_resource) for resource, of_resource in lines.items()}
    return [
        ProjectResourceCost(
            resource_type=resource[0],
            resource_id=resource[1],
            resource_name=names.get(resource, ""),
            cloud=resource[2],
            amount=format_scaled(sums[resource], AMOUNT_DIGITS),
            lines=[_build_line(plan, line) for plan, line in lines[resource]],
        )
        for resource in sorted(lines, key=lambda resource: (-sums[resource], resource))
    ]


def _unpriced_gaps(charge: Charge) -> list[UnpricedGap]:
    return [
        UnpricedGap(
            resource_type=gap.resource_type,
            resource_id=gap.resource_id,
            cloud=gap.cloud,
            measure=gap.measure,
            start=format_iso(gap.start),
            end=format_iso(gap.end),
            reason=gap.reason,
        )
        for gap in charge.gaps
    ]
