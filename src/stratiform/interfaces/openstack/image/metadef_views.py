"""Metadata definitions as response structs."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from msgspec import UNSET, Struct

from stratiform.interfaces.openstack.image import metadef_schemas as schemas
from stratiform.kit.clock import format_iso_seconds
from stratiform.kit.pagination import Slice
from stratiform.services.image.model import MetadefItem, MetadefNamespace

_NAMESPACES = "/v2/metadefs/namespaces"


def build_definition(request: Struct) -> dict[str, Any]:
    """Return the definition of an item: the attributes that the request has, without the name."""
    definition = msgspec.to_builtins(request)
    definition.pop("name", None)
    return dict(definition)


def metadef_namespace(namespace: MetadefNamespace, **items: Any) -> schemas.MetadefNamespaceDetail:
    non_empty: dict[str, Any] = {name: values or UNSET for name, values in items.items()}
    return schemas.MetadefNamespaceDetail(
        namespace=namespace.name,
        display_name=UNSET if namespace.display_name is None else namespace.display_name,
        description=UNSET if namespace.description is None else namespace.description,
        visibility=namespace.visibility,
        protected=namespace.protected,
        owner=namespace.owner,
        created_at=format_iso_seconds(namespace.created_at),
        updated_at=format_iso_seconds(namespace.updated_at),
        self_link=f"{_NAMESPACES}/{quote(namespace.name)}",
        **non_empty,
    )


def metadef_namespaces_response(
    page: Slice[MetadefNamespace],
    associations: Mapping[str, Sequence[MetadefItem]],
    query_items: Sequence[tuple[str, str]],
) -> schemas.MetadefNamespacesResponse:
    query = [(name, value) for name, value in query_items if name != "marker"]
    marker = page.next_marker(lambda namespace: namespace.name)
    return schemas.MetadefNamespacesResponse(
        namespaces=[
            metadef_namespace(
                namespace,
                resource_type_associations=[metadef_association(item) for item in associations.get(namespace.id, ())],
            )
            for namespace in page.items
        ],
        first=_build_list_path(query),
        next=UNSET if marker is None else _build_list_path([*query, ("marker", marker)]),
    )


def metadef_object(item: MetadefItem, namespace: str, prefix: str = "") -> schemas.MetadefObjectDetail:
    """`prefix`: that of the names of properties for a resource type."""
    content = msgspec.convert({**item.definition, "name": item.name}, schemas.MetadefObjectRequest)
    properties, required = content.properties, content.required
    if properties is not UNSET:
        properties = {prefix + name: value for name, value in properties.items()}
    return schemas.MetadefObjectDetail(
        name=content.name,
        description=content.description,
        required=required if required is UNSET else [prefix + name for name in required],
        properties=properties,
        created_at=format_iso_seconds(item.created_at),
        updated_at=format_iso_seconds(item.updated_at),
        self_link=f"{_NAMESPACES}/{quote(namespace)}/objects/{quote(item.name)}",
    )


def metadef_property(item: MetadefItem) -> schemas.MetadefProperty:
    return msgspec.convert({**item.definition, "name": item.name}, schemas.MetadefProperty)


def metadef_properties(items: Sequence[MetadefItem], prefix: str = "") -> dict[str, schemas.MetadefPropertySchema]:
    """Return properties by name. `prefix`: as in `metadef_object`."""
    return {prefix + item.name: msgspec.convert(item.definition, schemas.MetadefPropertySchema) for item in items}


def metadef_association(item: MetadefItem) -> schemas.MetadefAssociationDetail:
    times = {"created_at": format_iso_seconds(item.created_at), "updated_at": format_iso_seconds(item.updated_at)}
    return msgspec.convert({**item.definition, "name": item.name, **times}, schemas.MetadefAssociationDetail)


def metadef_tag(item: MetadefItem) -> schemas.MetadefTagDetail:
    return schemas.MetadefTagDetail(item.name, format_iso_seconds(item.created_at), format_iso_seconds(item.updated_at))


def metadef_tags(items: Sequence[MetadefItem]) -> list[schemas.MetadefTag]:
    return [schemas.MetadefTag(item.name) for item in items]


def _build_list_path(query: Sequence[tuple[str, str]]) -> str:
    return _NAMESPACES + (f"?{urlencode(query)}" if query else "")
