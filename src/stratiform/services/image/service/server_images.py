"""Images that compute creates of servers: their data exists only in the server's cloud."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from stratiform.contract.image import NativeImage
from stratiform.kit import outbox
from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.work_queue import enqueue
from stratiform.services.image import policy
from stratiform.services.image.model import Image, ImageCopy
from stratiform.services.image.repository import image_copies, images
from stratiform.services.image.service.image_attributes import set_attributes, validate_attribute


@dataclass(frozen=True, slots=True)
class ServerImages:
    """Operations for the compute service. Except for `create`, they check no policy."""

    ids: Ids

    def create(self, ctx: RequestContext, project_id: str, name: str, properties: Mapping[str, object]) -> Image:
        """Create an image in status `saving`; compute then calls `complete` or `delete`.

        Raises: Invalid, Forbidden.
        """
        policy.IMAGES_CREATE.require(ctx.caller, project_id)
        image = Image(
            self.ids.uuid(),
            project_id,
            ctx.now,
            ctx.now,
            name=str(validate_attribute("name", name)),
            status="saving",
            visibility="private",
            disk_format="raw",
            container_format="bare",
        )
        image = set_attributes(ctx, image, properties)
        images.insert(ctx.db, image)
        outbox.append_name(ctx.db, "image", image.id, name, ctx.now)
        return image

    def complete(self, db: Connection, image_id: str, cloud_id: str, native: NativeImage, now: Micros) -> None:
        """Activate an image that its cloud has created. If it was deleted meanwhile, it is deleted there as well.

        Idempotent.
        """
        if image_copies.find(db, image_id, cloud_id) is not None:
            return
        image = images.find_for_update(db, image_id)
        name = "" if image is None else image.name or image_id
        image_copies.insert(db, ImageCopy(image_id, cloud_id, native.id, name, "raw", "", "", 0))
        if image is None:
            enqueue(db, "image.copy", image_id, now)
            return
        min_disk = max(image.min_disk, native.min_disk_gib)
        active = replace(image, status="active", size=native.size_bytes, min_disk=min_disk, updated_at=now)
        images.save(db, active)

    def delete(self, db: Connection, image_id: str, now: Micros) -> None:
        """Delete an image, and its copies in clouds. Idempotent."""
        images.delete(db, image_id)
        enqueue(db, "image.copy", image_id, now)

    def list_backups(self, db: Connection, project_id: str, server_id: str, backup_type: str) -> Sequence[Image]:
        """Return the active backups of a server, newest first."""
        expected = {"image_type": "backup", "backup_type": backup_type, "instance_uuid": server_id}
        return [
            image
            for image in images.list_active_of_owner(db, project_id)
            if expected.items() <= image.properties.items()
        ]
