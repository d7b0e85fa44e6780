"""`/unassigned-usage`: usage that no customer account pays for."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import invoices as schemas
from stratiform.interfaces.rest.views import period_previews as views
from stratiform.services.billing import policy


@api.get("/unassigned-usage", policy.ACCOUNTS_LIST)
def list_unassigned_usage(request: ApiRequest, query: schemas.UnassignedUsageQuery) -> schemas.UnassignedUsageList:
    """List the projects with usage in a month until now that no customer account pays for."""
    usages = request.services.billing.unassigned_usage.list(request.ctx, query.month)
    return schemas.UnassignedUsageList([views.unassigned_usage(usage) for usage in usages])
