"""Documents as PDF, by typst.

Every document gives a PDF; the JSON form is the authority. If the fonts of typst have all characters, as for Latin,
Greek and Cyrillic, the PDF is PDF/A-3b and always the same bytes. Otherwise the fonts of the machine are used, too,
and the bytes depend on them. A character that no font has is printed as a box, and the PDF is not PDF/A, which forbids
that.
"""

import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Literal

import msgspec

from stratiform.kit.clock import SECOND_US
from stratiform.services.billing.model import Document
from stratiform.services.billing.renderer.layout import build_layout

_TEMPLATE = Path(__file__).with_name("document.typ")

#: Unicode categories of characters that are invisible, break lines or change the direction of the text that follows.
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})

#: Persian, Hindi and emoji use these between characters to shape them.
_JOINERS = "\u200c\u200d"


def render_pdf(document: Document) -> bytes:
    """Return the document as PDF."""
    import typst  # takes 30 MiB, so only a process that renders a document loads it

    layout = msgspec.json.encode(_replace_invisible(msgspec.to_builtins(build_layout(document)))).decode()

    def compile_pdf(*, own_fonts_only: bool, standard: Literal["a-3b"] | None) -> bytes:
        return typst.compile(
            _TEMPLATE,
            root=_TEMPLATE.parent,
            ignore_system_fonts=own_fonts_only,
            format="pdf",
            sys_inputs={"document": layout},
            pdf_standards=standard,
            timestamp=document.issued_at // SECOND_US,
        )

    for own_fonts_only in (True, False):
        with suppress(typst.TypstError):
            return compile_pdf(own_fonts_only=own_fonts_only, standard="a-3b")
    return compile_pdf(own_fonts_only=False, standard=None)


def _replace_invisible(value: object) -> object:
    """Return `value` with U+FFFD for each invisible character in its texts."""
    match value:
        case str():
            return "".join("\ufffd" if _is_invisible(character) else character for character in value)
        case list() | tuple():
            return [_replace_invisible(item) for item in value]
        case dict():
            return {key: _replace_invisible(item) for key, item in value.items()}
    return value


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE and character not in _JOINERS
