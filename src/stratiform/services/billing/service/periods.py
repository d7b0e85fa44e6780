"""Billing periods."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.billing import policy
from stratiform.services.billing.errors import DocumentNotFound
from stratiform.services.billing.model import BillingPeriod, ClosedPeriod, select_period
from stratiform.services.billing.repository import periods as repository
from stratiform.services.billing.repository.customer_accounts import update_billed_until
from stratiform.services.billing.repository.documents import find_document
from stratiform.services.billing.service.customer_accounts import load_customer_account, lock_customer_account
from stratiform.services.billing.service.invoice_drafts import InvoiceDrafts
from stratiform.services.billing.service.invoice_issuer import issue_invoice
from stratiform.services.ingest.service import IngestService


@dataclass(frozen=True, slots=True)
class BillingPeriods:
    """Operations on the periods of customer accounts."""

    ids: Ids
    ingest: IngestService
    drafts: InvoiceDrafts

    def close(
        self, ctx: RequestContext, account: str, month: str | None = None, until: Micros | None = None
    ) -> ClosedPeriod:
        """Close a month (such as `2026-11`), or the open period at `until`, and issue the invoice.

        Closing the same period again returns the same invoice. Raises: CustomerAccountNotFound, Invalid, Conflict if
        the period is not over or an earlier one is open, UnpricedUsageConflict, SellerNotSet
        """
        policy.PERIODS_CLOSE.require(ctx.caller, None)
        customer = lock_customer_account(ctx.db, account)
        closed = repository.list_periods(ctx.db, customer.id)
        selection = select_period(customer, closed, month, until, ctx.now)
        if selection.closed is not None:
            return _load_closed(ctx, selection.closed)
        update_billed_until(ctx.db, customer.id, selection.end)
        self.ingest.ingest_whole_outbox(ctx.db, ctx.now)
        draft = self.drafts.create(ctx.db, customer, selection.start, selection.end)
        invoice = issue_invoice(ctx, draft)
        period = BillingPeriod(
            id=self.ids.uuid(),
            account_id=customer.id,
            sequence=len(closed) + 1,
            start=selection.start,
            end=selection.end,
            as_of=draft.as_of,
            closed_at=ctx.now,
            plan=customer.plan,
            document_number=None if invoice is None else invoice.number,
        )
        repository.insert_period(ctx.db, period)
        return ClosedPeriod(period, invoice)

    def list(self, ctx: RequestContext, account: str) -> Sequence[BillingPeriod]:
        """Return the closed periods of a customer account, oldest first. Raises: CustomerAccountNotFound"""
        policy.PERIODS_LIST.require(ctx.caller, None)
        return repository.list_periods(ctx.db, load_customer_account(ctx.db, account).id)


def _load_closed(ctx: RequestContext, period: BillingPeriod) -> ClosedPeriod:
    if period.document_number is None:
        return ClosedPeriod(period, None)
    document = find_document(ctx.db, period.document_number, project_id=None)
    if document is None:
        raise DocumentNotFound(period.document_number)
    return ClosedPeriod(period, document.summary)
