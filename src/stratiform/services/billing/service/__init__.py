"""The billing service, composed of one class per noun."""

from dataclasses import dataclass

from stratiform.kit.ids import Ids
from stratiform.services.audit.service import AuditService
from stratiform.services.billing.service.account_charges import AccountCharges
from stratiform.services.billing.service.account_plans import AccountPlans
from stratiform.services.billing.service.costs import RunningCosts
from stratiform.services.billing.service.customer_accounts import CustomerAccounts
from stratiform.services.billing.service.documents import Documents
from stratiform.services.billing.service.invoice_drafts import InvoiceDrafts
from stratiform.services.billing.service.late_usage import LateUsageReports
from stratiform.services.billing.service.period_previews import PeriodPreviews
from stratiform.services.billing.service.periods import BillingPeriods
from stratiform.services.billing.service.price_changes import PriceChanges
from stratiform.services.billing.service.prices import PricePublisher
from stratiform.services.billing.service.project_assignments import ProjectAssignments
from stratiform.services.billing.service.seller import Seller
from stratiform.services.billing.service.unassigned_usage import UnassignedUsages
from stratiform.services.ingest.service import IngestService
from stratiform.services.ledger.service import LedgerService
from stratiform.services.rating.service import RatingService

__all__ = ["BillingService"]


@dataclass(frozen=True, slots=True)
class BillingService:
    """Customer accounts, billing periods, documents and running costs."""

    customer_accounts: CustomerAccounts
    account_plans: AccountPlans
    project_assignments: ProjectAssignments
    periods: BillingPeriods
    period_previews: PeriodPreviews
    documents: Documents
    costs: RunningCosts
    late_usage: LateUsageReports
    unassigned_usage: UnassignedUsages
    prices: PricePublisher
    price_changes: PriceChanges
    seller: Seller

    @classmethod
    def build(
        cls, *, ids: Ids, audit: AuditService, ledger: LedgerService, ingest: IngestService, rating: RatingService
    ) -> "BillingService":
        """Build the service from its dependencies."""
        charges = AccountCharges(ledger, rating)
        drafts, unassigned = InvoiceDrafts(ledger, rating, charges), UnassignedUsages(ledger, rating)
        price_changes = PriceChanges(ids, ledger, drafts)
        late_usage = LateUsageReports(ledger, rating, charges)
        return cls(
            customer_accounts=CustomerAccounts(ids, rating),
            account_plans=AccountPlans(rating, ingest, price_changes),
            project_assignments=ProjectAssignments(ids, rating, unassigned),
            periods=BillingPeriods(ids, ingest, drafts),
            period_previews=PeriodPreviews(ingest, audit, drafts, unassigned, late_usage),
            documents=Documents(),
            costs=RunningCosts(ledger, rating, charges),
            late_usage=late_usage,
            unassigned_usage=unassigned,
            prices=PricePublisher(rating, ingest, price_changes),
            price_changes=price_changes,
            seller=Seller(),
        )
