"""Upload and download of image data.

An upload starts in one short transaction and ends in another; no transaction is open while data is received.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from stratiform.kit.clock import SECOND_US, Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Database
from stratiform.kit.ids import Ids
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    ImageDataNotFound,
    ImageDeactivated,
    ImageNotFound,
    InvalidImageStatus,
    MissingImageFormats,
)
from stratiform.services.image.model import OS_HASH_ALGO, Image
from stratiform.services.image.repository import images as image_rows
from stratiform.services.image.repository.image_data_store import ImageDataStore, ImageDataUpload
from stratiform.services.image.service.image_access import lock_visible_image, require_in_own_project
from stratiform.services.image.service.images import Images

#: A new upload replaces an unfinished one that has received nothing for this time.
_UPLOAD_IDLE_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class ImageFile:
    """The stored data of an image."""

    image: Image
    store: ImageDataStore

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.image.size or 0

    def read_blocks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes from offset `start`, or all bytes to the end, in blocks of 1 MiB."""
        return self.store.read_blocks(self.image.file, start, length)


@dataclass(frozen=True, slots=True)
class ImageData:
    """Source: Image API v2, "Image data"."""

    database: Database
    ids: Ids
    images: Images
    store: ImageDataStore
    clock: Clock

    def begin_upload(self, ctx: RequestContext, image_id: str) -> ImageDataUpload:
        """Set the image to `saving` and return an upload for its data.

        Raises: ImageNotFound, MissingImageFormats, InvalidImageStatus if it has data or another upload is active.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGE_DATA_UPLOAD.require(ctx.caller, image.owner)
        missing = [name for name in ("container_format", "disk_format") if getattr(image, name) is None]
        if missing:
            raise MissingImageFormats(", ".join(missing))
        if image.status == "saving" and self._is_upload_abandoned(image):
            self.store.open_upload(image.id, image.upload).discard()
        elif image.status != "queued":
            raise InvalidImageStatus(f"Image status transition from {image.status} to saving is not allowed")
        upload_id = self.ids.hex()
        image_rows.save(ctx.db, replace(image, status="saving", upload=upload_id, updated_at=ctx.now))
        return self.store.open_upload(image.id, upload_id)

    def finish_upload(self, upload: ImageDataUpload) -> Image:
        """Store the received data and activate the image. Opens its own transaction.

        Raises: ImageNotFound, InvalidImageStatus if another upload has replaced this one, StorageFull.
        """
        stored = upload.finish()
        with self.database.transaction() as db:
            image = image_rows.find_for_update(db, upload.image_id)
            if image is None:
                raise ImageNotFound(upload.image_id)
            if image.upload != upload.upload_id:
                raise InvalidImageStatus(f"Another upload of image {image.id} has replaced this one.")
            active = replace(
                image,
                status="active",
                upload="",
                file=stored.file,
                size=stored.size,
                checksum=stored.checksum,
                os_hash_algo=OS_HASH_ALGO,
                os_hash_value=stored.os_hash_value,
                updated_at=self.clock.now(),
            )
            return image_rows.save(db, active)

    def abort_upload(self, upload: ImageDataUpload) -> None:
        """Delete the received data and set the image back to `queued`. Opens its own transaction.

        Does nothing if the upload was committed and only its confirmation was lost.
        """
        # The partial file goes first: on a full disk the database may not be able to write before.
        upload.discard_partial()
        with self.database.transaction() as db:
            image = image_rows.find_for_update(db, upload.image_id)
            if image is not None and image.file == upload.file_name:
                return
            if image is not None and image.upload == upload.upload_id:
                image_rows.save(db, replace(image, status="queued", upload="", updated_at=self.clock.now()))
        upload.discard()

    def find_data(self, ctx: RequestContext, image_id: str) -> ImageFile | None:
        """Return the data of an image, or None before its upload. Raises ImageNotFound, ImageDeactivated."""
        image = self.images.get(ctx, image_id)
        require_in_own_project(ctx, policy.IMAGE_DATA_DOWNLOAD)
        if image.status == "deactivated" and not ctx.caller.is_admin:
            raise ImageDeactivated
        if not image.file:
            return None
        if not self.store.exists(image.file):
            raise ImageDataNotFound(image_id)
        return ImageFile(image, self.store)

    def delete(self, image_id: str) -> None:
        """Delete the stored data of an image that was deleted."""
        self.store.delete(image_id)

    def _is_upload_abandoned(self, image: Image) -> bool:
        idle_s = self.store.find_idle_seconds(image.id, image.upload)
        if idle_s is not None:
            return idle_s > _UPLOAD_IDLE_TIMEOUT_S
        return self.clock.now() - image.updated_at > _UPLOAD_IDLE_TIMEOUT_S * SECOND_US
