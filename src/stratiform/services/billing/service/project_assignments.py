"""Assignments of projects to customer accounts."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict
from stratiform.kit.ids import Ids
from stratiform.services.billing import policy
from stratiform.services.billing.model import CustomerAccount, ProjectAssignment, get_month_bounds
from stratiform.services.billing.repository import project_assignments as repository
from stratiform.services.billing.repository.periods import list_periods
from stratiform.services.billing.service.customer_accounts import load_customer_account, set_billed_until


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

        Raises: CustomerAccountNotFound, Conflict if that time is closed, or the project is assigned already
        """
        policy.ACCOUNTS_ASSIGN.require(ctx.caller, None)
        new_account = load_customer_account(ctx.db, account)
        first = ctx.now if start is None else start
        for earlier in repository.list_assignments(ctx.db, project_id=project_id):
            if earlier.overlaps(first, None):
                _end_assignment(ctx.db, earlier, new_account, first)
        set_billed_until(ctx.db, new_account, _first_open(ctx.db, new_account, first))
        assignment = ProjectAssignment(self.ids.uuid(), new_account.id, project_id, first, None)
        repository.insert_assignment(ctx.db, assignment)
        return assignment


def _end_assignment(db: Connection, earlier: ProjectAssignment, new_account: CustomerAccount, end: Micros) -> None:
    account = load_customer_account(db, earlier.account_id)
    if account.id == new_account.id:
        raise Conflict(
            f"The project has been assigned to customer account '{account.name}' since {format_iso(earlier.start)}"
        )
    if end <= earlier.start or (account.billed_until or 0) > end:
        raise Conflict(
            f"Customer account '{account.name}' pays for the project at {format_iso(end)}; this cannot be changed"
        )
    set_billed_until(db, account, account.billed_until)
    repository.end_assignment(db, earlier.id, end)


def _first_open(db: Connection, account: CustomerAccount, start: Micros) -> Micros:
    """Return the start of the open period if a project is assigned from `start` on; the first is a whole month."""
    if account.billed_until is None:
        return get_month_bounds(start)[0]
    if not list_periods(db, account.id):
        return min(get_month_bounds(start)[0], account.billed_until)
    if start < account.billed_until:
        raise Conflict(f"Customer account '{account.name}' is closed until {format_iso(account.billed_until)}")
    return account.billed_until
