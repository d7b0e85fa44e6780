"""`/price-changes`: the records of retroactive price changes."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import price_changes as schemas
from stratiform.interfaces.rest.schemas.common import PageQuery
from stratiform.interfaces.rest.views import price_changes as views
from stratiform.services.billing import policy


@api.get("/price-changes", policy.PRICE_CHANGES_LIST)
def list_price_changes(request: ApiRequest, query: PageQuery) -> schemas.PriceChangePage:
    """List retroactive price changes, newest first. Markers are IDs."""
    page = request.services.billing.price_changes.list(request.ctx, query.page())
    next_marker = page.next_marker(lambda change: change.id)
    return schemas.PriceChangePage([views.price_change(change) for change in page.items], next_marker)
