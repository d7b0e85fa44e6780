"""Images that compute creates of servers. Their completion is that of all `native_images`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stratiform.kit import outbox
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.image import policy
from stratiform.services.image.model import Image
from stratiform.services.image.repository import images
from stratiform.services.image.service.image_attributes import set_attributes, validate_attribute
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.image_records import ImageRecords


@dataclass(frozen=True, slots=True)
class ServerImages:
    """Operations for the compute service. Except for `create`, they check no policy."""

    ids: Ids
    quotas: ImageQuotas
    records: ImageRecords

    def create(
        self, ctx: RequestContext, project_id: str, name: str, properties: Mapping[str, object], status: str = "saving"
    ) -> Image:
        """Create an image in status `saving`; compute then calls `NativeImages.complete` or `delete`.

        An image of a server on a volume is active at once: it has no data, and its properties name snapshots.

        Raises: Invalid, Forbidden, ImageQuotaExceeded.
        """
        policy.IMAGES_CREATE.require(ctx.caller, project_id)
        image = Image(
            self.ids.uuid(),
            project_id,
            ctx.now,
            ctx.now,
            name=str(validate_attribute("name", name)),
            status=status,
            size=0 if status == "active" else None,
            visibility="private",
            disk_format="raw",
            container_format="bare",
        )
        image = set_attributes(ctx, image, properties)
        self.quotas.require(ctx.db, project_id, "image_count_total", 1)
        self.records.insert(ctx.db, image)
        outbox.append_name(ctx.db, "image", image.id, name, ctx.now)
        return image

    def delete(self, db: Connection, image_id: str, now: Micros) -> None:
        """Delete an image, and its copies in clouds. Idempotent."""
        image = images.find_for_update(db, image_id)
        if image is not None:
            self.records.delete(db, image, now)
        enqueue(db, "image.copy", image_id, now)

    def list_backups(self, db: Connection, project_id: str, server_id: str, backup_type: str) -> Sequence[Image]:
        """Return the active backups of a server, newest first."""
        expected = {"image_type": "backup", "backup_type": backup_type, "instance_uuid": server_id}
        return [
            image
            for image in images.list_active_of_owner(db, project_id)
            if expected.items() <= image.properties.items()
        ]
