"""Issue of invoices for closed periods."""

from collections.abc import Sequence

from stratiform.kit.clock import to_datetime
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict
from stratiform.services.billing.errors import SellerNotSet, UnpricedUsageConflict
from stratiform.services.billing.model import DocumentSummary, InvoiceDraft
from stratiform.services.billing.repository.customer_accounts import get_seller
from stratiform.services.billing.repository.documents import allocate_document_number, insert_document
from stratiform.services.billing.service.invoice_drafts import build_invoice


def list_problems(db: Connection, draft: InvoiceDraft) -> Sequence[Conflict]:
    """Return the reasons for which a draft cannot be issued."""
    problems: list[Conflict] = []
    if draft.charge.unpriced:
        problems.append(UnpricedUsageConflict(draft.plan, draft.charge, draft.names))
    if not get_seller(db).legal_name:
        problems.append(SellerNotSet())
    return problems


def issue_invoice(ctx: RequestContext, draft: InvoiceDraft) -> DocumentSummary | None:
    """Number and store the invoice of a draft; None if nothing is charged.

    Raises: UnpricedUsageConflict, SellerNotSet
    """
    for problem in list_problems(ctx.db, draft):
        raise problem
    if not draft.lines:
        return None
    number = allocate_document_number(ctx.db, str(to_datetime(ctx.now).year))
    return insert_document(ctx.db, build_invoice(draft, number, ctx.now, get_seller(ctx.db))).summary
