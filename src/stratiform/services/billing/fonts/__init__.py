"""The fonts of documents, and the characters that they have.

The fonts are part of the installation, so a document has the same bytes on every machine: those of typst (Latin, Greek,
Cyrillic), packages with Noto fonts, and the files in this folder (decision 0017). Fonts of the machine are not used.
"""

import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from stratiform.kit.errors import Invalid

if TYPE_CHECKING:
    import typst

_PACKAGES = (
    "noto_cjk_sans_otc",
    "justmytype_intl_africa",
    "justmytype_intl_rtl",
    "justmytype_intl_sea",
    "justmytype_intl_south_asia",
)
_REPLACEMENT = "\ufffd"

#: Unicode categories of characters that are invisible, break lines or change the direction of the text that follows.
_INVISIBLE = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})

#: Persian, Hindi and emoji use these between characters to shape them.
_JOINERS = "\u200c\u200d"

#: Names of Latin scripts need no check: typst's own fonts have all characters below this one.
_FIRST_TO_CHECK = "\u0180"


@cache
def load_fonts() -> "typst.Fonts":
    """Return all fonts of documents, with their order of preference."""
    import typst  # takes 30 MiB, so only a process that needs fonts loads it

    folders = [str(files(package)) for package in _PACKAGES]
    return typst.Fonts(include_system_fonts=False, font_paths=[*folders, str(Path(__file__).parent)])


def check_displayable(*texts: str) -> None:
    """Raise Invalid if documents cannot print one of the texts, and name its characters."""
    for text in texts:
        missing = sorted(set(text) - set(to_displayable(text)))
        if missing:
            names = ", ".join(_describe(character) for character in missing[:5])
            raise Invalid(f"'{text}' cannot be printed on documents: the fonts do not have glyphs for {names}")


def to_displayable(text: str) -> str:
    """Return `text` with U+FFFD for each character that is invisible or that no font has."""
    visible = "".join(_REPLACEMENT if _is_invisible(character) else character for character in text)
    if _is_displayable(visible):
        return visible
    covered = "".join(character if _is_displayable(character) else _REPLACEMENT for character in visible)
    if _is_displayable(covered):
        return covered
    # The font that has the base character lacks a mark: "1" with the marks of a keycap is printed as "1".
    unmarked = "".join(character for character in covered if not unicodedata.category(character).startswith("M"))
    if _is_displayable(unmarked):
        return unmarked
    return "".join(character if character.isascii() else _REPLACEMENT for character in visible)


@lru_cache(maxsize=10_000)
def _is_displayable(text: str) -> bool:
    """Whether the fonts have all characters: PDF/A forbids a character without a glyph, so typst refuses it."""
    if all(character < _FIRST_TO_CHECK for character in text):
        return True
    import typst

    try:
        typst.compile(
            b"#sys.inputs.text",
            font_paths=load_fonts(),
            ignore_system_fonts=True,
            format="pdf",
            sys_inputs={"text": text},
            pdf_standards="a-3b",
            timestamp=0,
        )
    except typst.TypstError:
        return False
    return True


def _describe(character: str) -> str:
    return f"U+{ord(character):04X} ({unicodedata.name(character, 'no name')})"


def _is_invisible(character: str) -> bool:
    return unicodedata.category(character) in _INVISIBLE and character not in _JOINERS
