"""Assignments of projects to customer accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import DAY_US, Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.ids import Ids
from stratiform.services.billing import policy
from stratiform.services.billing.errors import AssignmentConflict
from stratiform.services.billing.model import CustomerAccount, ProjectAssignment, get_month_bounds
from stratiform.services.billing.repository import project_assignments as repository
from stratiform.services.billing.repository.customer_accounts import lock_customer_accounts, update_billed_until
from stratiform.services.billing.repository.periods import list_periods
from stratiform.services.billing.service.customer_accounts import load_customer_account

#: A later start is a mistake: the account could never be closed before.
_MAX_AHEAD_US = 366 * DAY_US


@dataclass(frozen=True, slots=True)
class ProjectAssignments:
    """Operations on assignments. At any time, at most one customer account pays for a project."""

    ids: Ids

    def list(self, ctx: RequestContext, account: str) -> Sequence[ProjectAssignment]:
        """Return all assignments of a customer account, also those that have ended.

        Raises: CustomerAccountNotFound
        """
        policy.ACCOUNTS_GET.require(ctx.caller, None)
        account_id = load_customer_account(ctx.db, account).id
        return repository.list_assignments(ctx.db, account_id=account_id)

    def create(
        self, ctx: RequestContext, account: str, project_id: str, start: Micros | None = None
    ) -> ProjectAssignment:
        """Assign a project from `start` (default: now) on. The assignment to another customer account ends then.

        Raises: CustomerAccountNotFound, Invalid if that time is more than a year ahead, Conflict if it is closed or
        the project is assigned already
        """
        policy.ACCOUNTS_ASSIGN.require(ctx.caller, None)
        first = ctx.now if start is None else start
        if first > ctx.now + _MAX_AHEAD_US:
            raise Invalid(f"{format_iso(first)} is more than a year in the future")
        last = repository.find_last_assignment(ctx.db, project_id)
        new_account = _lock_accounts(ctx.db, account, last)
        if repository.find_last_assignment(ctx.db, project_id) != last:  # changed before the lock
            raise AssignmentConflict(project_id)
        previous_until = None if last is None else _end_assignment(ctx.db, last, new_account, first)
        update_billed_until(ctx.db, new_account.id, _first_open(ctx.db, new_account, first))
        sequence = 1 if last is None else last.sequence + 1
        assignment = ProjectAssignment(self.ids.uuid(), new_account.id, project_id, sequence, first, None)
        repository.insert_assignment(ctx.db, assignment, previous_until)
        return assignment


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
            f"The project has been assigned to customer account '{account.name}' since {format_iso(last.start)}"
        )
    if start <= last.start or (account.billed_until or 0) > start:
        raise Conflict(
            f"Customer account '{account.name}' pays for the project at {format_iso(start)}; this cannot be changed"
        )
    repository.end_assignment(db, last.id, start)
    return start


def _first_open(db: Connection, account: CustomerAccount, start: Micros) -> Micros:
    """Return the start of the open period if a project is assigned from `start` on; the first is a whole month."""
    if account.billed_until is None:
        return get_month_bounds(start)[0]
    if not list_periods(db, account.id):
        return min(get_month_bounds(start)[0], account.billed_until)
    if start < account.billed_until:
        raise Conflict(f"Customer account '{account.name}' is closed until {format_iso(account.billed_until)}")
    return account.billed_until
