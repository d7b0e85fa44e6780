"""`/servers/{server_id}/metadata`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_metadata as schemas
from stratiform.kit.errors import Invalid
from stratiform.services.compute import policy

_PATH = "/servers/{server_id}/metadata"
_ITEM_PATH = "/servers/{server_id}/metadata/{key}"


@api.get(_PATH, policy.SERVER_METADATA_LIST)
def list_metadata(request: ApiRequest, server_id: str) -> schemas.MetadataResponse:
    return schemas.MetadataResponse(request.services.compute.server_metadata.list(request.ctx, server_id))


@api.post(_PATH, policy.SERVER_METADATA_CREATE)
def create_metadata(request: ApiRequest, server_id: str, body: schemas.MetadataRequest) -> schemas.MetadataResponse:
    metadata = request.services.compute.server_metadata.create(request.ctx, server_id, body.metadata)
    return schemas.MetadataResponse(metadata)


@api.put(_PATH, policy.SERVER_METADATA_REPLACE)
def replace_metadata(request: ApiRequest, server_id: str, body: schemas.MetadataRequest) -> schemas.MetadataResponse:
    metadata = request.services.compute.server_metadata.replace(request.ctx, server_id, body.metadata)
    return schemas.MetadataResponse(metadata)


@api.get(_ITEM_PATH, policy.SERVER_METADATA_SHOW)
def show_metadata_item(request: ApiRequest, server_id: str, key: str) -> schemas.MetadataItemResponse:
    value = request.services.compute.server_metadata.get(request.ctx, server_id, key)
    return schemas.MetadataItemResponse({key: value})


@api.put(_ITEM_PATH, policy.SERVER_METADATA_UPDATE)
def update_metadata_item(
    request: ApiRequest, server_id: str, key: str, body: schemas.MetadataItemRequest
) -> schemas.MetadataItemResponse:
    if list(body.meta) != [key]:
        raise Invalid("Request body and URI mismatch")
    request.services.compute.server_metadata.update(request.ctx, server_id, key, body.meta[key])
    return schemas.MetadataItemResponse(body.meta)


@api.delete(_ITEM_PATH, policy.SERVER_METADATA_DELETE)
def delete_metadata_item(request: ApiRequest, server_id: str, key: str) -> None:
    request.services.compute.server_metadata.delete(request.ctx, server_id, key)
