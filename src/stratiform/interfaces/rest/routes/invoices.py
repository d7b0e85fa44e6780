"""`/invoices`: issued invoices, as JSON (always the same bytes) and as PDF."""

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.media_types import BINARY, JSON, OBJECT, PDF
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.schemas import invoices as schemas
from stratiform.interfaces.rest.views import billing as views
from stratiform.kit.errors import NotFound
from stratiform.services.billing import policy


@api.get("/invoices", policy.INVOICES_LIST, errors=(NotFound,))
def list_invoices(request: ApiRequest, query: schemas.InvoiceListQuery) -> schemas.InvoicePage:
    """List invoices, newest first.

    Operators get those of all accounts, other callers those of the accounts that paid for their project.
    """
    page = request.services.billing.documents.list(request.ctx, query.page(), query.account)
    next_marker = page.next_marker(lambda invoice: invoice.number)
    return schemas.InvoicePage([views.invoice(invoice) for invoice in page.items], next_marker)


@api.get("/invoices/{number}", policy.INVOICES_GET, produces={JSON: OBJECT})
def show_invoice(request: ApiRequest, number: schemas.InvoiceNumber) -> ApiResponse[bytes]:
    """Show the JSON document of an invoice, as it was issued. The entity tag is its SHA-256 digest."""
    document = request.services.billing.documents.get(request.ctx, number)
    return ApiResponse(document.content, headers={"ETag": f'"{document.summary.sha256}"'})


@api.get("/invoices/{number}/pdf", policy.INVOICES_GET, produces={PDF: BINARY})
def download_pdf(request: ApiRequest, number: schemas.InvoiceNumber) -> ApiResponse[bytes]:
    """Download an invoice as PDF."""
    pdf = request.services.billing.documents.render_pdf(request.ctx, number)
    disposition = f'attachment; filename="invoice-{number}.pdf"'
    return ApiResponse(pdf, headers={"Content-Disposition": disposition}, media_type=PDF)
