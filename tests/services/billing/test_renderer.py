"""Documents as JSON and as PDF."""

import hashlib
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stratiform.kit.clock import parse_iso
from stratiform.services.billing.document_json import decode_document, encode_document
from stratiform.services.billing.model import (
    Document,
    DocumentKind,
    DocumentLine,
    DocumentNumber,
    Party,
    PlanReference,
    TaxTotal,
)
from stratiform.services.billing.renderer import render_pdf
from stratiform.services.billing.renderer.layout import PrintedTax, build_layout
from stratiform.services.rating.model import TaxCategory
from support.databases import require

#: An invoice that was issued before documents had a kind, references and tax categories.
FIRST_RELEASE = Path(__file__).parent / "data" / "invoice-of-first-release.json"
FIRST_RELEASE_PDF_SHA256 = "4a6495fceebb484099dc81911687fb784be0f08c3f243111bf3b2cbf23c6c4ac"

CATEGORY = TaxCategory("S", "19")
PROJECT_ID = "0d6f0f2e9c494f298d3b6dd1a2c3d4e5"


def build_document(name: str = "Acme", lines: int = 1, kind: DocumentKind = "invoice", country: str = "DE") -> Document:
    """Return a document in which every name is `name`."""
    party = Party(name[:200], (name[:200],), country, "")
    template = DocumentLine(
        project_id=PROJECT_ID,
        project_name=name,
        cloud="dc-1",
        resource_type="instance",
        resource_id="",
        resource_name=name,
        measure="vcpu",
        description=name,
        start=parse_iso("2026-11-10"),
        end=parse_iso("2026-12-01"),
        quantity=12_345_000_000_000,
        unit="vCPU-hour",
        unit_price=123_456_789,
        amount=1_524_074_110_205_000_000_000,
        price_version=parse_iso("2026-01-01"),
        net_minor=1524,
        tax_category=CATEGORY,
    )
    ids = (f"0d6f0f2e-9c49-4f29-8d3b-{number:012}" for number in range(lines))
    return Document(
        kind=kind,
        number=DocumentNumber("2026", 1),
        account_id="a1",
        account_name=name,
        issued_at=parse_iso("2026-12-01"),
        start=parse_iso("2026-11-01"),
        end=parse_iso("2026-12-01"),
        as_of=7,
        currency="EUR",
        minor_digits=2,
        seller=party,
        customer=party,
        plan=PlanReference("standard", "refuse", ()),
        lines=tuple(replace(template, resource_id=resource_id) for resource_id in ids),
        tax_totals=(TaxTotal(CATEGORY, 1_524_074_110_205_000_000_000, 1524, 290),),
    )


def test_the_pdf_of_an_invoice_of_the_first_release_has_not_changed() -> None:
    """If a new version of typst changes the bytes, compare the pages and update the digest."""
    invoice = decode_document(FIRST_RELEASE.read_bytes())
    assert (invoice.kind, invoice.references, invoice.number) == ("invoice", (), DocumentNumber("2026", 1))
    assert {line.tax_category for line in invoice.lines} == {TaxCategory("S", "20")}
    assert hashlib.sha256(render_pdf(invoice)).hexdigest() == FIRST_RELEASE_PDF_SHA256


def build_continued_document(tax_before: int | None) -> Document:
    total = TaxTotal(CATEGORY, 10**20, 100, 19, 5 * 10**20, 500, tax_before)
    return replace(build_document(), tax_totals=(total,))


def test_invoices_that_were_issued_before_taxes_continued_have_the_same_form() -> None:
    earlier, later = (msgspec.json.decode(encode_document(build_continued_document(tax))) for tax in (None, 95))
    assert [document["taxes"][0].get("tax_before") for document in (earlier, later)] == [None, "0.95"]
    assert earlier["rounding"].endswith("; the net of a line is its share of net by largest remainder")
    assert later["rounding"].startswith(f"{earlier['rounding']}; the tax on net_before + net is rounded once")


def test_a_tax_that_continues_is_explained() -> None:
    assert not build_layout(build_continued_document(tax_before=None)).tax_continues
    pdf = render_pdf(build_continued_document(tax_before=95))
    assert "Tax is that on the net of the month" in read_pdf(pdf, "-layout")


def test_an_invoice_without_lines_has_a_note_instead() -> None:
    """Such invoices were issued before periods without a charge were closed without an invoice."""
    pdf = render_pdf(replace(build_document(), lines=()))
    assert "No usage in this period." in read_pdf(pdf, "-layout")


def test_the_json_form_can_be_decoded() -> None:
    for document in (
        decode_document(FIRST_RELEASE.read_bytes()),
        build_document(lines=3),
        replace(build_document(kind="debit_note"), references=("2026-000007",), currency="JPY", minor_digits=0),
        replace(build_document(), lines=()),
        build_continued_document(tax_before=None),
        build_continued_document(tax_before=95),
    ):
        assert decode_document(encode_document(document)) == document


