"""`/metadefs/resource_types`, and the associations of resource types with namespaces."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import metadef_schemas as schemas
from stratiform.interfaces.openstack.image import metadef_views as views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict
from stratiform.services.image import policy

_PATH = "/metadefs/namespaces/{namespace}/resource_types"


@api.get("/metadefs/resource_types", policy.METADEF_RESOURCE_TYPES_LIST)
def list_metadef_resource_types(request: ApiRequest) -> schemas.MetadefResourceTypesResponse:
    names = request.services.image.metadefs.resource_types.list(request.ctx)
    return schemas.MetadefResourceTypesResponse([schemas.MetadefResourceType(name) for name in names])


@api.get(_PATH, policy.METADEF_RESOURCE_TYPES_LIST)
def list_metadef_associations(request: ApiRequest, namespace: str) -> schemas.MetadefAssociationsResponse:
    items = request.services.image.metadefs.associations.list(request.ctx, namespace)
    return schemas.MetadefAssociationsResponse([views.metadef_association(item) for item in items])


@api.post(_PATH, policy.METADEF_RESOURCE_TYPES_CREATE, status=201, errors=(Conflict,))
def create_metadef_association(
    request: ApiRequest, namespace: str, body: schemas.MetadefAssociationRequest
) -> schemas.MetadefAssociationDetail:
    """Associate a resource type, which need not exist, with a namespace."""
    associations = request.services.image.metadefs.associations
    return views.metadef_association(
        associations.create(request.ctx, namespace, body.name, views.build_definition(body))
    )


@api.delete(_PATH + "/{resource_type}", policy.METADEF_RESOURCE_TYPES_DELETE)
def delete_metadef_association(request: ApiRequest, namespace: str, resource_type: str) -> None:
    request.services.image.metadefs.associations.delete(request.ctx, namespace, resource_type)
