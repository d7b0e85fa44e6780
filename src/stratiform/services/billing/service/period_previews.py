"""Previews of periods."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros, format_iso
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Fault
from stratiform.services.audit.service import AuditService
from stratiform.services.billing import policy
from stratiform.services.billing.model import (
    BillingPeriod,
    CustomerAccount,
    InvoiceDraft,
    PeriodPreview,
    UnauditedUsage,
    find_plan_start,
    select_period,
)
from stratiform.services.billing.repository.documents import list_last_tax_totals
from stratiform.services.billing.repository.periods import list_periods
from stratiform.services.billing.service.customer_accounts import load_customer_account
from stratiform.services.billing.service.invoice_drafts import InvoiceDrafts
from stratiform.services.billing.service.invoice_issuer import list_problems
from stratiform.services.billing.service.late_usage import LateUsageReports
from stratiform.services.billing.service.unassigned_usage import UnassignedUsages
from stratiform.services.ingest.service import IngestService


@dataclass(frozen=True, slots=True)
class PeriodPreviews:
    """Shows what closing a period would bill, by the code that closes it, and what it would leave out."""

    ingest: IngestService
    audit: AuditService
    drafts: InvoiceDrafts
    unassigned: UnassignedUsages
    late_usage: LateUsageReports

    def create(
        self, ctx: RequestContext, account: str, month: str | None = None, until: Micros | None = None
    ) -> PeriodPreview:
        """Return the preview of a month, or of the open period at `until`. A month that is not over ends now.

        Raises: CustomerAccountNotFound, Invalid, Conflict if an earlier period is open
        """
        policy.PERIODS_PREVIEW.require(ctx.caller, None)
        customer = load_customer_account(ctx.db, account)
        closed = list_periods(ctx.db, customer.id)
        selection = select_period(customer, closed, month, until, ctx.now, is_preview=True)
        self.ingest.ingest_whole_outbox(ctx.db, ctx.now)
        end = min(selection.end, max(selection.start, ctx.now))
        if selection.closed is not None:
            plan_from = find_plan_start(customer, closed, selection.start)
            customer = replace(customer, plan=selection.closed.plan, plan_from=plan_from)
        if selection.closed is None:
            draft = self.drafts.create(ctx.db, customer, selection.start, end)
        else:
            draft = self._load_closed(ctx.db, customer, selection.closed)
        problems: list[Fault] = []
        if selection.closed is None:
            problems += list_problems(ctx.db, draft)
        if selection.end > ctx.now:
            problems.append(Conflict(f"The period does not end until {format_iso(selection.end)}"))
        return PeriodPreview(
            draft=draft,
            is_closed=selection.closed is not None,
            document_number=None if selection.closed is None else selection.closed.document_number,
            problems=problems,
            unassigned=self.unassigned.find(ctx.db, selection.start, end, draft.plan.priced_types),
            unaudited=self._list_unaudited(ctx.db, draft),
            late_usage=self.late_usage.list_by_account(ctx, account),
        )

    def _load_closed(self, db: Connection, customer: CustomerAccount, period: BillingPeriod) -> InvoiceDraft:
        """Return what a closed period contains, with the totals of its invoice: a tax rate may have changed since."""
        draft = self.drafts.create(db, customer, period.start, period.end, period.as_of)
        totals = list_last_tax_totals(db, customer.id, period.start, period.end)
        return replace(draft, tax_totals=tuple(totals.values()))

    def _list_unaudited(self, db: Connection, draft: InvoiceDraft) -> Sequence[UnauditedUsage]:
        """Return the clouds of which not all usage of the draft was compared with a source, or compared equal."""
        audits = self.audit.audits.list_by_cloud(db, draft.start, draft.end)
        unaudited = []
        for cloud, resources in draft.resources_by_cloud.items():
            audit = audits.get(cloud)
            if audit is None:
                unaudited.append(UnauditedUsage(cloud, resources, None, 0, 0))
            elif audit.audited_until < draft.end or audit.findings or audit.without_source:
                unaudited.append(
                    UnauditedUsage(cloud, resources, audit.audited_until, audit.findings, audit.without_source)
                )
        return unaudited
