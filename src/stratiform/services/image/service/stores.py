"""The stores of image data, and the deletion of data from one of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, Forbidden, NotFound
from stratiform.services.image import policy
from stratiform.services.image.model import StoreInfo, set_locations
from stratiform.services.image.service.image_access import lock_visible_image
from stratiform.services.image.service.image_data import ImageData
from stratiform.services.image.stores.registry import ImageStores


@dataclass(frozen=True, slots=True)
class Stores:
    """Source: Image API v2, "Stores", "Delete image from store"."""

    stores: ImageStores
    data: ImageData

    def list(self) -> Sequence[StoreInfo]:
        """Return all stores without checking a rule: every valid token may see them."""
        return [
            StoreInfo(
                id=store.id,
                kind=store.kind,
                description=store.description,
                weight=store.weight,
                is_default=store.id == self.stores.default_id,
                is_read_only=store.is_read_only,
                properties=store.describe(),
            )
            for store in self.stores.stores.values()
        ]

    def list_detail(self, ctx: RequestContext) -> Sequence[StoreInfo]:
        policy.STORES_DETAIL_GET.require(ctx.caller, None)
        return self.list()

    def list_writable_ids(self) -> Sequence[str]:
        return [store.id for store in self.stores.list_writable()]

    def delete_image(self, ctx: RequestContext, store_id: str, image_id: str) -> None:
        """Have the worker delete image data from a store. Source of the texts: glance/api/v2/images.py.

        Raises: ImageNotFound, NotFound, Conflict, Forbidden for the only store that has the data.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGE_LOCATIONS_GET.require(ctx.caller, image.owner)
        policy.IMAGE_LOCATIONS_DELETE.require(ctx.caller, image.owner)
        if store_id not in self.stores.stores:
            raise Conflict(f"The selected store {store_id} is not available on this node.")
        if image.status != "active":
            raise Conflict("It's not allowed to remove image data from store if image status is not 'active'")
        locations = image.data_locations
        if [location.store for location in locations] == [store_id]:
            raise Forbidden(
                "Cannot delete image data from the only store containing it. Consider deleting the image instead."
            )
        deleted = next((location for location in locations if location.store == store_id), None)
        if deleted is None:
            raise NotFound(f"Image {image_id} is not stored in store {store_id}.")
        remaining = [location for location in locations if location is not deleted]
        self.data.records.save(ctx.db, replace(set_locations(image, remaining), updated_at=ctx.now))
        self.data.enqueue_deletion(ctx.db, deleted)
