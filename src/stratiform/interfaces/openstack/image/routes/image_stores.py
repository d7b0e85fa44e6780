"""The stores of image data, its locations, and the image cache, which this installation does not have."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import schemas
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Forbidden, NotFound
from stratiform.services.image import policy
from stratiform.services.image.model import STORE_ID

_DESCRIPTION = "Directory with the image data of this installation."
_NO_CACHE = "Caching via API is not supported at this site."


@api.get("/info/stores", policy.STORES_INFO_GET)
def show_stores_info(request: ApiRequest) -> schemas.StoresResponse:  # noqa: ARG001
    return schemas.StoresResponse([schemas.StoreSummary(id=STORE_ID, description=_DESCRIPTION)])


@api.get("/info/stores/detail", policy.STORES_DETAIL_GET)
def show_stores_detail(request: ApiRequest) -> schemas.StoresDetailResponse:
    folder, chunk_size = request.services.image.image_data.describe_store()
    store = schemas.StoreDetail(
        id=STORE_ID, description=_DESCRIPTION, properties=schemas.StoreProperties(folder, chunk_size)
    )
    return schemas.StoresDetailResponse([store])


@api.delete("/stores/{store_id}/{image_id}", policy.IMAGES_DELETE)
def delete_image_from_store(request: ApiRequest, store_id: str, image_id: str) -> None:
    """Refuse to delete image data from its only store."""
    image = request.services.image.images.get(request.ctx, image_id)
    policy.IMAGES_DELETE.require(request.ctx.caller, image.owner)
    if store_id != STORE_ID or not image.file:
        raise NotFound(f"Image {image_id} is not stored on store {store_id}.")
    raise Forbidden("Cannot delete image data from the only store containing it. Consider deleting the image instead.")


def _get_image(request: ApiRequest, image_id: str) -> object:
    return request.services.image.images.get(request.ctx, image_id)


_NO_LOCATIONS = f"Image data is only in the store '{STORE_ID}', which does not provide locations to clients."
api.declare_unsupported(
    "GET", "/images/{image_id}/locations", policy.IMAGE_LOCATIONS_GET, _NO_LOCATIONS, get=_get_image
)
api.declare_unsupported(
    "POST", "/images/{image_id}/locations", policy.IMAGE_LOCATIONS_CREATE, _NO_LOCATIONS, get=_get_image
)


@api.get("/cache", policy.IMAGE_CACHE_LIST)
def list_cached_images(request: ApiRequest) -> None:  # noqa: ARG001
    """Refuse: clouds read image data directly from the store, without a cache."""
    raise NotFound(_NO_CACHE)


@api.delete("/cache", policy.IMAGE_CACHE_DELETE)
def clear_image_cache(request: ApiRequest) -> None:  # noqa: ARG001
    """Refuse, as for the list."""
    raise NotFound(_NO_CACHE)


@api.put("/cache/{image_id}", policy.IMAGE_CACHE_CREATE, status=202)
def cache_image(request: ApiRequest, image_id: str) -> None:  # noqa: ARG001
    """Refuse, as for the list."""
    raise NotFound(_NO_CACHE)


@api.delete("/cache/{image_id}", policy.IMAGE_CACHE_DELETE)
def delete_cached_image(request: ApiRequest, image_id: str) -> None:  # noqa: ARG001
    """Refuse, as for the list."""
    raise NotFound(_NO_CACHE)
