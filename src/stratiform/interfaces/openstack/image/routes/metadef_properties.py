"""`/metadefs/namespaces/{namespace}/properties`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import metadef_schemas as schemas
from stratiform.interfaces.openstack.image import metadef_views as views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.image import policy

_LIST_PATH = "/metadefs/namespaces/{namespace}/properties"
_PATH = _LIST_PATH + "/{property_name}"


@api.get(_LIST_PATH, policy.METADEF_PROPERTIES_LIST)
def list_metadef_properties(request: ApiRequest, namespace: str) -> schemas.MetadefPropertiesResponse:
    items = request.services.image.metadefs.properties.list(request.ctx, namespace)
    return schemas.MetadefPropertiesResponse(views.metadef_properties(items))


@api.post(_LIST_PATH, policy.METADEF_PROPERTIES_CREATE, status=201, errors=(Conflict,))
def create_metadef_property(
    request: ApiRequest, namespace: str, body: schemas.MetadefProperty
) -> schemas.MetadefProperty:
    properties = request.services.image.metadefs.properties
    return views.metadef_property(properties.create(request.ctx, namespace, body.name, views.build_definition(body)))


@api.delete(_LIST_PATH, policy.METADEF_NAMESPACES_DELETE)
def delete_metadef_properties(request: ApiRequest, namespace: str) -> None:
    """Delete all properties of a namespace."""
    request.services.image.metadefs.properties.delete_all(request.ctx, namespace)


@api.get(_PATH, policy.METADEF_PROPERTIES_GET)
def show_metadef_property(request: ApiRequest, namespace: str, property_name: str) -> schemas.MetadefProperty:
    """Show a property; with `resource_type`, the name in the path has the prefix of that type."""
    metadefs = request.services.image.metadefs
    resource_type = dict(request.query_items).get("resource_type")
    if resource_type:
        association = metadefs.associations.get(request.ctx, namespace, resource_type)
        prefix = str(association.definition.get("prefix", ""))
        if not prefix or not property_name.startswith(prefix):
            raise NotFound(
                f"Property {property_name} does not start with the expected resource type association prefix of "
                f"'{prefix}'."
            )
        property_name = property_name.removeprefix(prefix)
    return views.metadef_property(metadefs.properties.get(request.ctx, namespace, property_name))


@api.put(_PATH, policy.METADEF_PROPERTIES_UPDATE, errors=(Conflict,))
def update_metadef_property(
    request: ApiRequest, namespace: str, property_name: str, body: schemas.MetadefProperty
) -> schemas.MetadefProperty:
    """Replace all attributes of a property, including its name."""
    definition = views.build_definition(body)
    properties = request.services.image.metadefs.properties
    return views.metadef_property(properties.replace(request.ctx, namespace, property_name, body.name, definition))


@api.delete(_PATH, policy.METADEF_PROPERTIES_DELETE)
def delete_metadef_property(request: ApiRequest, namespace: str, property_name: str) -> None:
    request.services.image.metadefs.properties.delete(request.ctx, namespace, property_name)
