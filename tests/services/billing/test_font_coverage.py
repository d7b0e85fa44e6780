"""The page on documents lists the scripts in use that no font of documents has."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from fontTools import unicodedata as scripts
from fontTools.ttLib import TTCollection, TTFont

from stratiform.services.billing import fonts

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "documents.md"

#: Scripts in everyday use, of recommended and of limited use (UAX #31, tables 5 and 7), and Mongolian.
SCRIPTS_IN_USE = [
    "Adlm",
    "Arab",
    "Armn",
    "Bali",
    "Bamu",
    "Batk",
    "Beng",
    "Bopo",
    "Cakm",
    "Cans",
    "Cham",
    "Cher",
    "Cyrl",
    "Deva",
    "Ethi",
    "Geor",
    "Grek",
    "Gujr",
    "Guru",
    "Hang",
    "Hani",
    "Hebr",
    "Hira",
    "Hmnp",
    "Java",
    "Kali",
    "Kana",
    "Khmr",
    "Knda",
    "Lana",
    "Laoo",
    "Latn",
    "Lepc",
    "Limb",
    "Lisu",
    "Mand",
    "Mlym",
    "Mong",
    "Mtei",
    "Mymr",
    "Newa",
    "Nkoo",
    "Olck",
    "Orya",
    "Osge",
    "Plrd",
    "Rohg",
    "Saur",
    "Sinh",
    "Sund",
    "Sylo",
    "Syrc",
    "Tale",
    "Talu",
    "Taml",
    "Tavt",
    "Telu",
    "Tfng",
    "Thaa",
    "Thai",
    "Tibt",
    "Toto",
    "Vaii",
    "Wcho",
    "Yiii",
]

#: How many letters of a script are printed if no font file has one: typst's own fonts are not files.
_SAMPLES = 12


def list_letters() -> Mapping[str, Sequence[str]]:
    """Return the letters of each script."""
    letters: defaultdict[str, list[str]] = defaultdict(list)
    for character in map(chr, range(0x20000)):
        if unicodedata.category(character).startswith("L"):
            letters[scripts.script(character)].append(character)
    return letters


def read_covered_characters() -> Iterator[int]:
    """Yield the characters of the font files."""
    folders = [str(files(package)) for package in fonts._PACKAGES] + [str(Path(fonts.__file__).parent)]
    for path in (path for folder in folders for path in Path(folder).rglob("*")):
        if path.suffix in (".ttc", ".otc"):
            with TTCollection(path, lazy=True) as collection:
                for font in collection.fonts:
                    yield from font.getBestCmap()
        elif path.suffix in (".ttf", ".otf"):
            with TTFont(path, lazy=True) as font:
                yield from font.getBestCmap()


def test_the_page_lists_the_scripts_without_glyphs() -> None:
    covered, letters = set(read_covered_characters()), list_letters()

    def has_glyphs(script: str) -> bool:
        samples = letters[script][:: max(len(letters[script]) // _SAMPLES, 1)]
        return any(ord(letter) in covered for letter in letters[script]) or any(map(fonts._is_displayable, samples))

    assert all(letters[script] for script in SCRIPTS_IN_USE)
    missing = sorted(scripts.script_name(script) for script in SCRIPTS_IN_USE if not has_glyphs(script))
    text = " ".join(PAGE.read_text().split())
    match = re.search(r"no glyphs for the following modern scripts: ([^.]+)\.", text)
    assert match is not None
    assert match[1] == ", ".join(missing)
