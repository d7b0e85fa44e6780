"""The stores of image data, and the image cache, which this installation does not have."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.image import schemas, views
from stratiform.interfaces.openstack.image.api import api
from stratiform.kit.errors import Conflict, NotFound
from stratiform.services.image import policy

_NO_CACHE = "Caching via API is not supported at this site."


@api.get("/info/stores", policy.STORES_INFO_GET)
def show_stores_info(request: ApiRequest) -> schemas.StoresResponse:
    return schemas.StoresResponse([views.store_summary(store) for store in request.services.image.image_stores.list()])


@api.get("/info/stores/detail", policy.STORES_DETAIL_GET)
def show_stores_detail(request: ApiRequest) -> schemas.StoresDetailResponse:
    stores = request.services.image.image_stores.list_detail(request.ctx)
    return schemas.StoresDetailResponse([views.store_detail(store) for store in stores])


@api.delete("/stores/{store_id}/{image_id}", policy.IMAGE_LOCATIONS_DELETE, errors=(Conflict,))
def delete_image_from_store(request: ApiRequest, store_id: str, image_id: str) -> None:
    """Delete image data from a store, unless it is the only one that has it."""
    request.services.image.image_stores.delete_image(request.ctx, store_id, image_id)


@api.get("/cache", policy.IMAGE_CACHE_LIST)
def list_cached_images(request: ApiRequest) -> None:  # noqa: ARG001
    """Refuse: clouds read image data directly from the store, without a cache."""
    raise NotFound(_NO_CACHE)


@api.delete("/cache", policy.IMAGE_CACHE_DELETE)
def clear_image_cache(request: ApiRequest) -> None:  # noqa: ARG001
    """Refuse: clouds read image data directly from the store, without a cache."""
    raise NotFound(_NO_CACHE)


@api.put("/cache/{image_id}", policy.IMAGE_CACHE_CREATE, status=202)
def cache_image(request: ApiRequest, image_id: str) -> None:  # noqa: ARG001
    """Refuse: clouds read image data directly from the store, without a cache."""
    raise NotFound(_NO_CACHE)


@api.delete("/cache/{image_id}", policy.IMAGE_CACHE_DELETE)
def delete_cached_image(request: ApiRequest, image_id: str) -> None:  # noqa: ARG001
    """Refuse: clouds read image data directly from the store, without a cache."""
    raise NotFound(_NO_CACHE)
