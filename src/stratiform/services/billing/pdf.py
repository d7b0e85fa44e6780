"""The invoice as PDF, by typst.

Every document gives a PDF; the JSON document stays the authority. Where typst's own fonts have all letters of it, which
is so for Latin, Greek and Cyrillic, the PDF is PDF/A-3b and always the same bytes. Where they lack some, the machine's
fonts help out and the bytes depend on those; what no font has is shown as a box, and the PDF isn't PDF/A then, which
forbids that.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from typing import Any, Literal

import msgspec

from stratiform.kit.clock import SECOND_US, iso_seconds, parse_iso
from stratiform.kit.money import PRECISION

_TEMPLATE = Path(__file__).with_name("invoice.typ")

#: Unicode's categories of what would vanish on paper, break lines or turn the text behind it around.
_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})

#: What Persian, Hindi and emoji put between letters to shape them.
_JOINERS = "\u200c\u200d"

#: Above so many lines nobody reads them on paper; they are summed by project and price there.
_MOST_LINES = 2000

#: How many digits behind the point paper shows of quantities and amounts, where they sum to less than one and
#: where to more; the JSON document has all.
_SHOWN_OF_LITTLE, _SHOWN = 8, 4


def render(document: bytes) -> bytes:
    """The PDF of an invoice's JSON document."""
    import typst  # it takes 30 MiB, which only those pay who download an invoice

    invoice = msgspec.json.decode(document)
    paper = msgspec.json.encode(_visible(_printed(invoice))).decode()

    def compiled(*, own_fonts_only: bool, standard: Literal["a-3b"] | None) -> bytes:
        return typst.compile(
            _TEMPLATE,
            root=_TEMPLATE.parent,
            ignore_system_fonts=own_fonts_only,
            format="pdf",
            sys_inputs={"invoice": paper},
            pdf_standards=standard,
            timestamp=parse_iso(invoice["issued_at"]) // SECOND_US,
        )

    for own_fonts_only in (True, False):
        with suppress(typst.TypstError):
            return compiled(own_fonts_only=own_fonts_only, standard="a-3b")
    return compiled(own_fonts_only=False, standard=None)


def _visible(value: Any) -> Any:
    """`value` with U+FFFD for each character in its texts that has no look of its own: controls, line separators."""
    match value:
        case str():
            return "".join("\ufffd" if _unseen(each) else each for each in value)
        case list():
            return [_visible(each) for each in value]
        case dict():
            return {key: _visible(each) for key, each in value.items()}
    return value


def _unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN and character not in _JOINERS


def _printed(invoice: dict[str, Any]) -> dict[str, Any]:
    """The texts on paper."""
    lines = invoice["lines"]
    detailed = len(lines) <= _MOST_LINES
    digits = _SHOWN_OF_LITTLE if Decimal(invoice["exact"]) < 1 else _SHOWN
    return {
        **{key: invoice[key] for key in ("number", "currency", "seller", "customer", "net", "tax", "total")},
        "account": invoice["account"]["name"],
        "issued": invoice["issued_at"][:10],
        "start": _time(invoice["period"]["start"]),
        "end": _time(invoice["period"]["end"]),
        "exact": invoice["exact"],
        "rate": invoice["taxes"][0]["rate"],
        "plan": invoice["plan"]["name"],
        "as_of": str(invoice["ledger"]["as_of"]),
        "detailed": detailed,
        "digits": {_SHOWN: "four", _SHOWN_OF_LITTLE: "eight"}[digits],
        "groups": _by_resource(lines, digits) if detailed else _by_project(lines, digits),
    }


def _by_resource(lines: list[dict[str, Any]], digits: int) -> list[dict[str, Any]]:
    groups: defaultdict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        key = ("project_name", "project_id", "resource_name", "resource_id", "resource_type", "cloud")
        groups[tuple(line[name] for name in key)].append(line)
    return [
        {
            "title": name or resource_id,
            "about": " · ".join(
                (kind, f"project {project or project_id}", f"cloud {cloud}", *([resource_id] if name else []))
            ),
            "rows": [_row(line, [line], digits) for line in own],
        }
        for (project, project_id, name, resource_id, kind, cloud), own in sorted(groups.items())
    ]


def _by_project(lines: list[dict[str, Any]], digits: int) -> list[dict[str, Any]]:
    projects: defaultdict[tuple[str, str], defaultdict[tuple[str, ...], list[dict[str, Any]]]]
    projects = defaultdict(lambda: defaultdict(list))
    for line in lines:
        price = line["description"], line["unit"], line["unit_price"], line["price_version"]
        projects[line["project_name"], line["project_id"]][price].append(line)
    return [
        {
            "title": name or project_id,
            "about": f"project · {sum(len(own) for own in prices.values())} lines",
            "rows": [_row(own[0], own, digits) for _, own in sorted(prices.items())],
        }
        for (name, project_id), prices in sorted(projects.items())
    ]


def _row(first: dict[str, Any], lines: list[dict[str, Any]], digits: int) -> dict[str, str]:
    return {
        "description": first["description"],
        "start": _time(min(line["start"] for line in lines)),
        "end": _time(max(line["end"] for line in lines)),
        "quantity": _shown((line["quantity"] for line in lines), digits),
        "unit": first["unit"],
        "unit_price": first["unit_price"],
        "amount": _shown((line["amount"] for line in lines), digits),
    }


def _shown(figures: Iterable[str], digits: int) -> str:
    """Their sum, as paper shows it."""
    with localcontext() as context:
        context.prec = PRECISION
        total = sum((Decimal(figure) for figure in figures), Decimal(0))
        return f"{total.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN):f}"


def _time(text: str) -> str:
    """`2026-11-20 13:11:22`."""
    return iso_seconds(parse_iso(text)).replace("T", " ").rstrip("Z")
