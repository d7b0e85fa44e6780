"""Images: records, status and visibility."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.kit import outbox
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, Forbidden, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Slice
from stratiform.kit.policy import Rule
from stratiform.services.image import policy
from stratiform.services.image.errors import ImageProtected
from stratiform.services.image.model import Image, ImageChange, ImageQuery
from stratiform.services.image.repository import images
from stratiform.services.image.service.data_deletion import enqueue_image_deletion
from stratiform.services.image.service.image_access import (
    get_visible_image,
    lock_visible_image,
    require_in_own_project,
    sees_all_projects,
)
from stratiform.services.image.service.image_attributes import apply_change, set_attributes, validate_attribute
from stratiform.services.image.service.image_locations import ImageLocations, Located
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.image_records import ImageRecords

_NOT_LOCATED: Located = {}

_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Images:
    """Source: Image API v2, "Images"."""

    ids: Ids
    quotas: ImageQuotas
    locations: ImageLocations
    records: ImageRecords

    def find(self, db: Connection, image_id: str) -> Image | None:
        """Return any image, for background tasks."""
        return images.find(db, image_id)

    def create(self, ctx: RequestContext, attributes: Mapping[str, object]) -> Image:
        """Create an image without data. `attributes` are named as in the API; other names are custom properties.

        Raises: Invalid, Forbidden, ImageQuotaExceeded, Conflict for an id that exists already.
        """
        values = dict(attributes)
        image_id = str(values.pop("id", "") or self.ids.uuid())
        owner = str(validate_attribute("owner", values.pop("owner", None) or ctx.caller.require_project_id()))
        policy.IMAGES_CREATE.require(ctx.caller, owner)
        if not _UUID.fullmatch(image_id):
            raise Invalid(f"Provided object does not match schema 'image': '{image_id}' is not a UUID")
        image = set_attributes(ctx, Image(image_id, owner, ctx.now, ctx.now), values)
        self.quotas.require(ctx.db, owner, "image_count_total", 1)
        if not self.records.insert(ctx.db, image):
            raise Conflict(f"Image ID {image_id} already exists!")
        _report_name(ctx, image)
        return image

    def create_for_native_ids(self, ctx: RequestContext, name: str, **attributes: object) -> Image:
        """Create a public, active image without data, whose native ids operators register in the clouds.

        `attributes`: as in `create`.
        """
        policy.IMAGES_PUBLICIZE.require(ctx.caller, None)
        defaults = {
            "owner": ctx.caller.project_id or "stratiform",
            "visibility": "public",
            "disk_format": "raw",
            "container_format": "bare",
        }
        image = self.create(ctx, {**defaults, "name": name, **attributes})
        return self.records.save(ctx.db, replace(image, status="active", size=0))

    def get(self, ctx: RequestContext, image_id: str) -> Image:
        """Raises ImageNotFound, also for an image that the caller does not see."""
        image = get_visible_image(ctx, image_id)
        require_in_own_project(ctx, policy.IMAGES_GET)
        return image

    def list(self, ctx: RequestContext, query: ImageQuery) -> Slice[Image]:
        """Return a page of the images of the project, public ones and accepted ones; operators see all projects.

        Raises: Invalid for a filter, sort key or marker that is not valid.
        """
        all_projects = sees_all_projects(ctx.caller)
        policy.IMAGES_LIST.require(ctx.caller, None if all_projects else ctx.caller.require_project_id())
        return images.list_page(ctx.db, query, ctx.caller.project_id, all_projects)

    def list_by_name(self, ctx: RequestContext, name: str) -> Sequence[Image]:
        """Return the visible images with a name, at most one page of them."""
        return self.list(ctx, ImageQuery({"name": [name]})).items

    def update(
        self, ctx: RequestContext, image_id: str, changes: Sequence[ImageChange], located: Located = _NOT_LOCATED
    ) -> Image:
        """Apply the operations of a JSON patch, all or none. `located`: the data at the addresses that it registers.

        Raises: ImageNotFound, Invalid, Forbidden, Conflict, LocationLimitExceeded, ImageQuotaExceeded.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_UPDATE.require(ctx.caller, image.owner)
        updated = image
        for change in changes:
            if change.name == "locations":
                updated = self.locations.apply(ctx, updated, change, located)
            else:
                updated = apply_change(ctx, updated, change)
        if updated == image:
            return image
        if updated.name != image.name:
            _report_name(ctx, updated)
        return self.records.save(ctx.db, replace(updated, updated_at=ctx.now))

    def delete(self, ctx: RequestContext, image_id: str) -> None:
        """Delete an image; a background task deletes its data and its copies in clouds.

        Raises: ImageNotFound, ImageProtected.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_DELETE.require(ctx.caller, image.owner)
        if image.protected:
            raise ImageProtected(image_id)
        self.records.delete(ctx.db, image, ctx.now)
        enqueue_image_deletion(ctx.db, image, ctx.now)

    def deactivate(self, ctx: RequestContext, image_id: str) -> None:
        """Allow only operators to download the data. Raises ImageNotFound, Forbidden for any status but active."""
        self._change_status(ctx, image_id, policy.IMAGES_DEACTIVATE, "active", "deactivated")

    def reactivate(self, ctx: RequestContext, image_id: str) -> None:
        """Undo `deactivate`. Raises ImageNotFound, Forbidden for an image that was never active."""
        self._change_status(ctx, image_id, policy.IMAGES_REACTIVATE, "deactivated", "active")

    def _change_status(self, ctx: RequestContext, image_id: str, rule: Rule, before: str, after: str) -> None:
        image = lock_visible_image(ctx, image_id)
        rule.require(ctx.caller, image.owner)
        if image.status not in (before, after):
            raise Forbidden(f"Not allowed to {rule.name} image in status '{image.status}'")
        self.records.save(ctx.db, replace(image, status=after, updated_at=ctx.now))


def _report_name(ctx: RequestContext, image: Image) -> None:
    """Report the name of an image, to which prices may refer."""
    if image.name:
        outbox.append_name(ctx.db, "image", image.id, image.name, ctx.now)
