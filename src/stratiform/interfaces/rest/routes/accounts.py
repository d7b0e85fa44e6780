"""`/accounts`: customer accounts and the projects they pay for."""

from msgspec import UNSET
from msgspec.structs import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.name_resolution import resolve_project
from stratiform.interfaces.rest.retroactive_changes import parse_reason
from stratiform.interfaces.rest.schemas import accounts as schemas
from stratiform.interfaces.rest.schemas.common import PageQuery
from stratiform.interfaces.rest.timestamps import parse_timestamp
from stratiform.interfaces.rest.views import billing as views
from stratiform.interfaces.rest.views import period_previews as preview_views
from stratiform.interfaces.rest.views import price_changes as price_change_views
from stratiform.kit.clock import Micros
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.billing import policy
from stratiform.services.billing.model import CustomerAccountChanges, Party


@api.post("/accounts", policy.ACCOUNTS_CREATE, status=201, errors=(NotFound, Conflict))
def create_account(request: ApiRequest, body: schemas.AccountCreate) -> schemas.Account:
    """Create a customer account. Its currency is that of the price plan."""
    party = Party(body.legal_name, tuple(body.address), body.country, body.tax_id)
    accounts = request.services.billing.customer_accounts
    return views.account(accounts.create(request.ctx, body.name, body.currency, body.plan, party, body.tax_rate))


@api.get("/accounts", policy.ACCOUNTS_LIST)
def list_accounts(request: ApiRequest, query: PageQuery) -> schemas.AccountPage:
    """List customer accounts, ordered by name. Markers are names."""
    page = request.services.billing.customer_accounts.list(request.ctx, query.page())
    next_marker = page.next_marker(lambda account: account.name)
    return schemas.AccountPage([views.account(account) for account in page.items], next_marker)


@api.get("/accounts/{name}", policy.ACCOUNTS_GET)
def show_account(request: ApiRequest, name: schemas.AccountReference) -> schemas.AccountDetail:
    """Show a customer account and the projects that are or were assigned to it."""
    billing = request.services.billing
    account = billing.customer_accounts.get(request.ctx, name)
    assignments = billing.project_assignments.list(request.ctx, name)
    ids = {assignment.project_id for assignment in assignments}
    names = request.services.ledger.name_timelines.list_project_names(request.ctx.db, ids, request.ctx.now)
    return views.account_detail(account, assignments, names)


@api.patch("/accounts/{name}", policy.ACCOUNTS_UPDATE, errors=(Conflict,))
def update_account(request: ApiRequest, name: schemas.AccountReference, body: schemas.AccountUpdate) -> schemas.Account:
    """Change a customer account. The changes apply to future invoices."""
    values = {field: value for field, value in asdict(body).items() if value is not UNSET}
    if "address" in values:
        values["address"] = tuple(values["address"])
    accounts = request.services.billing.customer_accounts
    return views.account(accounts.update(request.ctx, name, CustomerAccountChanges(**values)))


@api.put("/accounts/{name}/plan", policy.ACCOUNTS_SET_PLAN, errors=(NotFound, Conflict))
def set_account_plan(
    request: ApiRequest, name: schemas.AccountReference, body: schemas.AccountPlanUpdate
) -> schemas.UpdatedAccount:
    """Move a customer account to another price plan, from the start of its open period on.

    Closed periods keep their plan. A change that would change the cost of past usage is refused without `retroactive`
    and `reason`.
    """
    reason = parse_reason(body.reason, retroactive=body.retroactive)
    update = request.services.billing.account_plans.update(request.ctx, name, body.plan, reason=reason)
    change = None if update.change is None else price_change_views.price_change(update.change)
    account = asdict(views.account(update.account))
    return schemas.UpdatedAccount(**account, previous_plan=update.previous_plan, change=change)


@api.post("/accounts/{name}/plan/preview", policy.ACCOUNTS_PREVIEW_PLAN, status=200, errors=(NotFound, Conflict))
def preview_account_plan(
    request: ApiRequest, name: schemas.AccountReference, body: schemas.AccountPlanPreviewRequest
) -> schemas.AccountPlanPreview:
    """Show what another price plan would change for past usage of a customer account."""
    update = request.services.billing.account_plans.preview(request.ctx, name, body.plan)
    return schemas.AccountPlanPreview(
        account=update.account.name,
        plan=update.account.plan,
        previous_plan=update.previous_plan,
        differences=[price_change_views.cost_difference(each) for each in update.differences],
    )


@api.post("/accounts/{name}/projects", policy.ACCOUNTS_ASSIGN, status=201, errors=(Conflict,))
def assign_project(
    request: ApiRequest, name: schemas.AccountReference, body: schemas.AssignmentCreate
) -> schemas.CreatedAssignment:
    """Assign a project to a customer account. An earlier assignment to another account ends at `start`.

    A later assignment to the same account is extended to `start`. Without `start`, a project with usage that no
    customer account pays for is refused: it would stay unbilled.
    """
    services, ctx = request.services, request.ctx
    start = _parse_time(body.start, "start", ctx.now)
    project_id = resolve_project(services, ctx, body.project, external=True)
    names = services.ledger.name_timelines.list_project_names(ctx.db, [project_id], ctx.now)
    result = services.billing.project_assignments.create(ctx, name, project_id, start)
    unassigned = None if result.unassigned is None else preview_views.unassigned_usage(result.unassigned)
    return schemas.CreatedAssignment(**asdict(views.assignment(result.assignment, names)), unassigned=unassigned)


@api.delete("/accounts/{name}/projects/{project_id}", policy.ACCOUNTS_UNASSIGN, status=200, errors=(Conflict,))
def unassign_project(
    request: ApiRequest,
    name: schemas.AccountReference,
    project_id: schemas.ProjectReference,
    query: schemas.AssignmentEndQuery,
) -> schemas.Assignment:
    """End the assignment of a project to a customer account. An assignment that starts later is removed."""
    services, ctx = request.services, request.ctx
    until = _parse_time(query.until, "until", ctx.now)
    project = resolve_project(services, ctx, project_id, external=True)
    names = services.ledger.name_timelines.list_project_names(ctx.db, [project], ctx.now)
    return views.assignment(services.billing.project_assignments.end(ctx, name, project, until), names)


def _parse_time(text: str | None, field: str, now: Micros) -> Micros | None:
    if text is None or text == "now":
        return now if text == "now" else None
    return parse_timestamp(text, field)
