"""Upload and download of image data.

An upload starts in one short transaction and ends in another; no transaction is open while data is received.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from stratiform.kit.clock import SECOND_US, Clock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.ids import Ids
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    ImageDataNotFound,
    ImageDeactivated,
    ImageNotFound,
    InvalidImageData,
    InvalidImageStatus,
    MissingImageFormats,
)
from stratiform.services.image.model import OS_HASH_ALGO, STORE_ID, Image, StoredData, build_import_state
from stratiform.services.image.repository import images as image_rows
from stratiform.services.image.repository.image_data_store import (
    BLOCK_BYTES,
    ImageDataStore,
    ImageDataUpload,
    hash_blocks,
)
from stratiform.services.image.service.image_access import lock_visible_image, require_in_own_project
from stratiform.services.image.service.image_formats import inspect_format
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.images import Images

logger = logging.getLogger(__name__)

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
    quotas: ImageQuotas
    requires_format_match: bool = True

    def begin_upload(self, ctx: RequestContext, image_id: str) -> ImageDataUpload:
        """Set the image to `saving` and return an upload for its data.

        Raises: ImageNotFound, MissingImageFormats, ImageQuotaExceeded, InvalidImageStatus if it has data or another
        upload is active.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGE_DATA_UPLOAD.require(ctx.caller, image.owner)
        missing = [name for name in ("container_format", "disk_format") if getattr(image, name) is None]
        if missing:
            raise MissingImageFormats(", ".join(missing))
        self.quotas.require(ctx.db, image.owner, "image_size_total")
        return self._begin(ctx.db, image, "saving", ctx.now)

    def begin_staging(self, ctx: RequestContext, image_id: str) -> ImageDataUpload:
        """Set the image to `uploading` and return an upload for data that is imported later.

        Raises: ImageNotFound, ImageQuotaExceeded, InvalidImageStatus if it has data or another upload is active.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_UPDATE.require(ctx.caller, image.owner)
        self.quotas.require(ctx.db, image.owner, "image_stage_total")
        return self._begin(ctx.db, image, "uploading", ctx.now)

    def begin_import(self, image_id: str) -> ImageDataUpload:
        """Return an upload for the data of an image that is `importing`. Opens its own transaction.

        Raises: ImageNotFound, InvalidImageStatus.
        """
        with self.database.transaction() as db:
            image = self._lock_importing(db, image_id)
            if image.upload:  # of an attempt that did not finish
                self.store.open_upload(image.id, image.upload).discard()
            upload_id = self.ids.hex()
            image_rows.save(db, replace(image, upload=upload_id, updated_at=self.clock.now()))
        return self.store.open_upload(image_id, upload_id)

    def finish_upload(self, upload: ImageDataUpload) -> Image:
        """Store the received data and activate the image. Opens its own transaction.

        Raises: ImageNotFound, InvalidImageData, StorageFull, ImageQuotaExceeded, and InvalidImageStatus if another
        upload has replaced this one.
        """
        return self._activate(upload.image_id, upload.upload_id, upload.finish())

    def finish_staging(self, upload: ImageDataUpload) -> Image:
        """Store the received data; the image remains `uploading`. Opens its own transaction.

        Raises: ImageNotFound, InvalidImageStatus if another upload has replaced this one, StorageFull,
        ImageQuotaExceeded.
        """
        stored = upload.finish()
        with self.database.transaction() as db:
            image = _lock_uploaded(db, upload.image_id, upload.upload_id)
            self.quotas.require(db, image.owner, "image_stage_total", stored.size)
            return image_rows.save(db, replace(image, size=stored.size, updated_at=self.clock.now()))

    def is_staged(self, image: Image) -> bool:
        """Return True if the data of the image was staged completely."""
        return image.status == "uploading" and self.store.exists(_file_name(image))

    def import_staged(self, image_id: str, renew: Callable[[Iterator[bytes]], Iterator[bytes]]) -> Image:
        """Activate an image that is `importing` with its staged data. `renew` wraps the reading of all data.

        Raises: ImageNotFound, ImageDataNotFound, InvalidImageStatus, InvalidImageData.
        """
        with self.database.transaction() as db:
            image = self._lock_importing(db, image_id)
        name = _file_name(image)
        if not self.store.exists(name):
            raise ImageDataNotFound(image_id)
        return self._activate(image_id, image.upload, hash_blocks(name, renew(self.store.read_blocks(name))))

    def find_active(self, image_id: str) -> Image | None:
        """Return an image if it is active, in a transaction of its own."""
        with self.database.read_transaction() as db:
            image = image_rows.find(db, image_id)
        return image if image is not None and image.status == "active" else None

    def abort_import(self, image_id: str) -> None:
        """Set an image that is `importing` back to `queued` and delete its data. Opens its own transaction."""
        with self.database.transaction() as db:
            image = image_rows.find_for_update(db, image_id)
            if image is None or image.status != "importing":
                return
            blank = replace(image, status="queued", upload="", size=None, updated_at=self.clock.now())
            image_rows.save(db, replace(blank, properties=image.properties | build_import_state(failed=STORE_ID)))
        if image.upload:
            self.store.open_upload(image.id, image.upload).discard()

    def _begin(self, db: Connection, image: Image, status: str, now: Micros) -> ImageDataUpload:
        if image.status in ("saving", "uploading") and self._is_upload_abandoned(image):
            self.store.open_upload(image.id, image.upload).discard()
        elif image.status != "queued":
            raise InvalidImageStatus(f"Image status transition from {image.status} to {status} is not allowed")
        else:
            self.quotas.require(db, image.owner, "image_count_uploading", 1)
        upload_id = self.ids.hex()
        image_rows.save(db, replace(image, status=status, upload=upload_id, updated_at=now))
        return self.store.open_upload(image.id, upload_id)

    def _activate(self, image_id: str, upload_id: str, stored: StoredData) -> Image:
        with self.database.read_transaction() as db:
            declared = image_rows.find(db, image_id)
        if declared is None:
            raise ImageNotFound(image_id)
        virtual_size = self._inspect(declared, stored)
        with self.database.transaction() as db:
            image = _lock_uploaded(db, image_id, upload_id)
            self.quotas.require(db, image.owner, "image_size_total", stored.size)
            active = replace(
                image,
                status="active",
                upload="",
                file=stored.file,
                size=stored.size,
                virtual_size=virtual_size,
                checksum=stored.checksum,
                os_hash_algo=OS_HASH_ALGO,
                os_hash_value=stored.os_hash_value,
                properties=image.properties | (build_import_state() if image.status == "importing" else {}),
                updated_at=self.clock.now(),
            )
            return image_rows.save(db, active)

    def _inspect(self, image: Image, stored: StoredData) -> int | None:
        """Return the virtual size. Raises InvalidImageData, unless formats need not match."""
        try:
            return inspect_format(image, stored.size, self.store.read_blocks(stored.file))
        except InvalidImageData as error:
            if self.requires_format_match:
                raise
            logger.info("image format not verified image=%s error=%r", image.id, str(error))
            return None

    def _lock_importing(self, db: Connection, image_id: str) -> Image:
        image = image_rows.find_for_update(db, image_id)
        if image is None:
            raise ImageNotFound(image_id)
        if image.status != "importing":
            raise InvalidImageStatus(f"Image {image_id} is not importing but {image.status}.")
        return image

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
                blank = replace(image, status="queued", upload="", size=None, updated_at=self.clock.now())
                image_rows.save(db, blank)
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

    def describe_store(self) -> tuple[str, int]:
        """Return the folder of the store, and the bytes that it reads at once."""
        return str(self.store.folder), BLOCK_BYTES

    def delete(self, image_id: str) -> None:
        """Delete the stored data of an image that was deleted."""
        self.store.delete(image_id)

    def _is_upload_abandoned(self, image: Image) -> bool:
        if self.is_staged(image):
            return False
        idle_s = self.store.find_idle_seconds(image.id, image.upload)
        if idle_s is not None:
            return idle_s > _UPLOAD_IDLE_TIMEOUT_S
        return self.clock.now() - image.updated_at > _UPLOAD_IDLE_TIMEOUT_S * SECOND_US


def _lock_uploaded(db: Connection, image_id: str, upload_id: str) -> Image:
    """Return the image of an upload, locked. Raises ImageNotFound, InvalidImageStatus if it has another upload."""
    image = image_rows.find_for_update(db, image_id)
    if image is None:
        raise ImageNotFound(image_id)
    if image.upload != upload_id:
        raise InvalidImageStatus(f"Another upload of image {image.id} has replaced this one.")
    return image


def _file_name(image: Image) -> str:
    """Return the name of the file with the data of the current upload."""
    return f"{image.id}.{image.upload}"
