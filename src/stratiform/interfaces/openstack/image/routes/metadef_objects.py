"""`/metadefs/namespaces/{namespace}/objects`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import metadef_schemas as schemas
from stratiform.interfaces.openstack.image import metadef_views as views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict
from stratiform.services.image import policy

_LIST_PATH = "/metadefs/namespaces/{namespace}/objects"
_PATH = _LIST_PATH + "/{object_name}"


@api.get(_LIST_PATH, policy.METADEF_OBJECTS_LIST)
def list_metadef_objects(request: ApiRequest, namespace: str) -> schemas.MetadefObjectsResponse:
    items = request.services.image.metadefs.objects.list(request.ctx, namespace)
    return schemas.MetadefObjectsResponse([views.metadef_object(item, namespace) for item in items])


@api.post(_LIST_PATH, policy.METADEF_OBJECTS_CREATE, status=201, errors=(Conflict,))
def create_metadef_object(
    request: ApiRequest, namespace: str, body: schemas.MetadefObjectRequest
) -> schemas.MetadefObjectDetail:
    objects = request.services.image.metadefs.objects
    return views.metadef_object(
        objects.create(request.ctx, namespace, body.name, views.build_definition(body)), namespace
    )


@api.delete(_LIST_PATH, policy.METADEF_NAMESPACES_DELETE)
def delete_metadef_objects(request: ApiRequest, namespace: str) -> None:
    """Delete all objects of a namespace."""
    request.services.image.metadefs.objects.delete_all(request.ctx, namespace)


@api.get(_PATH, policy.METADEF_OBJECTS_GET)
def show_metadef_object(request: ApiRequest, namespace: str, object_name: str) -> schemas.MetadefObjectDetail:
    item = request.services.image.metadefs.objects.get(request.ctx, namespace, object_name)
    return views.metadef_object(item, namespace)


@api.put(_PATH, policy.METADEF_OBJECTS_UPDATE, errors=(Conflict,))
def update_metadef_object(
    request: ApiRequest, namespace: str, object_name: str, body: schemas.MetadefObjectRequest
) -> schemas.MetadefObjectDetail:
    """Replace all attributes of an object, including its name."""
    definition = views.build_definition(body)
    objects = request.services.image.metadefs.objects
    item = objects.replace(request.ctx, namespace, object_name, body.name, definition)
    return views.metadef_object(item, namespace)


@api.delete(_PATH, policy.METADEF_OBJECTS_DELETE)
def delete_metadef_object(request: ApiRequest, namespace: str, object_name: str) -> None:
    request.services.image.metadefs.objects.delete(request.ctx, namespace, object_name)
