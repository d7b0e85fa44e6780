"""Documents: numbers, access, and the invariants that the database holds."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from stratiform.kit.errors import Conflict
from stratiform.kit.pagination import Page
from stratiform.services.billing.document_json import decode_document
from stratiform.services.billing.errors import DocumentNotFound, UnpricedUsageConflict
from stratiform.services.billing.model import Document, DocumentNumber, Party
from stratiform.services.billing.repository.documents import insert_document, list_documents
from support.billing import BillingHarness
from support.money import disk, machine
from support.stacks import customer


def test_a_number_of_a_failed_closing_is_used_again(any_billing: BillingHarness) -> None:
    any_billing.at("2027-01-05").create_account("zeta")
    any_billing.assign("zeta", "p2", "2026-11-01")
    any_billing.ingest(machine("m1", "p2", "2026-11-10", root_gb=20))
    any_billing.ingest(disk("v1", "p1", "2026-11-10", volume_type_name="slow"))
    numbers = [any_billing.close("zeta", "2026-11").number]
    with pytest.raises(UnpricedUsageConflict):
        any_billing.close("acme", "2026-11")
    numbers += [any_billing.close("zeta", "2026-12").number]
    assert numbers == ["2027-000001", "2027-000002"]


def test_numbers_have_no_gaps_when_many_periods_are_closed_at_once(any_billing: BillingHarness) -> None:
    names = [f"a{i}" for i in range(6)]
    for name in names:
        any_billing.create_account(name)
        any_billing.assign(name, f"project of {name}")
        any_billing.ingest(machine(f"m-{name}", f"project of {name}", "2026-11-10"))
    any_billing.ingest(disk("v1", "project of a3", "2026-11-10", volume_type_name="slow"))
    any_billing.at("2026-12-01")

    def close(name: str) -> str:
        try:
            return any_billing.close(name, "2026-11").number
        except UnpricedUsageConflict:
            return ""

    with ThreadPoolExecutor(6) as pool:
        numbers = list(pool.map(close, names))
    assert sorted(numbers) == ["", *(f"2026-00000{i}" for i in range(1, 6))]
    assert numbers[3] == ""


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document,
        lambda document: replace(document, number=DocumentNumber("2026", 3)),
        lambda document: replace(document, number=DocumentNumber("CN2026", 2)),
        lambda document: replace(document, number=DocumentNumber("CN2026", 0)),
        lambda document: replace(document, number=DocumentNumber("2026", 2), end=document.start),
        lambda document: replace(document, number=DocumentNumber("2026", 2), kind="receipt"),
        lambda document: replace(document, number=DocumentNumber("2026", 2), references=("2026-000009",)),
        lambda document: replace(document, number=DocumentNumber("2026", 2), references=("2026-000002",)),
    ],
    ids=["same number", "gap", "series starts at 2", "zero", "empty period", "kind", "unknown reference", "itself"],
)
def test_the_database_refuses_inconsistent_documents(
    any_billing: BillingHarness, change: Callable[[Document], Document]
) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    number = any_billing.at("2026-12-01").close("acme", "2026-11").number
    document = change(decode_document(any_billing.get(number).content))
    with pytest.raises(Conflict):
        any_billing.run(lambda _, ctx: insert_document(ctx.db, document))


def test_a_credit_note_has_its_own_series_and_refers_to_an_invoice(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    number = any_billing.at("2026-12-01").close("acme", "2026-11").number
    invoice = decode_document(any_billing.get(number).content)
    credit_note = replace(
        invoice, kind="credit_note", number=DocumentNumber("CN2026", 1), references=(str(invoice.number),)
    )
    any_billing.run(lambda _, ctx: insert_document(ctx.db, credit_note))
    stored = any_billing.get("CN2026-000001")
    assert decode_document(stored.content) == credit_note
    assert any_billing.render_pdf("CN2026-000001").startswith(b"%PDF-")
    invoices = any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page()))
    assert [summary.number for summary in invoices.items] == [number]
    credit_notes = any_billing.run(
        lambda _, ctx: list_documents(ctx.db, Page(), kind="credit_note", account_id=None, project_id=None)
    )
    assert credit_notes.items == [stored.summary]


def test_members_see_the_invoices_of_the_account_that_pays_for_their_project(any_billing: BillingHarness) -> None:
    any_billing.ingest(machine("m1", "p1", "2026-11-10"))
    invoice = any_billing.at("2026-12-01").close("acme", "2026-11")
    ours, others = customer("p1", "reader"), customer("p2", "member")
    assert any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page()), ours).items == [invoice]
    assert any_billing.get(invoice.number, ours).summary == invoice
    assert any_billing.run(lambda billing, ctx: billing.documents.list(ctx, Page()), others).items == []
    for operation in (any_billing.get, any_billing.render_pdf):
        with pytest.raises(DocumentNotFound):
            operation(invoice.number, others)


def test_operators_filter_by_account(billing: BillingHarness) -> None:
    billing.create_account("zeta")
    billing.assign("zeta", "p2")
    billing.ingest(machine("m1", "p1", "2026-11-10"), machine("m2", "p2", "2026-11-10"))
    billing.at("2026-12-01")
    numbers = {name: billing.close(name, "2026-11").number for name in ("acme", "zeta")}
    for name, number in numbers.items():
        page = billing.run(lambda billing, ctx, name=name: billing.documents.list(ctx, Page(), name))  # type: ignore[misc]
        assert [summary.number for summary in page.items] == [number]


def test_a_missing_document_is_not_found(billing: BillingHarness) -> None:
    with pytest.raises(DocumentNotFound, match="Document '2026-000009' not found"):
        billing.get("2026-000009")


def test_the_pdf_of_an_invoice_is_always_the_same(billing: BillingHarness) -> None:
    billing.run(lambda billing, ctx: billing.seller.update(ctx, Party("Cloud Seller AG", ("Street 1",), "CH", "CHE-1")))
    billing.ingest(machine("m1", "p1", "2026-11-10"))
    number = billing.at("2026-12-01").close("acme", "2026-11").number
    pdf = billing.render_pdf(number)
    assert pdf.startswith(b"%PDF-")
    billing.run(lambda billing, ctx: billing.seller.update(ctx, Party("Another Seller")))
    assert billing.at("2027-06-01").render_pdf(number) == pdf


def test_the_pdf_of_a_large_invoice_sums_its_lines(billing: BillingHarness) -> None:
    billing.ingest(*(disk(f"v{i:04}", "p1", "2026-11-10") for i in range(2100)))
    number = billing.at("2026-12-01").close("acme", "2026-11").number
    assert len(billing.load_json(number)["lines"]) == 2100
    assert len(billing.render_pdf(number)) < 100_000
