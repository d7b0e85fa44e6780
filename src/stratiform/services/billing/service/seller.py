"""The seller on documents."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.services.billing import policy
from stratiform.services.billing.fonts import check_displayable
from stratiform.services.billing.model import Party, check_party
from stratiform.services.billing.repository import customer_accounts as repository


@dataclass(frozen=True, slots=True)
class Seller:
    """The seller of the installation; there is one."""

    def get(self, ctx: RequestContext) -> Party:
        policy.SELLER_GET.require(ctx.caller, None)
        return repository.get_seller(ctx.db)

    def update(self, ctx: RequestContext, seller: Party) -> Party:
        """Replace the seller of documents that are issued from now on. Raises: Invalid"""
        policy.SELLER_SET.require(ctx.caller, None)
        check_party(seller)
        check_displayable(seller.legal_name, seller.tax_id, *seller.address)
        repository.save_seller(ctx.db, seller)
        return seller
