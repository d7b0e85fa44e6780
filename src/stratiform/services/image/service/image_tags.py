"""Tags of images."""

from dataclasses import dataclass, replace

from stratiform.kit.context import RequestContext
from stratiform.services.image import policy
from stratiform.services.image.errors import ImageTagNotFound
from stratiform.services.image.service.image_access import lock_visible_image
from stratiform.services.image.service.image_attributes import validate_tags
from stratiform.services.image.service.image_records import ImageRecords


@dataclass(frozen=True, slots=True)
class ImageTags:
    """Source: Image API v2, "Image tags"."""

    records: ImageRecords

    def create(self, ctx: RequestContext, image_id: str, tag: str) -> None:
        """Add a tag, if the image does not have it. Raises ImageNotFound, Invalid."""
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_UPDATE.require(ctx.caller, image.owner)
        if tag not in image.tags:
            tags = validate_tags([*image.tags, tag])
            self.records.save(ctx.db, replace(image, tags=tags, updated_at=ctx.now))

    def delete(self, ctx: RequestContext, image_id: str, tag: str) -> None:
        """Raises ImageNotFound, ImageTagNotFound."""
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_UPDATE.require(ctx.caller, image.owner)
        if tag not in image.tags:
            raise ImageTagNotFound(tag)
        tags = [other for other in image.tags if other != tag]
        self.records.save(ctx.db, replace(image, tags=tags, updated_at=ctx.now))
