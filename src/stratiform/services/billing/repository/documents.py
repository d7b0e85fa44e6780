"""Documents of every kind, and their numbers."""

import hashlib
from collections.abc import Mapping

from sqlalchemy import ColumnElement, insert, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway, upsert
from stratiform.kit.pagination import Page, Slice
from stratiform.services.billing.document_json import decode_tax_totals, encode_document
from stratiform.services.billing.model import (
    Document,
    DocumentKind,
    DocumentNumber,
    DocumentSummary,
    StoredDocument,
    TaxTotal,
)
from stratiform.services.billing.repository.project_assignments import document_covers_project_condition
from stratiform.services.billing.tables import (
    document_references_table,
    document_taxes_table,
    documents_table,
    numbers_table,
    periods_table,
)
from stratiform.services.rating.model import TaxCategory

_summaries = TableGateway(documents_table, DocumentSummary, key="number")


def allocate_document_number(db: Connection, series: str) -> DocumentNumber:
    """Return the next number of a series. If the transaction is rolled back, the number is allocated again."""
    last = numbers_table.c.last
    upsert(db, numbers_table, {"series": series, "last": 1}, key=("series",), on_conflict={"last": last + 1})
    return DocumentNumber(series, int(db.execute(select(last).where(numbers_table.c.series == series)).scalar_one()))


def insert_document(db: Connection, document: Document) -> StoredDocument:
    """Store a document with its JSON form."""
    content = encode_document(document)
    summary = _summarize(document, hashlib.sha256(content).hexdigest())
    previous_sequence = summary.sequence - 1 or None
    values = {**_summaries.to_columns(summary), "previous_sequence": previous_sequence, "content": content}
    db.execute(insert(documents_table).values(values))
    taxes = [
        {
            "number": summary.number,
            "code": total.category.code,
            "rate": total.category.rate,
            "taxable_minor": total.taxable_minor,
            "tax_minor": total.tax_minor,
        }
        for total in document.tax_totals
    ]
    db.execute(insert(document_taxes_table), taxes)
    references = [{"number": summary.number, "referenced_number": number} for number in document.references]
    if references:
        db.execute(insert(document_references_table), references)
    return StoredDocument(summary, content)


def list_documents(
    db: Connection, page: Page, *, kind: DocumentKind, account_id: str | None, project_id: str | None
) -> Slice[DocumentSummary]:
    """Return documents, newest first; with `project_id`, those of the accounts that paid for the project."""
    conditions = [documents_table.c.kind == kind]
    if account_id is not None:
        conditions.append(documents_table.c.account_id == account_id)
    if project_id is not None:
        conditions.append(document_covers_project_condition(project_id))
    return _summaries.list_page(db, page, *conditions, newest_by="issued_at")


def find_document(db: Connection, number: str, *, project_id: str | None) -> StoredDocument | None:
    """Return a document; with `project_id`, only one that `list_documents` returns for the project."""
    conditions: list[ColumnElement[bool]] = [documents_table.c.number == number]
    if project_id is not None:
        conditions.append(document_covers_project_condition(project_id))
    summary = _summaries.find_first(db, *conditions)
    if summary is None:
        return None
    content = select(documents_table.c.content).where(documents_table.c.number == number)
    return StoredDocument(summary, bytes(db.execute(content).scalar_one()))


def list_last_tax_totals(db: Connection, account_id: str, start: Micros, end: Micros) -> Mapping[TaxCategory, TaxTotal]:
    """Return the last total of each tax category in the documents of periods that a customer account closed in
    `[start, end)`."""
    d, p = documents_table.c, periods_table.c
    of_periods = documents_table.join(periods_table, d.number == p.document_number)
    conditions = (p.account_id == account_id, p.start >= start, p.end <= end)
    query = select(d.content).select_from(of_periods).where(*conditions).order_by(p.sequence)
    return {total.category: total for content in db.execute(query).scalars() for total in decode_tax_totals(content)}


def _summarize(document: Document, sha256: str) -> DocumentSummary:
    return DocumentSummary(
        number=str(document.number),
        kind=document.kind,
        series=document.number.series,
        sequence=document.number.sequence,
        account_id=document.account_id,
        account_name=document.account_name,
        start=document.start,
        end=document.end,
        issued_at=document.issued_at,
        as_of=document.as_of,
        currency=document.currency,
        minor_digits=document.minor_digits,
        net_minor=document.net_minor,
        tax_minor=document.tax_minor,
        total_minor=document.total_minor,
        sha256=sha256,
    )
