"""Fields of request and response structs that depend on the microversion or on the caller's role.

class Flavor(Struct, kw_only=True):
    id: str
    description: Annotated[str | None, Since(55)] = None
    host: Annotated[str | UnsetType, ADMIN_ONLY] = UNSET
"""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from msgspec import UNSET, Struct

from stratiform.kit.errors import Fault


@dataclass(frozen=True, slots=True)
class Since:
    """The first microversion that has the field (55 for 2.55)."""

    minor: int


@dataclass(frozen=True, slots=True)
class Until:
    """The last microversion that has the field."""

    minor: int


@dataclass(frozen=True, slots=True)
class AdminOnly:
    """Only operators see the field in a response."""


ADMIN_ONLY = AdminOnly()


class UnexpectedField(Exception):
    """A request has a field that its microversion does not have; `key` is that of the object with the field."""

    def __init__(self, key: str, field: str) -> None:
        super().__init__(field)
        self.key = key
        self.field = field


@dataclass(frozen=True, slots=True)
class _Field:
    """One field that needs attention: its visibility, and whether structs inside it need attention."""

    name: str
    encoded: str
    since: int
    until: int | None
    admin_only: bool
    nested: bool

    def exists(self, minor: int) -> bool:
        return self.since <= minor and (self.until is None or minor <= self.until)


def unset_restricted_fields(value: object, minor: int, *, is_admin: bool) -> None:
    """Unset the fields of a response, at any depth, that this microversion or caller does not see."""
    if isinstance(value, Struct):
        for field in _fields(type(value)):
            if not field.exists(minor) or (field.admin_only and not is_admin):
                setattr(value, field.name, UNSET)
            elif field.nested:
                unset_restricted_fields(getattr(value, field.name), minor, is_admin=is_admin)
    elif isinstance(value, list | tuple):
        for item in value:
            unset_restricted_fields(item, minor, is_admin=is_admin)
    elif isinstance(value, dict):
        for item in value.values():
            unset_restricted_fields(item, minor, is_admin=is_admin)


def check_field_versions(value: object, minor: int, key: str = "body") -> None:
    """Raises UnexpectedField for a field of a request that this microversion does not have."""
    if isinstance(value, Struct):
        for field in _fields(type(value)):
            content = getattr(value, field.name)
            if content is not UNSET and not field.exists(minor):
                raise UnexpectedField(key, field.encoded)
            if field.nested:
                check_field_versions(content, minor, field.encoded)
    elif isinstance(value, list | tuple):
        for item in value:
            check_field_versions(item, minor, key)


def list_existing_fields(struct: type[Struct], minor: int) -> Iterator[tuple[str, str]]:
    """Yield the fields that this microversion has, as pairs of Python name and encoded name."""
    missing = {field.name for field in _fields(struct) if not field.exists(minor)}
    for name, encoded in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        if name not in missing:
            yield name, encoded


def is_restricted(annotation: object) -> bool:
    """Return True if values of this type have fields that depend on microversion or role."""
    return any(_fields(struct) for struct in _structs(annotation))


@cache
def _fields(struct: type[Struct]) -> tuple[_Field, ...]:
    """Return the fields of `struct` that need attention; most structs have none."""
    hints = typing.get_type_hints(struct, include_extras=True)
    fields = []
    for name, encoded in zip(struct.__struct_fields__, struct.__struct_encode_fields__, strict=True):
        metadata = getattr(hints[name], "__metadata__", ())
        since = next((item.minor for item in metadata if isinstance(item, Since)), 0)
        until = next((item.minor for item in metadata if isinstance(item, Until)), None)
        admin_only = ADMIN_ONLY in metadata
        nested = any(inner is struct or _fields(inner) for inner in _structs(hints[name]))
        if since or until is not None or admin_only or nested:
            fields.append(_Field(name, encoded, since, until, admin_only, nested))
    return tuple(fields)


def _structs(annotation: object) -> Iterator[type[Struct]]:
    """Yield every struct that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        yield annotation
    for inner in typing.get_args(annotation):
        yield from _structs(inner)


def get_set_fields(struct: Struct) -> dict[str, Any]:
    """Return the fields that the request had, by their Python names."""
    values = ((name, getattr(struct, name)) for name in struct.__struct_fields__)
    return {name: value for name, value in values if value is not UNSET}


class InvalidFieldFormat(typing.Protocol):
    """Makes the error for one wrong field, in the words of one API."""

    def __call__(self, field: str, value: str, reason: str, /) -> Fault: ...
