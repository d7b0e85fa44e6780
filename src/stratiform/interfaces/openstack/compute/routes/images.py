"""`/images`, until 2.35: images of the image service."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest, ViewContext
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import images as schemas
from stratiform.interfaces.openstack.compute.views.links import bookmark_link, next_links, resource_links
from stratiform.kit.clock import format_iso_seconds
from stratiform.services.image import policy
from stratiform.services.image.model import Image, ImageQuery

#: The last microversion with these paths.
_UNTIL = 35

_STATUSES = {"active": "ACTIVE", "queued": "SAVING", "saving": "SAVING", "deleted": "DELETED", "killed": "ERROR"}
#: Statuses of the image service by those of the filter. Source: nova/api/openstack/compute/images.py.
_STATUS_FILTERS = {"ACTIVE": "active", "SAVING": "in:queued,saving", "DELETED": "deleted", "ERROR": "killed"}
_PROGRESS = {"ACTIVE": 100, "SAVING": 50}


@api.get("/images", policy.IMAGES_LIST, until=_UNTIL)
def list_images(request: ApiRequest, query: schemas.ImageListQuery) -> schemas.ImagesResponse:
    images = request.services.image.images.list(request.ctx, _image_query(query))
    items = [_summary(image, request.view) for image in images.items]
    return schemas.ImagesResponse(items, next_links(request, [item.id for item in items], more=images.more))


@api.get("/images/detail", policy.IMAGES_LIST, until=_UNTIL)
def list_images_detail(request: ApiRequest, query: schemas.ImageListQuery) -> schemas.ImagesDetailResponse:
    images = request.services.image.images.list(request.ctx, _image_query(query))
    items = [_detail(image, request.view) for image in images.items]
    return schemas.ImagesDetailResponse(items, next_links(request, [item.id for item in items], more=images.more))


@api.get("/images/{image_id}", policy.IMAGES_GET, until=_UNTIL)
def show_image(request: ApiRequest, image_id: str) -> schemas.ImageResponse:
    return schemas.ImageResponse(_detail(request.services.image.images.get(request.ctx, image_id), request.view))


@api.delete("/images/{image_id}", policy.IMAGES_DELETE, until=_UNTIL)
def delete_image(request: ApiRequest, image_id: str) -> None:
    request.services.image.images.delete(request.ctx, image_id)


def _image_query(query: schemas.ImageListQuery) -> ImageQuery:
    status = None if query.status is None else _STATUS_FILTERS.get(query.status.upper(), query.status.lower())
    filters = {
        "name": query.name,
        "status": status,
        "instance_uuid": None if query.server is None else query.server.rpartition("/")[2],
        "image_type": query.type,
        "updated_at": None if query.changes_since is None else f"gte:{query.changes_since}",
        "min_ram": query.min_ram,
        "min_disk": query.min_disk,
    }
    return ImageQuery({name: [value] for name, value in filters.items() if value is not None}, page=query.page())


def _summary(image: Image, view: ViewContext) -> schemas.ImageSummary:
    return schemas.ImageSummary(image.id, image.name, resource_links(view, "images", image.id))


def _detail(image: Image, view: ViewContext) -> schemas.ImageDetail:
    status = _STATUSES.get(image.status, "UNKNOWN")
    server_id = image.properties.get("instance_uuid")
    server = schemas.ImageServer(server_id, [bookmark_link(view, "servers", server_id)]) if server_id else UNSET
    return schemas.ImageDetail(
        id=image.id,
        name=image.name,
        links=resource_links(view, "images", image.id),
        status=status,
        created=format_iso_seconds(image.created_at),
        updated=format_iso_seconds(image.updated_at),
        min_disk=image.min_disk,
        min_ram=image.min_ram,
        progress=_PROGRESS.get(status, 0),
        metadata=image.properties,
        server=server,
        size=image.size,
    )
