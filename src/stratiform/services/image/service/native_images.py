"""Images that a cloud creates of servers and volumes: their data exists in that cloud only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from stratiform.contract.image import NativeImage
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.work_queue import enqueue
from stratiform.services.image.model import Image, ImageCopy
from stratiform.services.image.repository import image_copies, images
from stratiform.services.image.service.images import Images


@dataclass(frozen=True, slots=True)
class NativeImages:
    """The record of an image while the cloud creates it. `complete` and `fail` are called in a task's transaction."""

    images: Images

    def create(self, ctx: RequestContext, attributes: Mapping[str, object]) -> Image:
        """Create an image in status `saving`. Raises: as `Images.create`."""
        image = self.images.create(ctx, attributes)
        return self.images.records.save(ctx.db, replace(image, status="saving"))

    def get_name(self, db: Connection, image_id: str) -> str:
        """Return the name of an image, or its id if it has none or was deleted."""
        image = images.find(db, image_id)
        return (image.name if image is not None else None) or image_id

    def complete(self, db: Connection, image_id: str, cloud_id: str, native: NativeImage, now: Micros) -> None:
        """Activate an image; one that was deleted meanwhile is deleted from the cloud too. Idempotent."""
        image = images.find_for_update(db, image_id)
        if image_copies.find(db, image_id, cloud_id) is None:
            name = (image.name if image is not None else None) or image_id
            copy = ImageCopy(image_id, cloud_id, native.id, name, "raw", [], "", 0)
            image_copies.insert(db, copy)
        if image is None:
            enqueue(db, "image.copy", image_id, now)
        elif image.status == "saving":
            min_disk = max(image.min_disk, native.min_disk_gib)
            active = replace(image, status="active", size=native.size_bytes, min_disk=min_disk, updated_at=now)
            self.images.records.report_activation(db, active)
            self.images.records.save(db, active)

    def fail(self, db: Connection, image_id: str, now: Micros) -> None:
        """Record that the cloud did not create an image."""
        image = images.find_for_update(db, image_id)
        if image is not None and image.status == "saving":
            self.images.records.save(db, replace(image, status="killed", updated_at=now))
