"""Structs that several resources share."""

from collections.abc import Collection
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ExtensibleStruct
from stratiform.interfaces.endpoints.field_restrictions import get_set_fields
from stratiform.kit.pagination import Page
from stratiform.services.identity.model import JsonObject, ListQuery

Name = Annotated[str, Meta(min_length=1, max_length=255)]
ShortName = Annotated[str, Meta(min_length=1, max_length=64)]

#: Extra attributes that are ignored in requests, because responses compute them.
_COMPUTED = ("id", "links")

_NAME_OPERATORS = ("contains", "startswith", "endswith")


class ResourceBody(ExtensibleStruct, kw_only=True):
    """A resource in a request. Keystone stores attributes that the resource does not declare."""

    def get_declared_attributes(self, *, not_null: Collection[str] = ()) -> JsonObject:
        """Return the declared attributes that the request has; null becomes an empty string for `not_null`."""
        attributes = {name: value for name, value in get_set_fields(self).items() if name != "extra"}
        return attributes | {name: "" for name in not_null if attributes.get(name, "") is None}

    def get_extra_attributes(self) -> JsonObject:
        """Return the other attributes, which are stored and returned as they are."""
        return {name: value for name, value in self.extra.items() if name not in _COMPUTED}


class PageQuery(Struct, kw_only=True):
    """The query parameters of every list. A subclass declares filters by equality, which are names of columns."""

    limit: str | UnsetType = UNSET
    marker: str | UnsetType = UNSET

    def build_list_query(self, *, without: Collection[str] = ()) -> ListQuery:
        """Return the filters and the page; the fields `without` are not filters by equality.

        Raises: Invalid for a limit that is not a number
        """
        filters = {name: value for name, value in get_set_fields(self).items() if name not in without}
        limit, marker = filters.pop("limit", None), filters.pop("marker", None)
        matches = [(operator, filters.pop(f"name__{operator}", None)) for operator in _NAME_OPERATORS]
        return ListQuery(
            filters=filters,
            name_matches=tuple((operator, text) for operator, text in matches if text is not None),
            page=Page.parse(limit, marker) if limit or marker else None,
        )


class NamedResourceListQuery(PageQuery, kw_only=True):
    """The query parameters of a list of resources with names."""

    name: str | UnsetType = UNSET
    name__contains: str | UnsetType = UNSET
    name__startswith: str | UnsetType = UNSET
    name__endswith: str | UnsetType = UNSET


class SelfLink(Struct):
    """The links of a resource."""

    self_url: str = field(name="self")


class PageLinks(Struct):
    """The links of a list."""

    next: str | None
    self_url: str = field(name="self")
    previous: str | None = None


class SystemScope(Struct):
    all: bool = False


class ResourceName(Struct):
    """A resource in a response of another resource."""

    id: str
    name: str
