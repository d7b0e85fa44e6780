"""Documents as PDF, by typst.

Every document gives a PDF/A-3b that has the same bytes on every machine; the JSON form is the authority. A character
that no font has is printed as U+FFFD, and a warning in the log names it.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import msgspec

from stratiform.kit.clock import SECOND_US
from stratiform.services.billing.fonts import load_fonts, to_displayable
from stratiform.services.billing.model import Document
from stratiform.services.billing.renderer.layout import build_layout

logger = logging.getLogger(__name__)

_TEMPLATE = Path(__file__).with_name("document.typ")


def render_pdf(document: Document) -> bytes:
    """Return the document as PDF/A-3b."""
    import typst  # takes 30 MiB, so only a process that renders a document loads it

    replaced: set[str] = set()

    def replace_undisplayable(text: str) -> str:
        displayable = to_displayable(text)
        replaced.update(set(text) - set(displayable))
        return displayable

    layout = _map_texts(msgspec.to_builtins(build_layout(document)), replace_undisplayable)
    if replaced:
        characters = ", ".join(f"U+{ord(character):04X}" for character in sorted(replaced))
        logger.warning(
            "characters without a glyph replaced with U+FFFD document=%s characters=%s", document.number, characters
        )
    return typst.compile(
        _TEMPLATE,
        root=_TEMPLATE.parent,
        font_paths=load_fonts(),
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"document": msgspec.json.encode(layout).decode()},
        pdf_standards="a-3b",
        timestamp=document.issued_at // SECOND_US,
    )


def _map_texts(value: object, function: Callable[[str], str]) -> object:
    """Return `value` with `function` applied to each text in it."""
    match value:
        case str():
            return function(value)
        case list() | tuple():
            return [_map_texts(item, function) for item in value]
        case dict():
            return {key: _map_texts(item, function) for key, item in value.items()}
    return value
