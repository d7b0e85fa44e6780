"""`/images` and the actions of images."""

from collections.abc import Mapping, Sequence
from functools import partial

from stratiform.interfaces.endpoints import ApiRequest, ApiResponse
from stratiform.interfaces.endpoints.field_restrictions import get_set_fields
from stratiform.interfaces.openstack.image import schemas, views
from stratiform.interfaces.openstack.image.api import api
from stratiform.interfaces.openstack.image.json_patches import parse_patch
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, ContentTooLarge, Invalid, UnsupportedMediaType
from stratiform.kit.pagination import Page
from stratiform.services.image import policy
from stratiform.services.image.model import Image, ImageChange, ImageQuery, LocatedData

_PATH = "/images/{image_id}"

#: Query parameters that are not filters.
_LIST_PARAMETERS = ("limit", "marker", "sort", "sort_key", "sort_dir")


@api.get("/images", policy.IMAGES_LIST)
def list_images(request: ApiRequest) -> schemas.ImagesResponse:
    images = request.services.image.images.list(request.ctx, _parse_query(request.query_items))
    describe = partial(request.services.image.image_locations.describe, request.ctx.caller)
    return views.images_response(images, request.query_items, describe)


@api.post("/images", policy.IMAGES_CREATE, status=201, errors=(Conflict,))
def create_image(request: ApiRequest, body: schemas.ImageCreateRequest) -> ApiResponse[schemas.ImageDetail]:
    attributes = get_set_fields(body)
    extra = attributes.pop("extra")
    image = request.services.image.images.create(request.ctx, attributes | extra)
    headers = {
        "Location": request.view.build_url("images", image.id),
        "OpenStack-image-import-methods": ",".join(request.services.image.image_imports.methods),
        "OpenStack-image-store-ids": ",".join(request.services.image.image_stores.list_writable_ids()),
    }
    return ApiResponse(_build_detail(request, request.ctx, image), headers=headers)


@api.get(_PATH, policy.IMAGES_GET)
def show_image(request: ApiRequest, image_id: str) -> schemas.ImageDetail:
    return _build_detail(request, request.ctx, request.services.image.images.get(request.ctx, image_id))


@api.patch(
    _PATH,
    policy.IMAGES_UPDATE,
    errors=(Conflict, ContentTooLarge, UnsupportedMediaType),
    manages_transactions=True,
)
def update_image(request: ApiRequest, image_id: str, body: bytes) -> schemas.ImageDetail:
    """Update attributes, custom properties and locations. Servers with new data are contacted without a transaction."""
    changes = parse_patch(body, request.http.headers.get("content-type", ""))
    located = _locate(request, image_id, changes)
    with request.write_transaction() as ctx:
        image = request.services.image.images.update(ctx, image_id, changes, located)
        return _build_detail(request, ctx, image)


@api.delete(_PATH, policy.IMAGES_DELETE)
def delete_image(request: ApiRequest, image_id: str) -> None:
    request.services.image.images.delete(request.ctx, image_id)


@api.post("/images/{image_id}/actions/deactivate", policy.IMAGES_DEACTIVATE, status=204)
def deactivate_image(request: ApiRequest, image_id: str) -> None:
    request.services.image.images.deactivate(request.ctx, image_id)


@api.post("/images/{image_id}/actions/reactivate", policy.IMAGES_REACTIVATE, status=204)
def reactivate_image(request: ApiRequest, image_id: str) -> None:
    request.services.image.images.reactivate(request.ctx, image_id)


def _locate(request: ApiRequest, image_id: str, changes: Sequence[ImageChange]) -> Mapping[str, LocatedData]:
    """Return the data at the addresses that a patch registers."""
    new = [change for change in changes if change.name == "locations" and change.op != "remove"]
    if not new:
        return {}
    locations = request.services.image.image_locations
    with request.read_transaction() as ctx:
        urls = locations.list_new_urls(ctx, image_id, new)
    return locations.locate(urls)


def _build_detail(request: ApiRequest, ctx: RequestContext, image: Image) -> schemas.ImageDetail:
    return views.image_detail(image, request.services.image.image_locations.describe(ctx.caller, image))


def _parse_query(items: Sequence[tuple[str, str]]) -> ImageQuery:
    """Raises Invalid."""
    filters: dict[str, list[str]] = {}
    for name, value in items:
        if name not in _LIST_PARAMETERS:
            filters.setdefault(name, []).append(value)
    params = dict(items)
    return ImageQuery(filters, _parse_sort(items), Page.parse(params.get("limit"), params.get("marker")))


def _parse_sort(items: Sequence[tuple[str, str]]) -> Sequence[tuple[str, bool]]:
    """Parse `sort=name:asc,size`, or the older `sort_key` and `sort_dir`; the default is descending order.

    Raises: Invalid.
    """
    sorts = [value for name, value in items if name == "sort"]
    keys = [value for name, value in items if name == "sort_key"]
    directions = [value for name, value in items if name == "sort_dir"]
    if sorts and (keys or directions):
        raise Invalid("Old and new sorting syntax cannot be combined")
    if len(directions) > 1 and len(directions) != len(keys):
        raise Invalid("Number of sort dirs does not match the number of sort keys")
    parsed = []
    for item in ",".join(sorts).split(",") if sorts else ():
        key, _, direction = item.partition(":")
        parsed.append((key.strip(), direction.strip() or "desc"))
    for index, key in enumerate(keys):
        parsed.append((key, directions[index] if index < len(directions) else (directions or ["desc"])[0]))
    if not {direction for _, direction in parsed} <= {"asc", "desc"}:
        raise Invalid("Unknown sort direction, must be 'desc' or 'asc'.")
    return [(key, direction == "desc") for key, direction in parsed]
