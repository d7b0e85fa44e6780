"""Usage of closed periods that became known after they were closed."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.services.billing import policy
from stratiform.services.billing.model import (
    BillingPeriod,
    CustomerAccount,
    LateUsage,
    count_differing_resources,
    find_plan_start,
)
from stratiform.services.billing.repository import customer_accounts
from stratiform.services.billing.repository.periods import list_account_ids, list_periods
from stratiform.services.billing.repository.project_assignments import list_assignments
from stratiform.services.billing.service.account_charges import AccountCharges
from stratiform.services.billing.service.account_usage import UsageSelection
from stratiform.services.billing.service.customer_accounts import load_customer_account
from stratiform.services.ledger.model import Resource, UsageFilter
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.service import RatingService

#: If more resources have changed, all of the period are compared: many queries would take longer.
_MAX_SELECTED = 500


@dataclass(frozen=True, slots=True)
class LateUsageReports:
    """Compares closed periods with what is known now. Reads only."""

    ledger: LedgerService
    rating: RatingService
    charges: AccountCharges

    def list_by_account(self, ctx: RequestContext, account: str) -> Sequence[LateUsage]:
        """Return the late usage of a customer account, one item for each period that has any, oldest first.

        Raises: CustomerAccountNotFound
        """
        policy.PERIODS_LIST.require(ctx.caller, None)
        customer = load_customer_account(ctx.db, account)
        return [*self._compare_periods(ctx.db, customer, list_periods(ctx.db, customer.id))]

    def list_since(self, ctx: RequestContext, position: int) -> Sequence[LateUsage]:
        """Return the late usage of those periods whose usage, or names that it has, changed after `position`.

        It is ordered by account.
        """
        policy.PERIODS_LIST.require(ctx.caller, None)
        last_end = customer_accounts.find_last_closed_end(ctx.db)
        if last_end is None:
            return []
        changed = self.ledger.late_usage.list_projects(ctx.db, position, last_end)
        ids = _list_payers(ctx.db, changed)
        if self.ledger.name_timelines.may_have_changed(ctx.db, position):
            ids |= {*list_account_ids(ctx.db)}
        return [
            late
            for account in _load_accounts(ctx.db, ids)
            for late in self._compare_periods(ctx.db, account, self._list_changed(ctx.db, account, changed, position))
        ]

    def _list_changed(
        self, db: Connection, account: CustomerAccount, changed: Mapping[str, Micros], position: int
    ) -> Sequence[BillingPeriod]:
        """Return the closed periods that end after the start in `changed` of a project, or whose names have changed."""
        assignments = list_assignments(db, account_id=account.id)
        first = min((changed[each.project_id] for each in assignments if each.project_id in changed), default=None)
        return [
            period
            for period in list_periods(db, account.id)
            if (first is not None and period.end > first) or self._list_renamed(db, period, position)
        ]

    def _list_renamed(self, db: Connection, period: BillingPeriod, position: int) -> Set[Resource]:
        """Return the resources whose names in prices differ from those at a position."""
        projects, attributes = _list_projects(db, period), self.rating.plans.load(db, period.plan).usage_fields.texts
        return self.ledger.late_usage.list_renamed(db, projects, period.start, period.end, position, attributes)

    def _compare_periods(
        self, db: Connection, account: CustomerAccount, periods: Sequence[BillingPeriod]
    ) -> Iterator[LateUsage]:
        for period in periods:
            late = self._compare(db, account, period)
            if late is not None:
                yield late

    def _compare(self, db: Connection, account: CustomerAccount, period: BillingPeriod) -> LateUsage | None:
        projects = _list_projects(db, period)
        resources = self.ledger.late_usage.list_resources(db, projects, period.start, period.end, period.as_of)
        resources |= self._list_renamed(db, period, period.as_of)
        if not resources:
            return None
        plan = self.rating.plans.load(db, period.plan)
        selected = frozenset(resources) if len(resources) <= _MAX_SELECTED else None
        since = find_plan_start(account, list_periods(db, account.id), period.start)
        selection = UsageSelection(account.id, plan, period.start, period.end, resources=selected, since=since)
        now = self.charges.rate(db, selection).charge
        closed = self.charges.rate(db, replace(selection, usage_filter=UsageFilter(as_of=period.as_of))).charge
        differing = count_differing_resources(closed, now)
        unpriced = sum(usage.resources for usage in now.unpriced)
        if not differing and not unpriced:
            return None
        return LateUsage(
            account_id=account.id,
            account_name=account.name,
            currency=account.currency,
            start=period.start,
            end=period.end,
            document_number=period.document_number,
            amount=now.amount - closed.amount,
            resources=differing,
            unpriced_resources=unpriced,
        )


def _list_projects(db: Connection, period: BillingPeriod) -> Sequence[str]:
    """Return the projects that are assigned to the account in a period."""
    assignments = list_assignments(db, account_id=period.account_id)
    return sorted({each.project_id for each in assignments if each.overlaps(period.start, period.end)})


def _list_payers(db: Connection, projects: Mapping[str, Micros]) -> set[str]:
    """Return the ids of the customer accounts that paid for one of the projects at any time."""
    return {each.account_id for project_id in projects for each in list_assignments(db, project_id=project_id)}


def _load_accounts(db: Connection, ids: Set[str]) -> Sequence[CustomerAccount]:
    """Return customer accounts, by name."""
    accounts = [account for id_ in ids if (account := customer_accounts.find_customer_account(db, id_)) is not None]
    return sorted(accounts, key=lambda account: account.name)
