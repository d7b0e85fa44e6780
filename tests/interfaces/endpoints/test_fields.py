"""Fields that depend on the microversion or on the role."""

from typing import Annotated

import pytest
from msgspec import UNSET, Struct, UnsetType, field, json

from stratiform.interfaces.endpoints import ADMIN_ONLY, Since, Until
from stratiform.interfaces.endpoints.field_restrictions import (
    UnexpectedField,
    check_field_versions,
    is_restricted,
    unset_restricted_fields,
)


class Inner(Struct, kw_only=True):
    id: str
    locked: Annotated[bool, Since(9)] = False
    host: Annotated[str, ADMIN_ONLY] = field(name="OS-EXT:host", default="h")


class Outer(Struct):
    items: list[Inner]
    by_name: dict[str, Inner] | None = None
    personality: Annotated[int, Until(56)] = 0


class Plain(Struct):
    id: str


class Changes(Struct):
    name: str | UnsetType = UNSET
    description: Annotated[str | UnsetType | None, Since(19)] = UNSET


def encoded(minor: int, *, is_admin: bool = False) -> object:
    value = Outer([Inner(id="a")], {"b": Inner(id="b")})
    unset_restricted_fields(value, minor, is_admin=is_admin)
    return json.decode(json.encode(value))


def test_a_response_has_the_fields_of_its_microversion_and_role() -> None:
    assert encoded(1) == {"items": [{"id": "a"}], "by_name": {"b": {"id": "b"}}, "personality": 0}
    assert encoded(57) == {"items": [{"id": "a", "locked": False}], "by_name": {"b": {"id": "b", "locked": False}}}
    assert encoded(1, is_admin=True) == {
        "items": [{"id": "a", "OS-EXT:host": "h"}],
        "by_name": {"b": {"id": "b", "OS-EXT:host": "h"}},
        "personality": 0,
    }


def test_only_types_with_such_fields_need_attention() -> None:
    assert is_restricted(Outer)
    assert is_restricted(list[Inner] | None)
    assert not is_restricted(Plain)
    assert not is_restricted(dict[str, str])


def test_a_request_with_a_field_of_a_later_microversion_is_refused() -> None:
    check_field_versions(Changes(description="d"), 19)
    check_field_versions(Changes(name="n"), 1)
    with pytest.raises(UnexpectedField) as error:
        check_field_versions(Changes(description="d"), 18)
    assert (error.value.key, error.value.field) == ("body", "description")
