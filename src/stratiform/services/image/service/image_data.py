"""Upload and download of image data.

An upload starts in one short transaction and ends in another; no transaction is open while data is received.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from stratiform.kit.clock import SECOND_US, Clock, Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.ids import Ids
from stratiform.kit.policy import Caller
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    ImageDeactivated,
    ImageNotFound,
    InvalidImageData,
    InvalidImageStatus,
    MissingImageFormats,
    StoreReadOnly,
    StoreUnavailable,
)
from stratiform.services.image.model import (
    OS_HASH_ALGO,
    Image,
    ImageLocation,
    StoredData,
    build_import_state,
    set_locations,
)
from stratiform.services.image.repository import images as image_rows
from stratiform.services.image.service.data_deletion import enqueue_deletion
from stratiform.services.image.service.image_access import lock_visible_image, require_in_own_project
from stratiform.services.image.service.image_formats import inspect_format
from stratiform.services.image.service.image_quotas import ImageQuotas
from stratiform.services.image.service.image_records import ImageRecords
from stratiform.services.image.service.images import Images
from stratiform.services.image.stores.files import FileStore
from stratiform.services.image.stores.registry import ImageStores
from stratiform.services.image.stores.uploads import ImageDataUpload, build_object_name

logger = logging.getLogger(__name__)

#: A new upload replaces an unfinished one that has received nothing for this time.
_UPLOAD_IDLE_TIMEOUT_S = 120


@dataclass(frozen=True, slots=True)
class ImageFile:
    """The stored data of an image. `source`: the location that is read."""

    image: Image
    stores: ImageStores
    source: ImageLocation | None = None

    @property
    def size(self) -> int:
        """The size in bytes."""
        return self.image.size or 0

    def open(self) -> "ImageFile":
        """Return this file after a check that a store has it. Raises ImageDataNotFound, StoreUnavailable."""
        return replace(self, source=self._locate())

    def read_blocks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Yield `length` bytes from offset `start`, or all bytes to the end, in blocks of at most 1 MiB."""
        source = self.source or self._locate()
        return self.stores.get(source.store).read_blocks(source.name, start, length)

    def _locate(self) -> ImageLocation:
        store, name = self.stores.locate(self.image.data_locations, self.image.id)
        return ImageLocation(store.id, name)


