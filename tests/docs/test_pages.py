"""All pages: links lead to existing headings, paths exist, and commands and options exist."""

import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

import pytest
import typer
from typer.core import TyperCommand, TyperGroup

from stratiform.app.commands import COMMANDS
from stratiform.contract.registry import describe_connectors
from stratiform.interfaces.cli.lazy_commands import load_command
from stratiform.interfaces.cli.main import create_app

ROOT = Path(__file__).parents[2]
PAGES = {
    str(page.relative_to(ROOT)): page.read_text()
    for page in [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
}

SOURCE = ROOT / "src" / "stratiform"

_CODE_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_INLINE_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(src|tests|docs|tools|examples|benchmarks)/[\w./-]+")
_MODULE = re.compile(r"(?<![\w/])(?:app|interfaces|services|connectors|contract|kit|migrations)/[\w/]+\.py")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

#: Options that may be anywhere on the command line.
_GLOBAL_OPTIONS = {"--home", "--os-cloud", "--help"}

#: Groups whose commands the server defines.
_SERVER_GROUPS = ("add", "set")

#: Words of an inline command that stand for a value.
_PLACEHOLDER = re.compile(r"[A-Z…]")


def _prose(text: str) -> str:
    return _CODE_BLOCK.sub("", text)


def _anchor(heading: str) -> str:
    """Return the anchor of a heading, as GitHub does."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def _commands(text: str) -> Iterator[list[str]]:
    """Yield the arguments of each `stratiform` command in console blocks."""
    for language, block in _CODE_BLOCK.findall(text):
        if language == "console":
            lines = re.sub(r"\\\n\s*", " ", block).splitlines()
            for line in lines:
                if line.strip().startswith("$ ") and "stratiform " in line and "curl" not in line:
                    arguments = shlex.split(line, comments=True)
                    if "stratiform" in arguments:
                        yield arguments[arguments.index("stratiform") + 1 :]


def _resolve(arguments: list[str]) -> tuple[TyperCommand | TyperGroup, list[str]]:
    """Return the command that `arguments` start with, and the other arguments. Raises LookupError if it is unknown.

    The commands below `clouds add` and `clouds set` come from the server; they belong to the other arguments.
    """
    command = typer.main.get_command(create_app(COMMANDS))
    arguments = _without_global_options(arguments)
    while arguments and isinstance(command, TyperGroup) and command.name not in _SERVER_GROUPS:
        if arguments[0] not in command.commands:
            raise LookupError(arguments[0])
        command, arguments = load_command(command.commands[arguments[0]]), arguments[1:]
    assert isinstance(command, TyperCommand | TyperGroup)
    return command, arguments


def _options(command: TyperCommand | TyperGroup, arguments: list[str]) -> set[str]:
    options = {option for parameter in command.params for option in parameter.opts} | _GLOBAL_OPTIONS
    if isinstance(command, TyperGroup) and command.name in _SERVER_GROUPS:
        kind = next(kind for kind in describe_connectors() if kind.kind == arguments[0])
        options |= {f"--{setting.name.replace('_', '-')}" for setting in kind.settings} | {"--name", "--prompt"}
    return options


def _without_global_options(arguments: list[str]) -> list[str]:
    remaining = list(arguments)
    while remaining and remaining[0] in _GLOBAL_OPTIONS:
        remaining = remaining[2:]
    return remaining


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_to_existing_pages_and_headings(name: str) -> None:
    broken = []
    for target in _LINK.findall(_prose(PAGES[name])):
        if re.match(r"https?://", target):
            continue
        path, _, anchor = target.partition("#")
        page = (ROOT / name).parent / path if path else ROOT / name
        if not page.exists() or (anchor and anchor not in map(_anchor, _HEADING.findall(page.read_text()))):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("name", PAGES)
def test_mentioned_paths_exist(name: str) -> None:
    paths = [code for code in _INLINE_CODE.findall(_prose(PAGES[name])) if _PATH.fullmatch(code)]
    assert [path for path in paths if "acme" not in path and not (ROOT / path.replace("KIND", "aws")).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_mentioned_modules_exist(name: str) -> None:
    modules = {module.replace("KIND", "aws") for module in _MODULE.findall(PAGES[name])}
    assert sorted(module for module in modules if not (SOURCE / module).exists()) == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_options_exist(name: str) -> None:
    unknown = []
    for arguments in _commands(PAGES[name]):
        try:
            command, remaining = _resolve(arguments)
        except LookupError:
            unknown.append(" ".join(arguments))
            continue
        used = {argument.partition("=")[0] for argument in remaining if argument.startswith("--")}
        unknown += [f"{' '.join(arguments)}: {option}" for option in used - _options(command, remaining)]
    assert unknown == []


@pytest.mark.parametrize("name", PAGES)
def test_inline_commands_exist(name: str) -> None:
    unknown = []
    for code in _INLINE_CODE.findall(_prose(PAGES[name])):
        arguments = code.split()
        if arguments[0] != "stratiform" or len(arguments) == 1 or (arguments[1] == "usage" and code.endswith("v1")):
            continue
        names = []
        for argument in _without_global_options(arguments[1:]):
            if _PLACEHOLDER.search(argument) or argument.startswith("-") or "." in argument:
                break
            names.append(argument)
        try:
            _resolve(names)
        except LookupError:
            unknown.append(code)
    assert unknown == []


def test_commands_in_messages_exist() -> None:
    """In hints, help and docstrings: `usage rejected list`, with or without `stratiform`."""
    texts = {
        text.split("\n")[0]
        for file in SOURCE.rglob("*.py")
        for text in re.findall(
            r"`(?:stratiform )?((?:usage|clouds|price|account|period|invoice|db|keys) [^`\n{]*)", file.read_text()
        )
    }
    unknown = []
    for text in texts:
        names = list(takewhile(re.compile(r"[a-z-]*[a-z]").fullmatch, text.split()))
        try:
            _resolve(names)
        except LookupError:
            unknown.append(text)
    assert (unknown, len(texts) > 15) == ([], True)


def test_glossary_is_sorted_and_refers_to_existing_code() -> None:
    rows = [line.split("|") for line in PAGES["docs/reference/glossary.md"].splitlines() if line.startswith("| ")][1:]
    terms = [row[1].strip().lower() for row in rows]
    assert terms == sorted(terms)
    classes = {
        name for file in SOURCE.rglob("*.py") for name in re.findall(r"^class (\w+)", file.read_text(), re.MULTILINE)
    }
    missing = [
        reference
        for row in rows
        for reference in _INLINE_CODE.findall(row[3])
        if not ((SOURCE / reference).exists() or (ROOT / reference).exists() or reference in classes)
    ]
    assert missing == []


def test_table_of_contents_lists_every_page() -> None:
    contents = ROOT / "docs" / "README.md"
    listed = {(contents.parent / target.partition("#")[0]).resolve() for target in _LINK.findall(contents.read_text())}
    pages = {(ROOT / name).resolve() for name in PAGES} - {contents.resolve()}
    assert sorted(str(page.relative_to(ROOT)) for page in pages - listed) == []


def test_changelog_does_not_repeat_entries() -> None:
    """`.gitattributes` merges all entries of several branches, including an edited entry beside the original."""
    starts = [" ".join(entry.split())[:40] for entry in re.split(r"^- ", PAGES["CHANGELOG.md"], flags=re.MULTILINE)]
    assert [start for start in starts if starts.count(start) > 1] == []