@pytest.mark.parametrize(
    "name",
    [
        "Großhändler Łódź",
        "ЗАО Ромашка",
        "Αθήνα",
        "ქართული Հայերեն",
        "שלום עולם 12 شركة",
        "株式会社 東京",
        "北京有限公司 臺灣",
        "주식회사",
        "บริษัท สวัสดี",
        "မြန်မာ ខ្មែរ ລາວ",
        "हिन्दी বাংলা தமிழ் తెలుగు",
        "ગુજરાતી ਪੰਜਾਬੀ ಕನ್ನಡ മലയാളം ଓଡ଼ିଆ සිංහල བོད",
        "አማርኛ",
        "web 🚀 👩\u200d💻",
    ],
)
def test_names_in_all_scripts_are_printed_with_glyphs(name: str, caplog: pytest.LogCaptureFixture) -> None:
    pdf = render_pdf(build_document(name))
    assert b"pdfaid:part" in pdf
    assert render_pdf(build_document(name)) == pdf
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("name", "characters"),
    [
        ("\U00013000 hotel", "U+13000"),
        ("a\u0378b", "U+0378"),
        ("\ue000", "U+E000"),
        ("1\ufe0f\u20e3", "U+20E3, U+FE0F"),
        ("a\x00b\x1bc\nd\u2028e\ufeffg", "U+0000, U+000A, U+001B, U+2028, U+FEFF"),
    ],
    ids=["hieroglyph", "unassigned", "private", "keycap", "invisible"],
)
def test_characters_without_a_glyph_are_replaced_and_logged(
    name: str, characters: str, caplog: pytest.LogCaptureFixture
) -> None:
    pdf = render_pdf(build_document(name))
    assert b"pdfaid:part" in pdf
    assert caplog.messages == [
        f"characters without a glyph replaced with U+FFFD document=2026-000001 characters={characters}"
    ]


def test_the_fonts_of_the_machine_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pdf = render_pdf(build_document("株式会社 🚀"))
    script = "import sys; from test_renderer import *; sys.stdout.buffer.write(render_pdf(build_document(sys.argv[1])))"
    environment = {"PATH": "", "HOME": str(tmp_path), "PYTHONPATH": ":".join((str(Path(__file__).parent), *sys.path))}
    command = [sys.executable, "-c", script, "株式会社 🚀"]
    assert subprocess.run(command, env=environment, capture_output=True, check=True).stdout == pdf


@given(st.text(max_size=40))
def test_every_text_gives_a_pdf(name: str) -> None:
    assert b"pdfaid:part" in render_pdf(build_document(name))


def test_chinese_characters_have_the_form_of_the_customer_country() -> None:
    fonts = {country: build_layout(build_document(country=country)).fonts[1] for country in ("CN", "TW", "KR", "DE")}
    assert fonts == {
        "CN": "Noto Sans CJK SC",
        "TW": "Noto Sans CJK TC",
        "KR": "Noto Sans CJK KR",
        "DE": "Noto Sans CJK JP",
    }


@pytest.mark.parametrize("name", ["W" * 255, "." * 255, "1-" * 127, "株" * 255, "\u2028" * 255, "ordinary"])
def test_every_text_is_inside_the_page(name: str) -> None:
    boxes = read_pdf(render_pdf(build_document(name, lines=3)), "-bbox")
    width, height = 595, 841  # A4 in points
    edges = re.findall(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">', boxes)
    assert edges
    for left, top, right, bottom in ((float(edge) for edge in box) for box in edges):
        assert 0 < left < right < width
        assert 0 < top < bottom < height


def test_ids_can_be_copied_from_a_pdf() -> None:
    text = read_pdf(render_pdf(build_document("", lines=2)), "-layout")
    assert "0d6f0f2e-9c49-4f29-8d3b-000000000001" in text
    assert PROJECT_ID in text


@pytest.mark.parametrize(
    ("kind", "title"), [("invoice", "Invoice"), ("credit_note", "Credit note"), ("debit_note", "Debit note")]
)
def test_every_kind_of_document_has_its_title_and_is_pdf_a(kind: DocumentKind, title: str) -> None:
    pdf = render_pdf(replace(build_document(kind=kind), references=("2025-000042",)))
    assert f"{title} 2026-000001".encode() in pdf
    assert b"pdfaid:part" in pdf


def build_document_with_two_taxes() -> Document:
    document, reduced = build_document(), TaxTotal(TaxCategory("S", "7"), 10**20, 100, 7)
    return replace(document, tax_totals=(*document.tax_totals, reduced), references=("2025-000042",))


def test_the_layout_has_references_and_the_totals_of_each_tax_category() -> None:
    layout = build_layout(build_document_with_two_taxes())
    assert layout.references == ("2025-000042",)
    assert layout.taxes == [PrintedTax("19", "15.24", "2.90"), PrintedTax("7", "1.00", "0.07")]
    assert (layout.net, layout.total) == ("16.24", "19.21")


def test_references_and_the_totals_of_each_tax_category_are_printed() -> None:
    text = read_pdf(render_pdf(build_document_with_two_taxes()), "-layout")
    assert "2025-000042" in text
    assert re.search(r"Tax 19% on 15\.24\s+2\.90 EUR", text)
    assert re.search(r"Tax 7% on 1\.00\s+0\.07 EUR", text)


def read_pdf(pdf: bytes, option: str) -> str:
    require("poppler's pdftotext", shutil.which("pdftotext") is not None)
    return subprocess.run(["pdftotext", option, "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
