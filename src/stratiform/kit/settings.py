"""Settings from a TOML file and the environment, validated at start, documented where they are declared."""

import dataclasses
import json
import os
import re
import tomllib
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from stratiform.kit.errors import Invalid, describe_cause
from stratiform.kit.text_conversion import convert_text

T = TypeVar("T")

#: Variables that Kubernetes and Docker set in containers that are linked to a service of our name.
_PLATFORM_VARIABLE = re.compile(r"(_SERVICE_HOST|_SERVICE_PORT(_\w+)?|_PORT_[0-9]+_(TCP|UDP|SCTP)\w*|_NAME|_ENV_\w+)$")


def setting_field(
    default: object = dataclasses.MISSING,
    help: str = "",  # noqa: A002 - the usual name
    *,
    secret: bool = False,
    fallback: str = "",
) -> Any:
    """Declare a field of a settings class, required without a `default`.

    Secrets are never printed. `fallback` is another program's environment variable, which is used if the setting is
    specified nowhere else. A field of type `tuple[C, …]` with a settings class `C` is an array of tables `[[field]]`.
    """
    metadata = {"help": help, "secret": secret, "fallback": fallback}
    return dataclasses.field(default=default, repr=not secret, metadata=metadata)


def load_settings(
    settings_type: type[T],
    file: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    prefix: str = "STRATIFORM_",
    ignored: Sequence[str] = (),
    state_file: Path | None = None,
    **overrides: object,
) -> T:
    """Load settings. `overrides` take precedence over the environment, the environment over `file`.

    `state_file` has values of an earlier run, which only replace defaults.
    `ignored` lists variables with our prefix that other programs read; a name that ends with `_` is a prefix.
    Raises: Invalid, with the key and its source, if a setting is unknown, missing, or has an invalid value.
    """
    fields = {field.name: field for field in _declared_fields(settings_type)}
    values = _read_fallbacks(fields.values(), environment)
    values |= _read_file(state_file, fields) if state_file is not None else {}
    values |= _read_file(file, fields)
    values |= _read_environment(fields, environment, prefix, ignored)
    for name, value in overrides.items():
        if value is not None:
            values[name] = _convert(fields[name], value, name) if name in fields else value
    return settings_type(**values)


def has_secrets(settings_type: type[object], file: Path) -> bool:
    """Return True if a settings file contains a secret. A URL is one if it contains a password.

    Raises: Invalid if the file is not valid TOML
    """
    return _has_secrets(settings_type, _parse_toml(file)) if file.exists() else False


def _has_secrets(settings_type: object, values: Mapping[str, object]) -> bool:
    for field in _declared_fields(settings_type):
        value, table_type = values.get(field.name), _table_type(field)
        if table_type is not None and isinstance(value, list):
            if any(_has_secrets(table_type, table) for table in value if isinstance(table, dict)):
                return True
        elif field.metadata["secret"] and value and ("://" not in str(value) or "@" in str(value)):
            return True
    return False


def _declared_fields(settings_type: Any) -> list[dataclasses.Field[object]]:
    """Return the fields declared with `setting_field`, inherited ones last; the program sets the others."""
    declared = [field for field in dataclasses.fields(settings_type) if "help" in field.metadata]
    return sorted(declared, key=lambda field: field.name not in settings_type.__annotations__)


def _read_fallbacks(fields: Iterable[dataclasses.Field[object]], environment: Mapping[str, str]) -> dict[str, object]:
    return {
        field.name: _convert(field, environment[name], f"{name} in the environment")
        for field in fields
        if environment.get(name := field.metadata["fallback"])
    }


def _read_environment(
    fields: Mapping[str, dataclasses.Field[object]], environment: Mapping[str, str], prefix: str, ignored: Sequence[str]
) -> dict[str, object]:
    variables = {prefix + name.upper(): field for name, field in fields.items() if _table_type(field) is None}
    values = {}
    for name, text in environment.items():
        if name in variables:
            values[variables[name].name] = _convert(variables[name], text, f"{name} in the environment")
        elif name.startswith(prefix) and not _is_ignored(name, ignored):
            hint = f"settings: {', '.join(sorted(variables))}"
            raise Invalid(f"unknown setting {name} in the environment", hint=hint)
    return values


