"""Settings from a TOML file and the environment, checked at start, described where they are declared."""

import dataclasses
import os
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from stratiform.kit.errors import Invalid

T = TypeVar("T")

#: What Kubernetes and Docker put into the environment of a container that runs beside a service of our name.
_OF_THE_PLATFORM = re.compile(r"(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT_\d+_(TCP|UDP|SCTP)\w*|_NAME|_ENV_\w+)$")


def setting(
    default: object = dataclasses.MISSING,
    help: str = "",  # noqa: A002 - the field's word
    *,
    secret: bool = False,
    fallback: str = "",
) -> Any:
    """A field of a settings class: its default (none: it must be given), what it means, whether it must never be
    shown, and another program's environment variable that is taken where nothing else tells it.

    A field of the type `tuple[C, …]` with a settings class `C` is an array of tables of the file: `[[field]]`.
    """
    about = {"help": help, "secret": secret, "fallback": fallback}
    return dataclasses.field(default=default, repr=not secret, metadata=about)


def load(
    kind: type[T],
    file: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    prefix: str = "STRATIFORM_",
    others: Sequence[str] = (),
    **given: Any,
) -> T:
    """Settings of `kind`: `given` wins over the environment, that over `file`, that over the defaults.

    `others` are variables with our prefix that others read; one that ends with `_` stands for all that begin so.
    Raises Invalid, naming the key and where it stands, for what is unknown, of the wrong type or out of bounds.
    """
    fields = {field.name: field for field in _described(kind)}
    values = _from_fallbacks(fields.values(), environment)
    values |= _from_file(file, fields)
    values |= _from_environment(fields, environment, prefix, others)
    for name, value in given.items():
        if value is not None:
            values[name] = _convert(fields[name], value, f"{name} as given") if name in fields else value
    return kind(**values)


def _described(kind: Any) -> list[dataclasses.Field[object]]:
    """The fields made by `setting`; the others are given by the program."""
    return [field for field in dataclasses.fields(kind) if "help" in field.metadata]


def _from_fallbacks(fields: Iterable[dataclasses.Field[object]], environment: Mapping[str, str]) -> dict[str, object]:
    return {
        field.name: _convert(field, environment[name], f"{name} in the environment")
        for field in fields
        if environment.get(name := field.metadata["fallback"])
    }


def _from_environment(
    fields: Mapping[str, dataclasses.Field[object]], environment: Mapping[str, str], prefix: str, others: Sequence[str]
) -> dict[str, object]:
    known = {prefix + name.upper(): field for name, field in fields.items() if _table_of(field) is None}
    found = {}
    for name, text in environment.items():
        if name in known:
            found[known[name].name] = _convert(known[name], text, f"{name} in the environment")
        elif name.startswith(prefix) and not _is_others(name, others):
            raise Invalid(f"unknown setting {name} in the environment", hint=f"known: {', '.join(sorted(known))}")
    return found


def _is_others(name: str, others: Sequence[str]) -> bool:
    named = any(name == other or (other.endswith("_") and name.startswith(other)) for other in others)
    return named or _OF_THE_PLATFORM.search(name) is not None


def _from_file(file: Path, fields: Mapping[str, dataclasses.Field[object]]) -> dict[str, object]:
    if not file.exists():
        return {}
    try:
        found = tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: not valid TOML: {error}") from error
    _check_known(found, fields, str(file))
    return {key: _convert(fields[key], value, f"{key} in {file}") for key, value in found.items()}


def _check_known(found: Iterable[str], fields: Mapping[str, object], place: str) -> None:
    for key in found:
        if key not in fields:
            raise Invalid(f"{place}: unknown setting '{key}'", hint=f"known: {', '.join(sorted(fields))}")


def _convert(field: dataclasses.Field[object], value: object, place: str) -> object:
    table = _table_of(field)
    if table is not None:
        return _tables(table, field, value, place)
    if field.type == tuple[str, ...] and isinstance(value, str):
        value = [part for part in value.split(",") if part]
    try:
        return msgspec.convert(value, field.type, strict=False)
    except msgspec.ValidationError as error:
        raise Invalid(f"{place}: {error}", hint=field.metadata["help"].rstrip(".")) from error


def _table_of(field: dataclasses.Field[object]) -> object:
    """The settings class that `field` has an array of, or None."""
    inner = typing.get_args(field.type)
    return inner[0] if typing.get_origin(field.type) is tuple and dataclasses.is_dataclass(inner[0]) else None


def _tables(kind: object, field: dataclasses.Field[object], found: object, place: str) -> tuple[object, ...]:
    if not isinstance(found, list) or not all(isinstance(table, dict) for table in found):
        raise Invalid(f"{place}: Expected tables [[{field.name}]]", hint=field.metadata["help"].rstrip("."))
    file = place.removeprefix(f"{field.name} in ")
    return tuple(
        _table(kind, table, f"[[{field.name}]] number {number} in {file}") for number, table in enumerate(found, 1)
    )


def _table(kind: Any, found: Mapping[str, object], place: str) -> object:
    fields = {field.name: field for field in _described(kind)}
    _check_known(found, fields, place)
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in found:
            raise Invalid(f"{name} of {place}: missing", hint=field.metadata["help"].rstrip("."))
    return kind(**{key: _convert(fields[key], value, f"{key} of {place}") for key, value in found.items()})


def reference(kind: type[object], *, prefix: str = "STRATIFORM_") -> str:
    """Markdown tables of the settings of `kind`: first those that stand alone, then each array of tables."""
    fields = _described(kind)
    lines = ["| key | environment | default | meaning |", "|---|---|---|---|"]
    for field in fields:
        if _table_of(field) is None:
            names = [f"`{name}`" for name in (prefix + field.name.upper(), field.metadata["fallback"]) if name]
            lines.append(f"| `{field.name}` | {' or '.join(names)} | {_default(field)} | {field.metadata['help']} |")
    for field in fields:
        if _table_of(field) is not None:
            lines += ["", f"## `[[{field.name}]]`", "", field.metadata["help"], ""]
            lines += ["| key | default | meaning |", "|---|---|---|"]
            lines += [
                f"| `{one.name}` | {_default(one)} | {one.metadata['help']} |" for one in _described(_table_of(field))
            ]
    return "\n".join(lines) + "\n"


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is dataclasses.MISSING:
        return "(must be given)"
    return "(secret)" if field.metadata["secret"] and field.default else f"`{field.default}`"
