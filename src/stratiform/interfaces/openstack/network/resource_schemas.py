"""Structs for the bodies and queries of the declared resource types, built from their attributes."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType

from stratiform.interfaces.openstack.network.schemas.common import (
    Link,
    ListQuery,
    OptionalText,
    Tag,
    Text,
)
from stratiform.services.network.model.resource_types import REQUIRED, Attribute, Column, ResourceType

_Field: TypeAlias = tuple[str, Any] | tuple[str, Any, Any]


@dataclass(frozen=True, slots=True)
class ResourceSchemas:
    """The structs of one type: bodies of requests and responses, and the query of lists."""

    create: type[Struct]
    update: type[Struct]
    response: type[Struct]
    list_response: type[Struct]
    query: type[Struct]


def build_schemas(resource_type: ResourceType) -> ResourceSchemas:
    title = resource_type.name.replace("_", " ").title().replace(" ", "")
    module = __name__
    new = msgspec.defstruct(
        f"{title}Create", _create_fields(resource_type), forbid_unknown_fields=True, kw_only=True, module=module
    )
    changed = msgspec.defstruct(
        f"{title}Update", _update_fields(resource_type), forbid_unknown_fields=True, kw_only=True, module=module
    )
    resource = msgspec.defstruct(title, _response_fields(resource_type), kw_only=True, module=module)
    name, collection = resource_type.name, resource_type.collection
    optional: list[_Field] = [(name, new | UnsetType, UNSET)]
    if collection != name:
        optional.append((collection, list[new] | UnsetType, UNSET))  # type: ignore[valid-type]
    return ResourceSchemas(
        create=msgspec.defstruct(f"{title}CreateRequest", optional, module=module),
        update=msgspec.defstruct(f"{title}UpdateRequest", [(name, changed)], module=module),
        response=msgspec.defstruct(f"{title}Response", [(name, resource)], module=module),
        list_response=msgspec.defstruct(
            f"{title}ListResponse",
            [
                (collection, list[resource]),  # type: ignore[valid-type]
                (f"{collection}_links", list[Link] | UnsetType, UNSET),
            ],
            module=module,
        ),
        query=msgspec.defstruct(
            f"{title}ListQuery", _query_fields(resource_type), bases=(ListQuery,), kw_only=True, module=module
        ),
    )


def _create_fields(resource_type: ResourceType) -> list[_Field]:
    fields: list[_Field] = [
        (name, _text(resource_type) | UnsetType, UNSET)
        for name in ("name", "description")
        if name in resource_type.standard
    ]
    if resource_type.owned:
        fields += [("project_id", OptionalText, UNSET), ("tenant_id", OptionalText, UNSET)]
    if "tags" in resource_type.standard:
        fields.append(("tags", list[Tag] | UnsetType, UNSET))
    for attribute in resource_type.attributes:
        if attribute.create and attribute.name != resource_type.parent:
            required = attribute.default is REQUIRED
            fields.append(_required(attribute) if required else _optional(attribute))
    return fields


def _update_fields(resource_type: ResourceType) -> list[_Field]:
    fields: list[_Field] = [
        (name, _text(resource_type) | UnsetType, UNSET)
        for name in ("name", "description")
        if name in resource_type.standard
    ]
    return fields + [_optional(attribute) for attribute in resource_type.attributes if attribute.update]


def _response_fields(resource_type: ResourceType) -> list[_Field]:
    fields: list[_Field] = [("id", str)] if resource_type.has_id else []
    fields += [(name, _text(resource_type)) for name in ("name", "description") if name in resource_type.standard]
    if resource_type.owned:
        fields += [("project_id", str), ("tenant_id", str)]
    fields += [_response_field(attribute) for attribute in resource_type.attributes if not attribute.hidden]
    if "tags" in resource_type.standard:
        fields.append(("tags", list[str]))
    if "timestamps" in resource_type.standard:
        fields += [("created_at", str), ("updated_at", str), ("revision_number", int)]
    return fields


def _text(resource_type: ResourceType) -> Any:
    """Return the type of a name or description."""
    return Text | None if resource_type.has_null_texts else Text


def _response_field(attribute: Attribute) -> _Field:
    if attribute.read_rule is not None:
        return _optional(attribute)
    return (attribute.name, object if attribute.column is Column.NONE else attribute.type)


def _query_fields(resource_type: ResourceType) -> list[_Field]:
    names = ["id", *(name for name in ("name", "description") if name in resource_type.standard)]
    if resource_type.owned:
        names += ["project_id", "tenant_id"]
    fields: list[_Field] = [(name, list[str], msgspec.field(default_factory=list)) for name in names]
    if "tags" in resource_type.standard:
        fields += [
            (name.replace("-", "_"), list[str], msgspec.field(name=name, default_factory=list))
            for name in ("tags", "tags-any", "not-tags", "not-tags-any")
        ]
    for attribute in resource_type.stored_attributes:
        if attribute.filters and attribute.name != resource_type.parent:
            kind = {Column.FLAG: bool, Column.NUMBER: int}.get(attribute.column, str)
            fields.append((attribute.name, list[kind], msgspec.field(default_factory=list)))  # type: ignore[valid-type]
    return fields


def _required(attribute: Attribute) -> _Field:
    return (attribute.name, attribute.type)


def _optional(attribute: Attribute) -> _Field:
    return (attribute.name, attribute.type | UnsetType, UNSET)