@dataclass(frozen=True, slots=True)
class ImageData:
    """Source: Image API v2, "Image data"."""

    database: Database
    ids: Ids
    images: Images
    stores: ImageStores
    clock: Clock
    quotas: ImageQuotas
    requires_format_match: bool = True

    @property
    def records(self) -> ImageRecords:
        return self.images.records

    @property
    def store(self) -> FileStore:
        """The local store, where data is staged."""
        return self.stores.local

    def begin_upload(self, ctx: RequestContext, image_id: str, store_id: str = "") -> ImageDataUpload:
        """Set the image to `saving` and return an upload for its data. `store_id` "": the default store.

        Raises: ImageNotFound, MissingImageFormats, ImageQuotaExceeded, UnknownStore, StoreReadOnly, InvalidImageStatus
        if it has data or another upload is active.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGE_DATA_UPLOAD.require(ctx.caller, image.owner)
        missing = [name for name in ("container_format", "disk_format") if getattr(image, name) is None]
        if missing:
            raise MissingImageFormats(", ".join(missing))
        store = self.stores.get(store_id or self.stores.default_id)
        if store.is_read_only:
            raise StoreReadOnly
        self.quotas.require(ctx.db, image.owner, "image_size_total")
        return self._begin(ctx.db, image, "saving", ctx.now, store.id)

    def begin_staging(self, ctx: RequestContext, image_id: str) -> ImageDataUpload:
        """Set the image to `uploading` and return an upload for data that is imported later.

        Raises: ImageNotFound, ImageQuotaExceeded, InvalidImageStatus if it has data or another upload is active.
        """
        image = lock_visible_image(ctx, image_id)
        policy.IMAGES_UPDATE.require(ctx.caller, image.owner)
        self.quotas.require(ctx.db, image.owner, "image_stage_total")
        return self._begin(ctx.db, image, "uploading", ctx.now, self.store.id)

    def finish_upload(self, upload: ImageDataUpload) -> Image:
        """Store the received data and activate the image. Opens its own transaction.

        Raises: ImageNotFound, InvalidImageData, StorageFull, StoreUnavailable, ImageQuotaExceeded, and
        InvalidImageStatus if another upload has replaced this one.
        """
        stored = upload.finish()
        virtual_size = self.inspect(upload.image_id, stored)
        with self.database.transaction() as db:
            image = lock_uploaded(db, upload.image_id, upload.upload_id)
            active = self.activate(db, image, stored, virtual_size, [stored.location])
            return self.records.save_with_data(db, replace(active, upload=""), is_activated=True)

    def finish_staging(self, upload: ImageDataUpload) -> Image:
        """Store the received data; the image remains `uploading`. Opens its own transaction.

        Raises: ImageNotFound, InvalidImageStatus if another upload has replaced this one, StorageFull,
        ImageQuotaExceeded.
        """
        stored = upload.finish()
        with self.database.transaction() as db:
            image = lock_uploaded(db, upload.image_id, upload.upload_id)
            self.quotas.require(db, image.owner, "image_stage_total", stored.size)
            return self.records.save(db, replace(image, size=stored.size, updated_at=self.clock.now()))

    def is_staged(self, image: Image) -> bool:
        """Return True if the data of the image was staged completely."""
        return image.status == "uploading" and self.store.exists(build_object_name(image.id, image.upload))

    def activate(
        self,
        db: Connection,
        image: Image,
        stored: StoredData,
        virtual_size: int | None,
        locations: list[ImageLocation],
    ) -> Image:
        """Return an image as active, with its data. Raises ImageQuotaExceeded."""
        self.quotas.require(db, image.owner, "image_size_total", stored.size * len(locations))
        active = replace(
            image,
            status="active",
            size=stored.size,
            virtual_size=virtual_size,
            checksum=stored.checksum,
            os_hash_algo=OS_HASH_ALGO,
            os_hash_value=stored.os_hash_value,
            properties=image.properties | (build_import_state() if image.status == "importing" else {}),
            updated_at=self.clock.now(),
        )
        return set_locations(active, locations)

    def inspect(self, image_id: str, stored: StoredData) -> int | None:
        """Return the virtual size of stored data.

        Raises: ImageNotFound, StoreUnavailable, InvalidImageData, unless formats need not match.
        """
        with self.database.read_transaction() as db:
            declared = image_rows.find(db, image_id)
        if declared is None:
            raise ImageNotFound(image_id)
        try:
            return inspect_format(declared, stored.size, self.stores.read_blocks([stored.location], image_id))
        except InvalidImageData as error:
            if self.requires_format_match:
                raise
            logger.info("image format not verified image=%s error=%r", image_id, str(error))
            return None

    def abort_upload(self, upload: ImageDataUpload, error: BaseException) -> None:
        """Delete the received data, set the image back to `queued`, and report the error. Opens its own transaction.

        Does nothing if the upload was committed and only its confirmation was lost.
        """
        self._abort(upload, error)

    def abort_staging(self, upload: ImageDataUpload, _error: BaseException) -> None:
        """As `abort_upload`, but report nothing, as Glance."""
        self._abort(upload, None)

    def _abort(self, upload: ImageDataUpload, error: BaseException | None) -> None:
        # The partial file goes first: on a full disk the database may not be able to write before.
        upload.discard_partial()
        with self.database.transaction() as db:
            image = image_rows.find_for_update(db, upload.image_id)
            if image is not None and upload.location in image.data_locations:
                return
            if image is not None and image.upload == upload.upload_id:
                blank = replace(image, status="queued", upload="", size=None, updated_at=self.clock.now())
                self.records.save(db, blank)
            if error is not None:
                self.records.report_failed_upload(db, upload.image_id, error, self.clock.now())
            if upload.store is not self.store:
                self.enqueue_deletion(db, upload.location)
        if upload.store is self.store:
            upload.discard()

    def find_data(self, ctx: RequestContext, image_id: str) -> ImageFile | None:
        """Return the data of an image, or None before its upload. Raises ImageNotFound, ImageDeactivated."""
        image = self.images.get(ctx, image_id)
        require_in_own_project(ctx, policy.IMAGE_DATA_DOWNLOAD)
        if image.status == "deactivated" and not ctx.caller.is_admin:
            raise ImageDeactivated
        if not image.locations:
            return None
        return ImageFile(image, self.stores)

    def read_for_caller(self, file: ImageFile, caller: Caller, start: int, length: int) -> Iterator[bytes]:
        """Yield data for a download, which is reported when it is complete."""
        yield from file.read_blocks(start, length)
        if self.records.notifier.is_enabled:
            with self.database.transaction() as db:
                self.records.report_download(db, file.image, caller, length, self.clock.now())

    def enqueue_deletion(self, db: Connection, location: ImageLocation) -> None:
        """Have the worker delete data, again and again while its store is unreachable; data of others is kept."""
        enqueue_deletion(db, location, self.clock.now())

    def delete_location(self, store_id: str, name: str) -> None:
        """Delete data from a store. Raises StoreUnavailable."""
        if store_id in self.stores.stores:
            self.stores.get(store_id).delete(name)

    def delete(self, image_id: str) -> None:
        """Delete the data of an image that was deleted, in every store. Raises StoreUnavailable."""
        unreachable: StoreUnavailable | None = None
        for store in self.stores.list_writable():
            try:
                store.delete_prefix(f"{image_id}.")
            except StoreUnavailable as error:
                unreachable = error
        if unreachable is not None:
            raise unreachable

    def discard_unfinished(self, db: Connection, image: Image) -> None:
        """Delete the data of an upload that was abandoned."""
        name = build_object_name(image.id, image.upload)
        self.store.delete(name)
        for store in self.stores.list_writable():
            if store is not self.store:
                self.enqueue_deletion(db, ImageLocation(store.id, name))

    def _begin(self, db: Connection, image: Image, status: str, now: Micros, store_id: str) -> ImageDataUpload:
        if image.status in ("saving", "uploading") and self._is_upload_abandoned(image):
            self.discard_unfinished(db, image)
        elif image.status != "queued":
            raise InvalidImageStatus(f"Image status transition from {image.status} to {status} is not allowed")
        else:
            self.quotas.require(db, image.owner, "image_count_uploading", 1)
        upload_id = self.ids.hex()
        begun = self.records.save(db, replace(image, status=status, upload=upload_id, updated_at=now))
        if status == "saving":
            self.records.report_upload(db, begun, store_id, now)
        return self.stores.open_upload(image.id, upload_id, store_id)

    def _is_upload_abandoned(self, image: Image) -> bool:
        if self.is_staged(image):
            return False
        idle_s = self.store.find_idle_seconds(build_object_name(image.id, image.upload))
        if idle_s is not None:
            return idle_s > _UPLOAD_IDLE_TIMEOUT_S
        return self.clock.now() - image.updated_at > _UPLOAD_IDLE_TIMEOUT_S * SECOND_US


def lock_uploaded(db: Connection, image_id: str, upload_id: str) -> Image:
    """Return the image of an upload, locked. Raises ImageNotFound, InvalidImageStatus if it has another upload."""
    image = image_rows.find_for_update(db, image_id)
    if image is None:
        raise ImageNotFound(image_id)
    if image.upload != upload_id:
        raise InvalidImageStatus(f"Another upload of image {image.id} has replaced this one.")
    return image
