"""Structs and types that several resources share."""

from typing import Annotated, Any, Literal, Protocol

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType, field

from stratiform.interfaces.endpoints.field_restrictions import get_set_fields

Text = Annotated[str, Meta(max_length=255)]
Tag = Annotated[str, Meta(min_length=1, max_length=255)]
OptionalText = Text | UnsetType
OptionalFlag = bool | UnsetType


class Link(Struct):
    """A link to the next page."""

    rel: str
    href: str


class FieldsQuery(Struct):
    """The parameters of a request for one resource: `fields` selects attributes of the response."""

    fields: list[str] = []


class ListQuery(FieldsQuery, kw_only=True):
    """The parameters of every list. The other fields of a subclass are filters: a resource has one of the values."""

    sort_key: list[str] = []
    sort_dir: list[Literal["asc", "desc"]] = []
    limit: str | None = None
    marker: str | None = None
    page_reverse: bool = False


class ResourceListQuery(ListQuery, kw_only=True):
    """The filters for the standard attributes."""

    id: list[str] = []
    name: list[str] = []
    description: list[str] = []
    project_id: list[str] = []
    tenant_id: list[str] = []
    tags: list[str] = []
    tags_any: list[str] = field(name="tags-any", default=[])
    not_tags: list[str] = field(name="not-tags", default=[])
    not_tags_any: list[str] = field(name="not-tags-any", default=[])


class Resource(Struct, kw_only=True):
    """The standard attributes of a response."""

    id: str
    name: str
    description: str
    project_id: str
    tenant_id: str
    tags: list[str]
    created_at: str
    updated_at: str
    revision_number: int


class ResourceUpdate(Struct, forbid_unknown_fields=True, kw_only=True):
    """The standard attributes that can be changed."""

    name: OptionalText = UNSET
    description: OptionalText = UNSET


class HasProject(Protocol):
    """The attributes of a create request that name its project."""

    project_id: OptionalText
    tenant_id: OptionalText


def get_requested_project_id(new: HasProject) -> str | None:
    """Return the project that a create request names, or None for the caller's."""
    for project_id in (new.project_id, new.tenant_id):
        if not isinstance(project_id, UnsetType) and project_id:
            return project_id
    return None


#: Attributes of create requests that select the project and are not stored.
OWNERSHIP_FIELDS = ("project_id", "tenant_id")


def get_set_attributes(request: Struct, *exclude: str) -> dict[str, Any]:
    """Return the attributes that a request sets, by the names of the model's fields."""
    values = get_set_fields(request)
    return {name: msgspec.to_builtins(value) for name, value in values.items() if name not in exclude}
