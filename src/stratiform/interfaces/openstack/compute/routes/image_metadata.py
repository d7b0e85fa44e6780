"""`/images/{image_id}/metadata`, until 2.38: custom properties of images of the image service."""

from collections.abc import Mapping

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_metadata as schemas
from stratiform.kit.errors import Invalid, NotFound
from stratiform.services.image import policy
from stratiform.services.image.model import ImageChange

_PATH = "/images/{image_id}/metadata"
_ITEM_PATH = "/images/{image_id}/metadata/{key}"

#: The last microversion with these paths.
_UNTIL = 38


@api.get(_PATH, policy.IMAGES_GET, until=_UNTIL)
def list_image_metadata(request: ApiRequest, image_id: str) -> schemas.MetadataResponse:
    return schemas.MetadataResponse(_get(request, image_id))


@api.post(_PATH, policy.IMAGES_UPDATE, until=_UNTIL)
def create_image_metadata(
    request: ApiRequest, image_id: str, body: schemas.MetadataRequest
) -> schemas.MetadataResponse:
    return schemas.MetadataResponse(_update(request, image_id, body.metadata))


@api.put(_PATH, policy.IMAGES_UPDATE, until=_UNTIL)
def replace_image_metadata(
    request: ApiRequest, image_id: str, body: schemas.MetadataRequest
) -> schemas.MetadataResponse:
    removed = [name for name in _get(request, image_id) if name not in body.metadata]
    return schemas.MetadataResponse(_update(request, image_id, body.metadata, removed))


@api.get(_ITEM_PATH, policy.IMAGES_GET, until=_UNTIL)
def show_image_metadata_item(request: ApiRequest, image_id: str, key: str) -> schemas.MetadataItemResponse:
    return schemas.MetadataItemResponse({key: _get_item(request, image_id, key)})


@api.put(_ITEM_PATH, policy.IMAGES_UPDATE, until=_UNTIL)
def update_image_metadata_item(
    request: ApiRequest, image_id: str, key: str, body: schemas.MetadataItemRequest
) -> schemas.MetadataItemResponse:
    if list(body.meta) != [key]:
        raise Invalid("Request body and URI mismatch")
    _update(request, image_id, body.meta)
    return schemas.MetadataItemResponse(body.meta)


@api.delete(_ITEM_PATH, policy.IMAGES_UPDATE, until=_UNTIL)
def delete_image_metadata_item(request: ApiRequest, image_id: str, key: str) -> None:
    _get_item(request, image_id, key)
    _update(request, image_id, {}, [key])


def _get(request: ApiRequest, image_id: str) -> Mapping[str, str]:
    """Return the custom properties of an image, without those of the image service. Raises ImageNotFound."""
    properties = request.services.image.images.get(request.ctx, image_id).properties
    return {name: value for name, value in properties.items() if not name.startswith("os_glance_")}


def _get_item(request: ApiRequest, image_id: str, key: str) -> str:
    properties = _get(request, image_id)
    if key not in properties:
        raise NotFound("Metadata item was not found")
    return properties[key]


def _update(
    request: ApiRequest, image_id: str, items: Mapping[str, str], removed: list[str] | None = None
) -> Mapping[str, str]:
    """Set and remove properties, and return all. Raises ImageNotFound, Forbidden, Invalid."""
    changes = [
        *(ImageChange("remove", name) for name in removed or ()),
        *(ImageChange("add", name, value) for name, value in items.items()),
    ]
    request.services.image.images.update(request.ctx, image_id, changes)
    return _get(request, image_id)
