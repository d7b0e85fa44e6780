"""Bodies, query strings and headers as typed structs, with the errors of OpenStack's JSON schema validation."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Struct

from stratiform.interfaces.endpoints.extra_attributes import collect_extra_attributes, is_extensible
from stratiform.interfaces.endpoints.field_restrictions import (
    InvalidFieldFormat,
    UnexpectedField,
    check_field_versions,
    list_existing_fields,
)
from stratiform.kit.errors import Fault, Invalid
from stratiform.kit.json_errors import NOT_JSON
from stratiform.kit.number_parsing import is_int, parse_decimal

T = TypeVar("T")

#: Parses the text of a boolean parameter with this name, or raises the error of the format.
FlagParser = Callable[[str, str, InvalidFieldFormat], bool]


#: Fields whose values never appear in an error.
_SECRET_FIELDS = frozenset(
    {"adminPass", "user_data", "public_key", "personality", "password", "original_password", "secret", "settings"}
)

_LOCATED = re.compile(r"(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_NAMED = re.compile(r"field `([^`]*)`")
_TYPES = re.compile(r"Expected `([^`]*)`, got `[^`]*`$")
_LIMIT = re.compile(r"Expected `(?:int|float|int \| null|float \| null)` (>=|<=|>|<) (\S+)$")
_LENGTH = re.compile(r"Expected `(?:str|array|object)[^`]*` of length (>=|<=) [0-9]+$")
_LIMITS = {
    ">=": "less than the minimum of",
    "<=": "greater than the maximum of",
    ">": "less than or equal to the minimum of",
    "<": "greater than or equal to the maximum of",
}
_JSON_TYPES = {"int": "integer", "float": "number", "str": "string", "bool": "boolean"}

_TRUE = frozenset({"1", "t", "true", "on", "y", "yes"})
_FALSE = frozenset({"0", "f", "false", "off", "n", "no"})


def decode_body(
    body: bytes, schema: type[T], *, minor: int, lenient: bool, invalid: InvalidFieldFormat, key: str = "body"
) -> T:
    """Decode a JSON body. `lenient`: numbers and booleans may be strings, as in Nova and Cinder.

    `key` is the name of the whole body in errors: that of the action.

    Raises Invalid for what is not JSON, and `invalid`'s error for a field with a wrong type or value, or one that
    the microversion `minor` does not have.
    """
    try:
        value = (
            _decode_leniently(body or b"null", schema) if lenient else msgspec.json.decode(body or b"null", type=schema)
        )
        check_field_versions(value, minor, key)
        if is_extensible(schema):
            collect_extra_attributes(value, msgspec.json.decode(body))
    except msgspec.ValidationError as error:
        raise _invalid_field(body, str(error), invalid, key) from error
    except UnexpectedField as error:
        raise invalid(error.key, "{...}", _unexpected(error.field)) from error
    except NOT_JSON as error:
        raise Invalid("The request body is not valid JSON.") from error
    return value


def _decode_leniently(body: bytes, schema: type[T]) -> T:
    """Decode JSON whose numbers and booleans may be strings; numbers have ASCII digits and no exponent.

    Raises: msgspec.ValidationError.
    """
    try:
        return msgspec.json.decode(body, type=schema)
    except msgspec.ValidationError:
        value = msgspec.json.decode(body, type=schema, strict=False)
    _check_numbers(msgspec.json.decode(body), msgspec.to_builtins(value), "$")
    return value


def _check_numbers(original: object, converted: object, path: str) -> None:
    """Raises msgspec.ValidationError for a string that msgspec has converted to a number, such as `1e3`."""
    if isinstance(original, dict) and isinstance(converted, dict):
        for key in original.keys() & converted.keys():
            _check_numbers(original[key], converted[key], f"{path}.{key}")
    elif isinstance(original, list) and isinstance(converted, list):
        for index, (item, number) in enumerate(zip(original, converted, strict=False)):
            _check_numbers(item, number, f"{path}[{index}]")
    elif isinstance(original, str) and isinstance(converted, int | float) and not isinstance(converted, bool):
        is_plain = is_int(original) if isinstance(converted, int) else parse_decimal(original) is not None
        if not is_plain:
            raise msgspec.ValidationError(f"Expected `{type(converted).__name__}`, got `str` - at `{path}`")


def split_action(body: bytes) -> tuple[list[str], dict[str, msgspec.Raw]]:
    """Return the keys of an action's body, and the undecoded values. Raises Invalid for what is not a JSON object."""
    try:
        values = msgspec.json.decode(body or b"null", type=dict[str, msgspec.Raw])
    except NOT_JSON as error:
        raise Invalid("The request body must be a JSON object with one action.") from error
    return list(values), values


def parse_bool(text: str, name: str, invalid: InvalidFieldFormat) -> bool:
    """Parse a boolean as oslo.utils does. Raises `invalid`'s error."""
    if text.strip().lower() in _TRUE:
        return True
    if text.strip().lower() in _FALSE:
        return False
    raise invalid(name, text, f"'{text}' is not a boolean.")


