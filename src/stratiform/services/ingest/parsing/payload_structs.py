"""Payloads as structs, for the services that send most of all notifications.

msgspec decodes a payload and checks its values at once. If it rejects the payload, or if the payload has escaped
characters, of which some can't be stored, the payload is converted value by value: values may have the form of an older
release, and every error has the name of its value.
"""

from collections.abc import Callable
from functools import cache, partial
from typing import Annotated, Generic, NamedTuple, Protocol, TypeVar

import msgspec
from msgspec import Meta, inspect

from stratiform.kit.clock import Micros
from stratiform.kit.json_errors import NOT_JSON
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.parsing.payload_values import (
    MAX_INTEGER,
    MAX_TAGS,
    TAG_LENGTH,
    Payload,
    decode_json,
    parse_integer,
    parse_tags,
    parse_text,
)
from stratiform.services.ledger.model import ResourceStatement

S = TypeVar("S", bound=msgspec.Struct)

Id64 = Annotated[str, Meta(min_length=1, max_length=64)]
Id128 = Annotated[str, Meta(min_length=1, max_length=128)]
Text32 = Annotated[str, Meta(min_length=1, max_length=32)] | None
Text64 = Annotated[str, Meta(min_length=1, max_length=64)] | None
Text128 = Annotated[str, Meta(min_length=1, max_length=128)] | None
Text = Annotated[str, Meta(min_length=1, max_length=255)] | None
Count = Annotated[int, Meta(ge=0, le=MAX_INTEGER)] | None

#: A value that is checked when it is used, such as a time.
Unchecked = object

_TagText = Annotated[str, Meta(max_length=TAG_LENGTH)]
Tags = Annotated[dict[_TagText, _TagText], Meta(max_length=MAX_TAGS)]

#: Converts a value that is not null; the second argument is its name in errors.
_Convert = Callable[[object, str], object]


class EventHeader(Protocol):
    """An event without its payload."""

    @property
    def message_id(self) -> str: ...
    @property
    def event_type(self) -> str: ...
    @property
    def publisher_id(self) -> str: ...
    @property
    def at(self) -> Micros: ...


class StructParser(Generic[S]):
    """A parser of payloads of one type. `parse` has the arguments event, cloud and payload."""

    def __init__(self, payload_type: type[S], parse: Callable[[EventHeader, str, S], ResourceStatement]) -> None:
        self._payload_type = payload_type
        self._decode = msgspec.json.Decoder(payload_type).decode
        self._parse = parse

    def parse(self, event: EventHeader, cloud: str, raw: msgspec.Raw) -> ResourceStatement:
        """Parse an event whose payload is not decoded. Raises: InvalidMessage."""
        if not _has_escapes(bytes(raw)):
            try:
                payload = self._decode(raw)
            except NOT_JSON:
                pass  # the error has no name of a value
            else:
                return self._parse(event, cloud, payload)
        document = decode_json(raw)
        return self.parse_decoded(event, cloud, document if isinstance(document, dict) else {})

    def parse_decoded(self, event: EventHeader, cloud: str, payload: Payload) -> ResourceStatement:
        """Parse an event whose payload is decoded. Raises: InvalidMessage."""
        return self._parse(event, cloud, _convert(payload, self._payload_type))


def _convert(payload: Payload, payload_type: type[S]) -> S:
    """Convert an object value by value. Raises: InvalidMessage."""
    values: dict[str, object] = {}
    for field in _list_fields(payload_type):
        value = payload.get(field.key)
        if value is not None:
            value = field.convert(value, field.key)
        if value is None and field.is_required:
            raise InvalidMessage(f"{field.key} is missing")
        if field.key in payload:
            values[field.name] = value
    return payload_type(**values)


def _has_escapes(raw: bytes) -> bool:
    """Return True if the document has escaped characters, which may be NUL or half of a surrogate pair.

    Most documents have no backslash, and a search for one byte takes a tenth of the time.
    """
    return b"\\" in raw and b"\\u" in raw


class _Field(NamedTuple):
    """A field of a struct, with its key in payloads."""

    name: str
    key: str
    convert: _Convert
    is_required: bool


@cache
def _list_fields(payload_type: type[msgspec.Struct]) -> list[_Field]:
    struct = inspect.type_info(payload_type)
    assert isinstance(struct, inspect.StructType), "payload types are structs"
    return [_Field(each.name, each.encode_name, _choose_conversion(each.type), each.required) for each in struct.fields]


def _choose_conversion(value_type: inspect.Type) -> _Convert:
    match value_type:
        case inspect.UnionType(types=(inspect.StructType(cls=struct_type), inspect.NoneType())):
            return partial(_convert_optional_object, struct_type)
        case inspect.UnionType(types=types):
            return _choose_conversion(next(each for each in types if not isinstance(each, inspect.NoneType)))
        case inspect.StrType(max_length=int(max_length)):
            return partial(parse_text, max_length=max_length)
        case inspect.IntType():
            return parse_integer
        case inspect.DictType(value_type=inspect.StrType()):
            return parse_tags
        case inspect.DictType():
            return _check_object
        case inspect.ListType(item_type=inspect.StructType(cls=item_type)):
            return partial(_convert_list, item_type)
        case inspect.StructType(cls=struct_type):
            return partial(_convert_object, struct_type)
        case _:
            return _keep


def _check_object(value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise InvalidMessage(f"{name} is not an object")
    return value


def _convert_object(struct_type: type[msgspec.Struct], value: object, name: str) -> object:
    if not isinstance(value, dict):
        raise InvalidMessage(f"{name} is not an object")
    return _convert(value, struct_type)


def _convert_optional_object(struct_type: type[msgspec.Struct], value: object, name: str) -> object:
    """Convert an object; an empty one is none."""
    return _convert_object(struct_type, value, name) if value != {} else None


def _convert_list(item_type: type[msgspec.Struct], value: object, name: str) -> object:
    if not value:
        return []
    if not isinstance(value, list | tuple) or not all(isinstance(item, dict) for item in value):
        raise InvalidMessage(f"{name} is not a list of objects")
    return [_convert(item, item_type) for item in value]


def _keep(value: object, _name: str) -> object:
    return value
