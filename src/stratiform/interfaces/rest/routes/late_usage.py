"""`/late-usage`: usage of closed periods that no document contains."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import late_usage as schemas
from stratiform.interfaces.rest.views import billing as views
from stratiform.kit.errors import NotFound
from stratiform.services.billing import policy


@api.get("/late-usage", policy.PERIODS_LIST, errors=(NotFound,))
def list_late_usage(request: ApiRequest, query: schemas.LateUsageQuery) -> schemas.LateUsageList:
    """List the closed periods whose usage, as known now, differs from that in their invoices."""
    late_usage = request.services.billing.late_usage
    if query.account is not None:
        items = late_usage.list_by_account(request.ctx, query.account)
    else:
        items = late_usage.list_since(request.ctx, query.after)
    return schemas.LateUsageList([views.late_usage(late) for late in items])
