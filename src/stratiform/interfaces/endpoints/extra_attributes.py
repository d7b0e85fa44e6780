"""Structs with attributes that a client defines: Keystone and Glance store them and return them beside their own."""

import typing
from collections.abc import Hashable
from functools import cache
from typing import Any

from msgspec import UNSET, Struct, field


class ExtensibleStruct(Struct):
    """Base class of a request or response struct. `extra` is a dictionary of undeclared attributes."""

    extra: Any = field(name="*", default_factory=dict)


def collect_extra_attributes(value: object, document: object) -> None:
    """Fill `extra` of every extensible struct in `value`, which was decoded from `document`."""
    if isinstance(value, list) and isinstance(document, list):
        for item, content in zip(value, document, strict=True):
            collect_extra_attributes(item, content)
    if not isinstance(value, Struct) or not isinstance(document, dict):
        return
    names = dict(zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True))
    for encoded, name in names.items():
        collect_extra_attributes(getattr(value, name), document.get(encoded))
    if isinstance(value, ExtensibleStruct):
        value.extra = {name: content for name, content in document.items() if name not in names or name == "*"}


def flatten_extra_attributes(value: object) -> object:
    """Return `value` with dictionaries instead of structs, and extra attributes beside the declared ones."""
    if isinstance(value, Struct):
        names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        declared = {encoded: getattr(value, name) for encoded, name in names if encoded != "*"}
        fields = {name: flatten_extra_attributes(content) for name, content in declared.items() if content is not UNSET}
        return {**value.extra, **fields} if isinstance(value, ExtensibleStruct) else fields
    if isinstance(value, list | tuple):
        return [flatten_extra_attributes(item) for item in value]
    if isinstance(value, dict):
        return {name: flatten_extra_attributes(item) for name, item in value.items()}
    return value


def is_extensible(annotation: object) -> bool:
    """Return True if values of this type may have extra attributes."""
    return _is_extensible(annotation)


@cache
def _is_extensible(annotation: Hashable) -> bool:
    return any(issubclass(struct, ExtensibleStruct) for struct in _structs(annotation, set()))


def _structs(annotation: object, seen: set[type[Struct]]) -> set[type[Struct]]:
    """Return every struct in an annotation, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, Struct) and annotation not in seen:
        seen.add(annotation)
        for inner in typing.get_type_hints(annotation).values():
            _structs(inner, seen)
    for inner in typing.get_args(annotation):
        _structs(inner, seen)
    return seen
