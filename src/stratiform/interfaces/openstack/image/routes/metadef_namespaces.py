"""`/metadefs/namespaces`."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.field_restrictions import get_set_fields
from stratiform.interfaces.openstack.image import metadef_schemas as schemas
from stratiform.interfaces.openstack.image import metadef_views as views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.pagination import Page
from stratiform.services.image import policy
from stratiform.services.image.model import MetadefItem, MetadefNamespace, MetadefQuery

_PATH = "/metadefs/namespaces/{namespace}"
_ATTRIBUTES = ("display_name", "description", "visibility", "protected", "owner")


@api.get("/metadefs/namespaces", policy.METADEF_NAMESPACES_LIST)
def list_metadef_namespaces(request: ApiRequest) -> schemas.MetadefNamespacesResponse:
    metadefs = request.services.image.metadefs
    page = metadefs.namespaces.list(request.ctx, _parse_query(request.query_items))
    associations = metadefs.associations.list_by_namespace(request.ctx, page.items)
    return views.metadef_namespaces_response(page, associations, request.query_items)


@api.post("/metadefs/namespaces", policy.METADEF_NAMESPACES_CREATE, status=201, errors=(Conflict,))
def create_metadef_namespace(
    request: ApiRequest, body: schemas.MetadefNamespaceCreateRequest
) -> ApiResponse[schemas.MetadefNamespaceDetail]:
    """Create a namespace and the items of the request."""
    name, metadefs = body.namespace, request.services.image.metadefs
    namespace = metadefs.namespaces.create(request.ctx, name, _get_attributes(body))
    for association in body.resource_type_associations:
        metadefs.associations.create(request.ctx, name, association.name, views.build_definition(association))
    for property_name, schema in body.properties.items():
        metadefs.properties.create(request.ctx, name, property_name, views.build_definition(schema))
    for item in body.objects:
        metadefs.objects.create(request.ctx, name, item.name, views.build_definition(item))
    for tag in body.tags:
        metadefs.tags.create(request.ctx, name, tag.name, {})
    headers = {"Location": request.view.build_url("metadefs", "namespaces", quote(name, safe=""))}
    return ApiResponse(_build_detail(request, namespace), headers=headers)


@api.get(_PATH, policy.METADEF_NAMESPACES_GET)
def show_metadef_namespace(request: ApiRequest, namespace: str) -> schemas.MetadefNamespaceDetail:
    """Show a namespace and its items; with `resource_type`, names of properties have its prefix."""
    return _build_detail(request, request.services.image.metadefs.namespaces.get(request.ctx, namespace))


@api.put(_PATH, policy.METADEF_NAMESPACES_UPDATE, errors=(Conflict,))
def update_metadef_namespace(
    request: ApiRequest, namespace: str, body: schemas.MetadefNamespaceUpdateRequest
) -> schemas.MetadefNamespaceDetail:
    """Replace all attributes of a namespace; those that the body does not contain get their defaults."""
    namespaces = request.services.image.metadefs.namespaces
    return views.metadef_namespace(namespaces.replace(request.ctx, namespace, body.namespace, _get_attributes(body)))


@api.delete(_PATH, policy.METADEF_NAMESPACES_DELETE)
def delete_metadef_namespace(request: ApiRequest, namespace: str) -> None:
    request.services.image.metadefs.namespaces.delete(request.ctx, namespace)


def _get_attributes(body: schemas.MetadefNamespaceUpdateRequest) -> dict[str, Any]:
    return {name: value for name, value in get_set_fields(body).items() if name in _ATTRIBUTES}


def _build_detail(request: ApiRequest, namespace: MetadefNamespace) -> schemas.MetadefNamespaceDetail:
    ctx, name, metadefs = request.ctx, namespace.name, request.services.image.metadefs
    associations = metadefs.associations.list(ctx, name)
    prefix = _find_prefix(associations, dict(request.query_items).get("resource_type", ""))
    return views.metadef_namespace(
        namespace,
        resource_type_associations=[views.metadef_association(item) for item in associations],
        properties=views.metadef_properties(metadefs.properties.list(ctx, name), prefix),
        objects=[views.metadef_object(item, name, prefix) for item in metadefs.objects.list(ctx, name)],
        tags=views.metadef_tags(metadefs.tags.list(ctx, name)),
    )


def _find_prefix(associations: Sequence[MetadefItem], resource_type: str) -> str:
    """Return the prefix of properties for a resource type, "" without one."""
    return next((str(item.definition.get("prefix", "")) for item in associations if item.name == resource_type), "")


def _parse_query(items: Sequence[tuple[str, str]]) -> MetadefQuery:
    """Raises Invalid."""
    params = dict(items)
    direction = params.get("sort_dir", "desc")
    if direction not in ("asc", "desc"):
        raise Invalid(f"Invalid sort direction: {direction}")
    return MetadefQuery(
        visibility=params.get("visibility", ""),
        resource_types=[name for name in params.get("resource_types", "").split(",") if name],
        sort_key=params.get("sort_key", "created_at"),
        descending=direction == "desc",
        page=Page.parse(params.get("limit"), params.get("marker")),
    )
