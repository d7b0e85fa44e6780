"""`/seller`: the seller on invoices."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import accounts as schemas
from stratiform.interfaces.rest.views import billing as views
from stratiform.services.billing import policy
from stratiform.services.billing.model import Party


@api.get("/seller", policy.SELLER_GET)
def show_seller(request: ApiRequest) -> schemas.Seller:
    """Show the seller."""
    return views.seller(request.services.billing.seller.get(request.ctx))


@api.put("/seller", policy.SELLER_SET)
def update_seller(request: ApiRequest, body: schemas.SellerUpdate) -> schemas.Seller:
    """Change the seller. Issued invoices stay unchanged."""
    party = Party(body.legal_name, tuple(body.address), body.country, body.tax_id)
    return views.seller(request.services.billing.seller.update(request.ctx, party))
