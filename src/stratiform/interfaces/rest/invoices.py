"""`/api/v1/invoices`: what was issued, as JSON (always the same bytes) and as PDF."""

from typing import Any

from litestar import Response

from stratiform.interfaces.rest.description import JSON, OBJECT, OCTETS
from stratiform.interfaces.services import Request, get, reading, services_of
from stratiform.kit.clock import iso
from stratiform.kit.pagination import Page
from stratiform.services.billing.model import Invoice

Body = dict[str, Any]


@get("/invoices")
def list_invoices(
    request: Request, account: str | None = None, limit: str | None = None, marker: str | None = None
) -> Body:
    """The newest first: of the operator's choice, or those of the account that pays for the token's project."""
    with reading(request) as ctx:
        page = services_of(request).billing.invoices(ctx, Page.parse(limit, marker), account)
    following = page.items[-1].number if page.more and page.items else None
    return {"invoices": [invoice_view(invoice) for invoice in page.items], "next": following}


@get("/invoices/{number:str}", answers={JSON: OBJECT})
def show_invoice(request: Request, number: str) -> Response[bytes]:
    """The document as it was issued; its SHA-256 is the entity tag."""
    with reading(request) as ctx:
        invoice, document = services_of(request).billing.invoice(ctx, number)
    return Response(document, media_type="application/json", headers={"ETag": f'"{invoice.sha256}"'})


@get("/invoices/{number:str}/pdf", answers={"application/pdf": OCTETS})
def download_pdf(request: Request, number: str) -> Response[bytes]:
    """The same document on paper."""
    with reading(request) as ctx:
        pdf = services_of(request).billing.invoice_pdf(ctx, number)
    disposition = f'attachment; filename="invoice-{number}.pdf"'
    return Response(pdf, media_type="application/pdf", headers={"Content-Disposition": disposition})


handlers: list[Any] = [list_invoices, show_invoice, download_pdf]


def invoice_view(invoice: Invoice) -> Body:
    return {
        "number": invoice.number,
        "account": invoice.account,
        "start": iso(invoice.start),
        "end": iso(invoice.end),
        "issued_at": iso(invoice.issued_at),
        "currency": invoice.currency,
        "total": invoice.total,
        "sha256": invoice.sha256,
    }
