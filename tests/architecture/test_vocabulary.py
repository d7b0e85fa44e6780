"""The language of the code base: banned words of identifiers, modules and texts. See docs/reference/glossary.md."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import stratiform
from support.source import parse

SOURCE = Path(stratiform.__file__).parent
ROOT = SOURCE.parent.parent
TESTS = ROOT / "tests"

#: Names that do not say what a variable, argument, attribute, function or class is.
BANNED_NAME = re.compile(
    r"told|said|asked|asking|wanted|given|found|made|one|shown|known|held|kept|heard|gone|whole|some|words?|place|how"
    r"|things?|parts|nobody|somebody|everyone|whoever"
)

#: Words that no part of a name contains (`is_told`, `AskedFor`): code does not speak, hear or ask.
BANNED_PART = re.compile(r"tells?|told|said|says|asks?|asked|hears?|heard|hearing|furnish|furnished|stranger")

#: Module names that are participles or fillers.
BANNED_MODULE = re.compile(
    r"whole|parts|asking|about|calls|acting|creating|facts|look|held|sense|noted|called|taking|knowing|naming|proving"
    r"|storing|hearing|furnish|line|place|things|misc|utils|helpers"
)

#: Phrases of texts: docstrings, comments, messages, help, documentation.
BANNED_TEXT = re.compile(
    r"\b(told|tells?|telling|said|says|asked|asks|heard|hears?|whoever|nobody|somebody|strangers?|storeys?)\b"
    r"|\b(is|are) no (?!longer|more)\w|\bfor one in\b|\b(put|kept|set) aside\b|\bspeaks? of\b|\bas well as may be\b",
    re.IGNORECASE,
)

#: A fixed event in lower case, then `key=value` pairs. Errors are quoted, because they contain spaces. The
#: value of a key `token` would be redacted.
LOG_MESSAGE = re.compile(r"([a-z]|[A-Z]{2,} )[^%=:]*(( (?!token=)(error=%r|(?!error=)[a-z_]+=%[a-z0-9.]+))+(%s)?)?")

#: Texts of OpenStack, and wire formats of other programs.
QUOTED = re.compile(r"There is no such action|`[^`]*`|\"[^\"]*\"(?= is )")


def python_files(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in sorted(folder.rglob("*.py")) if "versions" not in path.parts)


def words_of(name: str) -> set[str]:
    """Split snake_case and CamelCase."""
    return {match.lower() for match in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)}


def names_in(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the names that a module defines, with their lines."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.attr


def texts_in(path: Path) -> Iterator[tuple[int, str]]:
    """Yield comments and strings with their lines; strings without a space are identifiers of some format."""
    with tokenize.open(path) as file:
        source = file.read()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and " " in token.string):
            yield token.start[0], token.string


def test_identifiers() -> None:
    violations = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in python_files(SOURCE, TESTS, ROOT / "tools", ROOT / "benchmarks")
        for line, name in names_in(parse(path))
        if BANNED_NAME.fullmatch(name.strip("_").lower()) or any(map(BANNED_PART.fullmatch, words_of(name)))
    ]
    assert violations == []


def test_module_names() -> None:
    paths = python_files(SOURCE, TESTS, ROOT / "tools", ROOT / "benchmarks")
    assert [str(path.relative_to(ROOT)) for path in paths if BANNED_MODULE.fullmatch(path.stem)] == []


def test_texts_in_code() -> None:
    violations = [
        f"{path.relative_to(ROOT)}:{line}: {text.strip()[:100]}"
        for path in python_files(SOURCE, TESTS, ROOT / "tools", ROOT / "benchmarks")
        if path != Path(__file__)
        for line, text in texts_in(path)
        if BANNED_TEXT.search(QUOTED.sub("", text))
    ]
    assert violations == []


def test_log_messages_are_an_event_and_pairs() -> None:
    """As in `connection lost, retrying bus=… error='…'`."""
    violations = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {message}"
        for path in python_files(SOURCE)
        for node in ast.walk(parse(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
        if isinstance(node.func.value, ast.Name) and node.func.value.id == "logger"
        if isinstance(node.args[0], ast.Constant) and isinstance(message := node.args[0].value, str)
        if LOG_MESSAGE.fullmatch(message) is None
    ]
    assert violations == []


def test_documentation() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    violations = [
        f"{page.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for page in pages
        for number, line in enumerate(page.read_text().splitlines(), 1)
        if BANNED_TEXT.search(QUOTED.sub("", line)) or (len(line) > 100 and "|" not in line and "http" not in line)
    ]
    assert violations == []