def parse_json_bool(text: str, name: str, invalid: InvalidFieldFormat) -> bool:
    """Parse `true` or `false`. Raises `invalid`'s error."""
    if text in ("true", "false"):
        return text == "true"
    raise invalid(name, text, f"'{text}' is neither true nor false.")


def decode_query(
    items: Iterable[tuple[str, str]],
    schema: type[T],
    *,
    minor: int,
    invalid: InvalidFieldFormat,
    parse_flag: FlagParser = parse_bool,
) -> T:
    """Decode a query string. Of a parameter that occurs twice the last value counts, unless its field is a list.

    Parameters without a field, or with one that the microversion `minor` does not have, are ignored. `parse_flag`
    parses booleans. Raises `invalid`'s error for a value of the wrong type.
    """
    fields = list_query_fields(schema, minor)
    values: dict[str, Any] = {}
    for name, text in items:
        field = fields.get(name)
        if field is None:
            continue
        if field.is_int and not is_int(text):  # msgspec would also take 1.0 and 1e3
            raise invalid(name, text, f"{text!r} is not of type 'integer'")
        value = parse_flag(text, name, invalid) if field.is_bool else text
        if field.is_list:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return _convert(values, schema, "query", invalid)


def decode_headers(headers: Mapping[str, str], schema: type[T], *, invalid: InvalidFieldFormat) -> T:
    """Decode the headers that `schema` has fields for, by their names in lower case."""
    assert issubclass(schema, Struct)
    values = {name: headers[name] for name in schema.__struct_encode_fields__ if name in headers}
    return _convert(values, schema, "headers", invalid)


def _convert(values: Mapping[str, object], schema: type[T], key: str, invalid: InvalidFieldFormat) -> T:
    try:
        return msgspec.convert(values, schema, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid_field(msgspec.json.encode(values), str(error), invalid, key) from error


@dataclass(frozen=True, slots=True)
class QueryField:
    """How the text of a parameter becomes a value."""

    is_list: bool
    is_bool: bool
    is_int: bool


def list_query_fields(schema: type[object], minor: int = 0) -> dict[str, QueryField]:
    """Return the parameters of a query by name."""
    assert issubclass(schema, Struct)
    hints = get_type_hints(schema)
    fields = {}
    for name, encoded in list_existing_fields(schema, minor):
        types = {hints[name], *get_args(hints[name])}
        is_list = any(getattr(annotation, "__origin__", None) is list for annotation in types)
        fields[encoded] = QueryField(is_list, bool in types, int in types)
    return fields


def _invalid_field(body: bytes, message: str, invalid: InvalidFieldFormat, key: str) -> Fault:
    match = _LOCATED.match(message)
    assert match is not None, "the pattern matches every text"
    reason, path = match["reason"], match["path"] or "$"
    try:
        document = msgspec.json.decode(body or b"null")
    except NOT_JSON:  # in a part that the schema did not reach
        return Invalid("The request body is not valid JSON.")
    steps = [step for step in re.split(r"[.\[\]]+", path.removeprefix("$")) if step and step != "..."]
    value = _value_at(document, steps)
    return invalid(_field_name(steps, key), _printable(value), _as_json_schema(reason, value))


def _field_name(steps: list[str], key: str) -> str:
    """Return the name of a field, with the position for an item of a list: `tags/0`."""
    if len(steps) > 1 and steps[-1].isdecimal():
        return "/".join(steps[-2:])
    return steps[-1] if steps else key


def _as_json_schema(reason: str, value: object) -> str:
    """Translate a reason of msgspec to the texts that OpenStack's clients and tests know."""
    named = _NAMED.search(reason)
    if named is not None and "missing" in reason:
        return f"'{named[1]}' is a required property"
    if named is not None and "unknown" in reason:
        return _unexpected(named[1])
    types = _TYPES.match(reason)
    if types is not None:
        names = ", ".join(f"'{_JSON_TYPES.get(name, name)}'" for name in types[1].split(" | "))
        return f"{_literal(value)} is not of type {names}"
    limit = _LIMIT.match(reason)
    if limit is not None:
        return f"{_literal(value)} is {_LIMITS[limit[1]]} {limit[2].removesuffix('.0')}"
    length = _LENGTH.match(reason)
    if length is not None:
        return f"{_literal(value)} is too {'short' if length[1] == '>=' else 'long'}"
    return reason


def _unexpected(field: str) -> str:
    return f"Additional properties are not allowed ('{field}' was unexpected)"


def _value_at(value: object, steps: list[str]) -> object:
    for step in steps:
        if step in _SECRET_FIELDS:
            return "***"
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
    return value


def _printable(value: object) -> str:
    return str(_without_secrets(value))[:255]


def _literal(value: object) -> str:
    return repr(_without_secrets(value))[:255]


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {key: "***" if key in _SECRET_FIELDS else inner for key, inner in value.items()}
    return value
