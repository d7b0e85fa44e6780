"""`/volumes/{volume_id}/metadata`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas.volumes import MetadataItem, MetadataRequest, MetadataResponse
from stratiform.kit.errors import Invalid
from stratiform.services.volume import policy

_PATH = "/volumes/{volume_id}/metadata"
_ITEM_PATH = "/volumes/{volume_id}/metadata/{key}"


@api.get(_PATH, policy.METADATA_GET)
def list_metadata(request: ApiRequest, volume_id: str) -> MetadataResponse:
    return MetadataResponse(request.services.volume.volume_metadata.list(request.ctx, volume_id))


@api.post(_PATH, policy.METADATA_CREATE)
def create_metadata(request: ApiRequest, volume_id: str, body: MetadataRequest) -> MetadataResponse:
    return MetadataResponse(request.services.volume.volume_metadata.update(request.ctx, volume_id, body.metadata))


@api.put(_PATH, policy.METADATA_UPDATE)
def replace_metadata(request: ApiRequest, volume_id: str, body: MetadataRequest) -> MetadataResponse:
    return MetadataResponse(request.services.volume.volume_metadata.replace(request.ctx, volume_id, body.metadata))


@api.get(_ITEM_PATH, policy.METADATA_GET)
def show_metadata_item(request: ApiRequest, volume_id: str, key: str) -> MetadataItem:
    return MetadataItem({key: request.services.volume.volume_metadata.get(request.ctx, volume_id, key)})


@api.put(_ITEM_PATH, policy.METADATA_CREATE)
def update_metadata_item(request: ApiRequest, volume_id: str, key: str, body: MetadataItem) -> MetadataItem:
    if list(body.meta) != [key]:
        raise Invalid("Request body and URI mismatch")
    request.services.volume.volume_metadata.update(request.ctx, volume_id, body.meta)
    return body


@api.delete(_ITEM_PATH, policy.METADATA_DELETE, status=200)
def delete_metadata_item(request: ApiRequest, volume_id: str, key: str) -> None:
    request.services.volume.volume_metadata.delete(request.ctx, volume_id, key)
