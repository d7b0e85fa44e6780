"""Settings from a TOML file and the environment, checked at start, described where they are declared."""

import dataclasses
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from stratiform.kit.errors import Invalid

T = TypeVar("T")


def setting(default: Any, help: str, *, secret: bool = False) -> Any:  # noqa: A002 - the field's word
    """A field of a settings class: its default, what it means, and whether it must never be shown."""
    return dataclasses.field(default=default, metadata={"help": help, "secret": secret})


def load(
    kind: type[T], file: Path, environment: Mapping[str, str] = os.environ, *, prefix: str = "STRATIFORM_", **given: Any
) -> T:
    """Settings of `kind`: `given` wins over the environment, that over `file`, that over the defaults.

    Raises Invalid, naming the key and where it stands, for what is unknown, of the wrong type or out of bounds.
    """
    fields = {field.name: field for field in _described(kind)}
    values: dict[str, Any] = dict(_from_file(file, fields))
    for name in fields:
        text = environment.get(prefix + name.upper())
        if text is not None:
            values[name] = _convert(fields[name], text, f"{prefix}{name.upper()} in the environment")
    for name, value in given.items():
        if value is not None:
            values[name] = _convert(fields[name], value, f"{name} as given") if name in fields else value
    return kind(**values)


def _described(kind: Any) -> list[dataclasses.Field[Any]]:
    """The fields made by `setting`; the others are given by the program."""
    return [field for field in dataclasses.fields(kind) if "help" in field.metadata]


def _from_file(file: Path, fields: Mapping[str, dataclasses.Field[Any]]) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        found = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: not valid TOML: {error}") from error
    for key in found:
        if key not in fields:
            raise Invalid(f"{file}: unknown setting '{key}'", hint=f"known: {', '.join(sorted(fields))}")
    return {key: _convert(fields[key], value, f"{key} in {file}") for key, value in found.items()}


def _convert(field: dataclasses.Field[Any], value: Any, place: str) -> Any:
    if field.type == tuple[str, ...] and isinstance(value, str):
        value = [part for part in value.split(",") if part]
    try:
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{place}: {error}", hint=field.metadata["help"].rstrip(".")) from error


def reference(kind: type[Any], *, prefix: str = "STRATIFORM_") -> str:
    """A Markdown table of the settings of `kind`."""
    lines = ["| key | environment | default | meaning |", "|---|---|---|---|"]
    for field in _described(kind):
        default = "(secret)" if field.metadata["secret"] and field.default else f"`{field.default}`"
        lines.append(f"| `{field.name}` | `{prefix}{field.name.upper()}` | {default} | {field.metadata['help']} |")
    return "\n".join(lines) + "\n"
