"""`/images/{image_id}/tags`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image.api import api
from stratiform.services.image import policy


@api.put("/images/{image_id}/tags/{tag}", policy.IMAGES_UPDATE, status=204)
def create_image_tag(request: ApiRequest, image_id: str, tag: str) -> None:
    request.services.image.image_tags.create(request.ctx, image_id, tag)


@api.delete("/images/{image_id}/tags/{tag}", policy.IMAGES_UPDATE)
def delete_image_tag(request: ApiRequest, image_id: str, tag: str) -> None:
    request.services.image.image_tags.delete(request.ctx, image_id, tag)
