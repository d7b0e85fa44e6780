"""The billing service, composed of one class per noun."""

from dataclasses import dataclass

from stratiform.kit.ids import Ids
from stratiform.services.billing.service.account_charges import AccountCharges
from stratiform.services.billing.service.costs import RunningCosts
from stratiform.services.billing.service.customer_accounts import CustomerAccounts
from stratiform.services.billing.service.documents import Documents
from stratiform.services.billing.service.invoice_issuer import InvoiceIssuer
from stratiform.services.billing.service.late_usage import LateUsageReports
from stratiform.services.billing.service.periods import BillingPeriods
from stratiform.services.billing.service.prices import PricePublisher
from stratiform.services.billing.service.project_assignments import ProjectAssignments
from stratiform.services.billing.service.seller import Seller
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.service import RatingService

__all__ = ["BillingService"]


@dataclass(frozen=True, slots=True)
class BillingService:
    """Customer accounts, billing periods, documents and running costs."""

    customer_accounts: CustomerAccounts
    project_assignments: ProjectAssignments
    periods: BillingPeriods
    documents: Documents
    costs: RunningCosts
    late_usage: LateUsageReports
    prices: PricePublisher
    seller: Seller

    @classmethod
    def build(
        cls, *, ids: Ids, ledger: LedgerService, ingest: IngestService, rating: RatingService
    ) -> "BillingService":
        """Build the service from its dependencies."""
        charges = AccountCharges(ledger, rating)
        return cls(
            customer_accounts=CustomerAccounts(ids, rating),
            project_assignments=ProjectAssignments(ids),
            periods=BillingPeriods(ids, ingest, InvoiceIssuer(ledger, rating, charges)),
            documents=Documents(),
            costs=RunningCosts(ledger, rating, charges),
            late_usage=LateUsageReports(ledger, rating, charges),
            prices=PricePublisher(rating),
            seller=Seller(),
        )
