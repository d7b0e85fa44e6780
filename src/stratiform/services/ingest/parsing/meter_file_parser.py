"""Parsing of meter files: TOML to a checked `MeterFile`. Every error is one line with file and key."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

from stratiform.kit.errors import Invalid, describe_cause
from stratiform.services.ingest.parsing.meter_file_checks import find_problems
from stratiform.services.ingest.parsing.meter_files import IgnoredEvents, IgnoredEventsFile, MeterFile, MeterFileTable

T = TypeVar("T", bound=MeterFileTable)

#: Texts of msgspec to those of this module.
_TEXTS = {
    "object contains unknown field": "unknown key",
    "object missing required field": "missing key",
}


def parse_meter_file(text: str, filename: str) -> MeterFile:
    """Parse and check a meter file. Raises: Invalid."""
    meter_file = _decode(text, filename, MeterFile)
    for key, problem in find_problems(meter_file):
        raise Invalid(f"{filename}: {key}: {problem}")
    return meter_file


def parse_ignored_events(text: str, filename: str) -> tuple[IgnoredEvents, ...]:
    """Parse a file of ignored event types. Raises: Invalid."""
    return _decode(text, filename, IgnoredEventsFile).ignored_events


def read_file(path: Path) -> str:
    """Return the text of a file. Raises: Invalid."""
    try:
        return path.read_text()
    except UnicodeDecodeError as error:
        raise Invalid(f"{path}: not UTF-8 text") from error
    except OSError as error:
        raise Invalid(f"{path} could not be read: {error.strerror}") from error


def _decode(text: str, filename: str, table_type: type[T]) -> T:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"{filename}: not TOML: {describe_cause(error)}") from error
    error_at = _find_error(document, table_type)
    if error_at is None:
        return msgspec.convert(document, table_type)
    key, problem = error_at
    for text_of_msgspec, replacement in _TEXTS.items():
        problem = problem.replace(text_of_msgspec, replacement)
    raise Invalid(f"{filename}: {_complete_key(document, table_type, key) or 'the file'}: {problem}")


def _find_error(document: Mapping[str, object], table_type: type[MeterFileTable]) -> tuple[str, str] | None:
    """Return key and text of the first error, as msgspec has them."""
    try:
        msgspec.convert(document, table_type)
    except msgspec.ValidationError as error:
        problem, _, key = describe_cause(error).partition(" - at `$")
        return key.rstrip("`").lstrip("."), problem
    return None


def _complete_key(document: Mapping[str, object], table_type: type[MeterFileTable], key: str) -> str:
    """Return the key with the name for which msgspec writes `[...]`: the only entry that has the same error alone."""
    table, placeholder, rest = key.partition("[...]")
    if not placeholder or "[" in table:
        return key
    path = table.split(".")
    for name, value in _table_at(document, path).items():
        error_at = _find_error(_replace_table(document, path, {name: value}), table_type)
        if error_at is not None and error_at[0] == key:
            return f"{table}.{name}{rest}"
    return key


def _table_at(document: Mapping[str, object], path: list[str]) -> Mapping[str, object]:
    table: object = document
    for key in path:
        assert isinstance(table, dict), "msgspec found a table here"
        table = table[key]
    assert isinstance(table, dict), "msgspec found a table here"
    return table


def _replace_table(
    document: Mapping[str, object], path: list[str], replacement: Mapping[str, object]
) -> dict[str, object]:
    """Return a copy of the document with another table at `path`."""
    key, *rest = path
    table = _replace_table(_table_at(document, [key]), rest, replacement) if rest else replacement
    return {**document, key: table}
