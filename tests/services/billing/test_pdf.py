"""Whatever customers call themselves and their machines: their invoice comes, and stays on its page."""

import json
import re
import shutil
import subprocess
from typing import Any

import pytest

from stratiform.services.billing import pdf
from support.databases import require


def document(name: str, lines: int = 1, **line_changes: str) -> bytes:
    """An invoice on which `name` is every name."""
    party = {"name": name[:200], "address": [name[:200]], "country": "DE", "tax_id": ""}
    line = {
        "project_id": "0d6f0f2e9c494f298d3b6dd1a2c3d4e5",
        "project_name": name,
        "cloud": "dc-1",
        "resource_type": "instance",
        "resource_name": name,
        "description": name,
        "start": "2026-11-10T00:00:00.000000Z",
        "end": "2026-12-01T00:00:00.000000Z",
        "quantity": "1234.5",
        "unit": "vCPU-hour",
        "unit_price": "0.0123456789",
        "amount": "15.24074110205",
        "price_version": "2026-01-01T00:00:00.000000Z",
        **line_changes,
    }
    ids = (f"0d6f0f2e-9c49-4f29-8d3b-{number:012}" for number in range(lines))
    invoice: dict[str, Any] = {
        "number": "2026-000001",
        "issued_at": "2026-12-01T00:00:00.000000Z",
        "period": {"start": "2026-11-01T00:00:00.000000Z", "end": "2026-12-01T00:00:00.000000Z"},
        "ledger": {"as_of": 7},
        "currency": "EUR",
        "account": {"id": "a1", "name": name},
        "seller": party,
        "customer": party,
        "plan": {"name": "standard"},
        "lines": [{**line, "resource_id": each} for each in ids],
        "taxes": [{"rate": "19"}],
        "exact": "15.24074110205",
        "net": "15.24",
        "tax": "2.90",
        "total": "18.14",
    }
    return json.dumps(invoice).encode()


@pytest.mark.parametrize(
    "name",
    ["株式会社", "สวัสดี", "web 🚀 👩‍💻", "\u0378", "\ue000", "株" * 255],
    ids=["japanese", "thai", "emoji", "unassigned", "private", "long"],
)
def test_letters_that_the_fonts_lack_dont_stop_an_invoice(name: str) -> None:
    assert pdf.render(document(name)).startswith(b"%PDF-")


@pytest.mark.parametrize(
    "name",
    ["Großhändler Łódź", "ЗАО Ромашка", "Αθήνα", "שלום עולם 12", "a\x00b\x1bc\nd\u2028e\u202ef\ufeffg", ""],
    ids=["latin", "cyrillic", "greek", "hebrew", "control", "none"],
)
def test_what_the_own_fonts_have_can_be_archived_and_is_always_the_same(name: str) -> None:
    made = pdf.render(document(name))
    assert b"pdfaid:part" in made
    assert pdf.render(document(name)) == made


@pytest.mark.parametrize("name", ["W" * 255, "." * 255, "1-" * 127, "株" * 255, "\u2028" * 255, "ordinary"])
def test_nothing_runs_off_the_page(name: str) -> None:
    boxes = _read(pdf.render(document(name, lines=3)), "-bbox")
    width, height = 595, 841  # A4 in points
    edges = re.findall(r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">', boxes)
    assert edges
    for left, top, right, bottom in ((float(edge) for edge in word) for word in edges):
        assert 0 < left < right < width
        assert 0 < top < bottom < height


def test_ids_can_be_copied_from_it() -> None:
    text = _read(pdf.render(document("", lines=2)), "-layout")
    assert "0d6f0f2e-9c49-4f29-8d3b-000000000001" in text
    assert "0d6f0f2e9c494f298d3b6dd1a2c3d4e5" in text


def _read(made: bytes, form: str) -> str:
    require("poppler's pdftotext", shutil.which("pdftotext") is not None)
    return subprocess.run(["pdftotext", form, "-", "-"], input=made, capture_output=True, check=True).stdout.decode()
