"""Issued documents."""

from dataclasses import dataclass

from stratiform.kit.context import RequestContext
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.policy import Rule
from stratiform.services.billing import policy
from stratiform.services.billing.document_json import decode_document
from stratiform.services.billing.errors import DocumentNotFound
from stratiform.services.billing.model import DocumentKind, DocumentSummary, StoredDocument
from stratiform.services.billing.renderer import render_pdf
from stratiform.services.billing.repository import documents as repository
from stratiform.services.billing.service.customer_accounts import load_customer_account


@dataclass(frozen=True, slots=True)
class Documents:
    """Operations on issued documents.

    Operators see all, other callers those of the customer accounts that paid for their project.
    """

    def list(
        self, ctx: RequestContext, page: Page, account: str | None = None, kind: DocumentKind = "invoice"
    ) -> Slice[DocumentSummary]:
        """Return a page of documents, newest first. `account` is ignored unless the caller is an operator.

        Raises: CustomerAccountNotFound
        """
        project_id = _visible_project(ctx, policy.INVOICES_LIST)
        account_id = None
        if account is not None and project_id is None:
            account_id = load_customer_account(ctx.db, account).id
        return repository.list_documents(ctx.db, page, kind=kind, account_id=account_id, project_id=project_id)

    def get(self, ctx: RequestContext, number: str) -> StoredDocument:
        """Raises: DocumentNotFound"""
        project_id = _visible_project(ctx, policy.INVOICES_GET)
        document = repository.find_document(ctx.db, number, project_id=project_id)
        if document is None:
            raise DocumentNotFound(number)
        return document

    def render_pdf(self, ctx: RequestContext, number: str) -> bytes:
        """Return a document as PDF. Raises: DocumentNotFound"""
        return render_pdf(decode_document(self.get(ctx, number).content))


def _visible_project(ctx: RequestContext, rule: Rule) -> str | None:
    """Return the project whose documents the caller may see; None: all documents."""
    if policy.INVOICES_LIST_ALL.allows(ctx.caller, None):
        return None
    project_id = ctx.caller.require_project_id()
    rule.require(ctx.caller, project_id)
    return project_id
