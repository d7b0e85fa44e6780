"""Assignments of projects to customer accounts."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import DAY_US, Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.services.billing import policy
from stratiform.services.billing.errors import AssignmentConflict, AssignmentNotFound, UnassignedUsageConflict
from stratiform.services.billing.model import (
    CustomerAccount,
    ProjectAssignment,
    UnassignedUsage,
    get_month_bounds,
)
from stratiform.services.billing.repository import project_assignments as repository
from stratiform.services.billing.repository.customer_accounts import lock_customer_accounts, update_billed_until
from stratiform.services.billing.repository.periods import list_periods
from stratiform.services.billing.service.customer_accounts import load_customer_account, lock_customer_account
from stratiform.services.billing.service.unassigned_usage import UnassignedUsages
from stratiform.services.rating.service import RatingService

#: A later start is a mistake: the account could never be closed before.
_MAX_AHEAD_US = 366 * DAY_US


@dataclass(frozen=True, slots=True)
class AssignmentResult:
    """A new assignment, and the usage of the project before it that no customer account pays for."""

    assignment: ProjectAssignment
    unassigned: UnassignedUsage | None


@dataclass(frozen=True, slots=True)
class ProjectAssignments:
    """Operations on assignments. At any time, at most one customer account pays for a project."""

    ids: Ids
    rating: RatingService
    unassigned: UnassignedUsages

    def list(self, ctx: RequestContext, account: str) -> Sequence[ProjectAssignment]:
        """Return all assignments of a customer account, also those that have ended.

        Raises: CustomerAccountNotFound
        """
        policy.ACCOUNTS_GET.require(ctx.caller, None)
        account_id = load_customer_account(ctx.db, account).id
        return repository.list_assignments(ctx.db, account_id=account_id)

    def create(
        self, ctx: RequestContext, account: str, project_id: str, start: Micros | None = None
    ) -> AssignmentResult:
        """Assign a project from `start` on. The assignment to another customer account ends then.

        An assignment to the same account that starts later is extended to `start`. Without `start`, it is now, unless
        the project has usage before that no customer account pays for.

        Raises: CustomerAccountNotFound, UnassignedUsageConflict, Invalid if that time is more than a year ahead,
        Conflict if it is closed or the project is assigned already
        """
        policy.ACCOUNTS_ASSIGN.require(ctx.caller, None)
        first = ctx.now if start is None else start
        if first > ctx.now + _MAX_AHEAD_US:
            raise Invalid(f"{format_iso(first)} is more than a year in the future")
        last = repository.find_last_assignment(ctx.db, project_id)
        new_account = _lock_accounts(ctx.db, account, last)
        if repository.find_last_assignment(ctx.db, project_id) != last:  # changed before the lock
            raise AssignmentConflict(project_id)
        unassigned = self._find_unassigned(ctx, new_account, project_id, first)
        if start is None and unassigned is not None:
            raise UnassignedUsageConflict(unassigned, _first_billable(ctx.db, new_account, unassigned.start))
        return AssignmentResult(self._assign(ctx, new_account, project_id, first, last), unassigned)

    def end(self, ctx: RequestContext, account: str, project_id: str, until: Micros | None = None) -> ProjectAssignment:
        """End the assignment of a project at `until` (default: now). It is removed if it starts later.

        Raises: CustomerAccountNotFound, AssignmentNotFound, Conflict if that time is closed
        """
        policy.ACCOUNTS_UNASSIGN.require(ctx.caller, None)
        customer = lock_customer_account(ctx.db, account)
        end = ctx.now if until is None else until
        last = repository.find_last_assignment(ctx.db, project_id)
        if last is None or last.account_id != customer.id or (last.until is not None and last.until <= end):
            raise AssignmentNotFound(project_id, customer.name)
        _check_open(ctx.db, customer, end)
        if end <= last.start:
            repository.delete_assignment(ctx.db, last.id)
        else:
            repository.end_assignment(ctx.db, last.id, end)
        return replace(last, until=max(end, last.start))

    def _assign(
        self,
        ctx: RequestContext,
        account: CustomerAccount,
        project_id: str,
        first: Micros,
        last: ProjectAssignment | None,
    ) -> ProjectAssignment:
        billed_until = _first_open(ctx.db, account, first)
        if last is not None and last.account_id == account.id and last.until is None and first < last.start:
            repository.extend_assignment(ctx.db, last, first)
            assignment = replace(last, start=first)
        else:
            previous_until = None if last is None else _end_assignment(ctx.db, last, account, first)
            sequence = 1 if last is None else last.sequence + 1
            assignment = ProjectAssignment(self.ids.uuid(), account.id, project_id, sequence, first, None)
            repository.insert_assignment(ctx.db, assignment, previous_until)
        update_billed_until(ctx.db, account.id, billed_until)
        return assignment

    def _find_unassigned(
        self, ctx: RequestContext, account: CustomerAccount, project_id: str, before: Micros
    ) -> UnassignedUsage | None:
        """Return the usage of a project before an instant that no customer account pays for."""
        plan = self.rating.plans.load(ctx.db, account.plan)
        usages = self.unassigned.find(ctx.db, 0, min(before, ctx.now), plan.priced_types, project_id)
        return usages[0] if usages else None


def _lock_accounts(db: Connection, account: str, last: ProjectAssignment | None) -> CustomerAccount:
    """Lock a customer account, and the one to which a project is assigned now. Raises: CustomerAccountNotFound"""
    account_id = load_customer_account(db, account).id
    lock_customer_accounts(db, [account_id, *([] if last is None else [last.account_id])])
    return load_customer_account(db, account_id)


def _end_assignment(db: Connection, last: ProjectAssignment, new_account: CustomerAccount, start: Micros) -> Micros:
    """End the last assignment of a project at `start`, unless it has ended before. Return its end. Raises: Conflict"""
    if last.until is not None and last.until <= start:
        return last.until
    account = load_customer_account(db, last.account_id)
    if account.id == new_account.id:
        raise Conflict(
            f"The project has already been assigned to customer account '{account.name}' since {format_iso(last.start)}"
        )
    if start <= last.start or (account.billed_until or 0) > start:
        raise Conflict(
            f"Customer account '{account.name}' pays for the project at {format_iso(start)}, which cannot be changed"
        )
    repository.end_assignment(db, last.id, start)
    return start


def _first_billable(db: Connection, account: CustomerAccount, start: Micros) -> Micros:
    """Return the earliest time from which a project can be assigned, so that usage since `start` is billed."""
    return max(start, account.billed_until or start) if list_periods(db, account.id) else start


def _check_open(db: Connection, account: CustomerAccount, at: Micros) -> None:
    """Raises: Conflict if the account is closed at an instant"""
    if account.billed_until is not None and at < account.billed_until and list_periods(db, account.id):
        raise Conflict(
            f"The periods of customer account '{account.name}' are closed until {format_iso(account.billed_until)}"
        )


def _first_open(db: Connection, account: CustomerAccount, start: Micros) -> Micros:
    """Return the start of the open period if a project is assigned from `start` on; the first is a whole month."""
    if account.billed_until is None:
        return get_month_bounds(start)[0]
    if not list_periods(db, account.id):
        return min(get_month_bounds(start)[0], account.billed_until)
    _check_open(db, account, start)
    return account.billed_until