def _is_ignored(name: str, ignored: Sequence[str]) -> bool:
    listed = any(name == item or (item.endswith("_") and name.startswith(item)) for item in ignored)
    return listed or _PLATFORM_VARIABLE.search(name) is not None


def _read_file(file: Path, fields: Mapping[str, dataclasses.Field[object]]) -> dict[str, object]:
    if not file.exists():
        return {}
    values = _parse_toml(file)
    _check_names(values, fields, str(file))
    return {name: _convert(fields[name], value, f"{name} in {file}") for name, value in values.items()}


def _parse_toml(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: not valid TOML: {describe_cause(error)}") from error


def _check_names(names: Iterable[str], fields: Mapping[str, object], source: str) -> None:
    for name in names:
        if name not in fields:
            raise Invalid(f"{source}: unknown setting '{name}'", hint=f"settings: {', '.join(sorted(fields))}")


def _convert(field: dataclasses.Field[object], value: object, source: str) -> object:
    table_type = _table_type(field)
    if table_type is not None:
        return _convert_tables(table_type, field, value, source)
    if field.type == tuple[str, ...] and isinstance(value, str):
        value = [part for part in value.split(",") if part]
    try:
        return convert_text(value, field.type)
    except msgspec.ValidationError as error:
        raise Invalid(f"{source}: {describe_cause(error)}", hint=field.metadata["help"].rstrip(".")) from error


def _table_type(field: dataclasses.Field[object]) -> object:
    """Return the settings class of an array of tables, or None for other fields."""
    arguments = typing.get_args(field.type)
    is_array = typing.get_origin(field.type) is tuple and dataclasses.is_dataclass(arguments[0])
    return arguments[0] if is_array else None


def _convert_tables(
    settings_type: object, field: dataclasses.Field[object], value: object, source: str
) -> tuple[object, ...]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise Invalid(
            f"{source}: expected one or more [[{field.name}]] tables", hint=field.metadata["help"].rstrip(".")
        )
    file = source.removeprefix(f"{field.name} in ")
    return tuple(
        _convert_table(settings_type, table, f"[[{field.name}]] number {number} in {file}")
        for number, table in enumerate(value, 1)
    )


def _convert_table(settings_type: Any, table: Mapping[str, object], source: str) -> object:
    fields = {field.name: field for field in _declared_fields(settings_type)}
    _check_names(table, fields, source)
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in table:
            raise Invalid(f"{name} of {source}: missing", hint=field.metadata["help"].rstrip("."))
    return settings_type(
        **{name: _convert(fields[name], value, f"{name} of {source}") for name, value in table.items()}
    )


def render_settings_tables(settings_type: type[object], *, prefix: str = "STRATIFORM_") -> str:
    """Return Markdown tables of the settings: first the single settings, then each array of tables."""
    fields = _declared_fields(settings_type)
    lines = ["| key | environment | default | meaning |", "|---|---|---|---|"]
    for field in fields:
        if _table_type(field) is None:
            names = [f"`{name}`" for name in (prefix + field.name.upper(), field.metadata["fallback"]) if name]
            variables = " or ".join(names)
            lines.append(f"| `{field.name}` | {variables} | {_render_default(field)} | {field.metadata['help']} |")
    for field in fields:
        table_type = _table_type(field)
        if table_type is not None:
            lines += ["", f"## `[[{field.name}]]`", "", field.metadata["help"], ""]
            lines += ["| key | default | meaning |", "|---|---|---|"]
            lines += [
                f"| `{key.name}` | {_render_default(key)} | {key.metadata['help']} |"
                for key in _declared_fields(table_type)
            ]
    return "\n".join(lines) + "\n"


def _render_default(field: dataclasses.Field[object]) -> str:
    if field.default is dataclasses.MISSING:
        return "(required)"
    if field.default == "":
        return ""
    return "(secret)" if field.metadata["secret"] else f"`{_render_toml(field.default)}`"


def _render_toml(value: object) -> str:
    """Return a default as it is written in the settings file."""
    return json.dumps(value)
