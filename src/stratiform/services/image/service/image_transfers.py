"""Transfer of image data to stores, in the background: imports, and copies of data that exists already.

The names of objects are those of the upload or the task, so a repeated attempt replaces what an earlier one wrote.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Fault, Unavailable
from stratiform.services.image.errors import (
    ImageDataNotFound,
    ImageNotFound,
    InvalidImageStatus,
    StorageFull,
    StoreReadOnly,
    StoreUnavailable,
    UnknownStore,
)
from stratiform.services.image.model import (
    Image,
    ImageLocation,
    StoredData,
    build_import_state,
    is_registered,
    set_locations,
)
from stratiform.services.image.repository import images as image_rows
from stratiform.services.image.service.external_data import check_blocks
from stratiform.services.image.service.image_data import ImageData, lock_uploaded
from stratiform.services.image.stores.uploads import ImageDataUpload, build_object_name, copy_blocks, hash_blocks

logger = logging.getLogger(__name__)

#: Wraps the reading of data, to keep the lease of the job.
Renewal = Callable[[Iterator[bytes]], Iterator[bytes]]

#: Errors that concern one store and not the data.
_STORE_ERRORS = (StorageFull, StoreReadOnly, StoreUnavailable, UnknownStore)


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """`store_ids`: where to; `all_must_succeed`: nothing remains if it fails for one of them."""

    image_id: str
    store_ids: Sequence[str]
    all_must_succeed: bool


@dataclass(frozen=True, slots=True)
class _Transfer:
    """A transfer in progress of the data of `image`. `stored` and `upload_id` are those of an import; a copy has none.

    `source`: the data; `name`: that of the new objects; `published`: the locations of the image before.
    """

    request: TransferRequest
    source: ImageLocation
    name: str
    published: Sequence[ImageLocation]
    image: Image
    stored: StoredData | None = None
    virtual_size: int | None = None
    upload_id: str = ""
    locations: list[ImageLocation] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def remaining(self) -> list[str]:
        finished = {*self.failed, *(location.store for location in self.locations)}
        return [store_id for store_id in self.request.store_ids if store_id not in finished]


@dataclass(frozen=True, slots=True)
class ImageTransfers:
    """Every method opens its own transactions."""

    database: Database
    data: ImageData

    def begin_download(self, image_id: str) -> ImageDataUpload:
        """Return an upload to the staging folder for an image that is `importing`.

        Raises: ImageNotFound, InvalidImageStatus.
        """
        with self.database.transaction() as db:
            image = _lock(db, image_id)
            if image.status != "importing":
                raise InvalidImageStatus(f"Image {image_id} is not importing but {image.status}.")
            if image.upload:  # of an attempt that did not finish
                self.data.discard_unfinished(db, image)
            upload_id = self.data.ids.hex()
            self.data.records.save(db, replace(image, upload=upload_id, updated_at=self.data.clock.now()))
        return self.data.stores.open_upload(image_id, upload_id, self.data.store.id)

    def get(self, image_id: str) -> Image:
        """Return an image in its current state. Raises ImageNotFound."""
        with self.database.read_transaction() as db:
            image = image_rows.find(db, image_id)
        if image is None:
            raise ImageNotFound(image_id)
        return image

    def import_staged(self, request: TransferRequest, renew: Renewal) -> Image:
        """Write staged data to stores and activate the image: after the first store, or if all must succeed, the last.

        Raises: ImageNotFound, ImageDataNotFound, InvalidImageStatus, InvalidImageData, ImageQuotaExceeded, and the
        error of a store if all must succeed, or if it is the last one and all have failed.
        """
        image = self.get(request.image_id)
        name = build_object_name(image.id, image.upload)
        source = ImageLocation(self.data.store.id, name)
        if not self.data.store.exists(name):
            raise ImageDataNotFound(image.id)
        stored = hash_blocks(source, renew(self.data.store.read_blocks(name)))
        virtual_size = self.data.inspect(image.id, stored)
        transfer = _Transfer(request, source, name, image.data_locations, image, stored, virtual_size, image.upload)
        imported = self._run(transfer, renew)
        if source not in imported.data_locations:
            self.data.store.delete(name)
        return imported

    def copy(self, request: TransferRequest, task_id: str, renew: Renewal) -> Image:
        """Write the data of an active image to more stores.

        Raises: ImageNotFound, ImageDataNotFound, ImageQuotaExceeded, and the errors of stores as `import_staged`.
        """
        image = self.get(request.image_id)
        name = build_object_name(image.id, task_id.replace("-", ""))
        store, source_name = self.data.stores.locate(image.data_locations, image.id)
        source = ImageLocation(store.id, source_name)
        return self._run(_Transfer(request, source, name, image.data_locations, image), renew)

    def abort(self, image_id: str, store_ids: Sequence[str]) -> None:
        """Record a failed transfer. An image that is `importing` is `queued` again, and its data is deleted."""
        with self.database.transaction() as db:
            image = image_rows.find_for_update(db, image_id)
            if image is None:
                return
            present = {location.store for location in image.data_locations}
            failed = [store_id for store_id in store_ids if store_id not in present]
            if image.status == "importing":
                image = replace(image, status="queued", size=None)
                present = set()
            if image.upload and self.data.store.id not in present:
                self.data.store.delete(build_object_name(image.id, image.upload))
            properties = image.properties | build_import_state(failed=",".join(failed))
            self.data.records.save(
                db, replace(image, upload="", properties=properties, updated_at=self.data.clock.now())
            )

    def _run(self, transfer: _Transfer, renew: Renewal) -> Image:
        """Write data to all stores. What an error of the database interrupts is repeated, other errors are final."""
        try:
            for store_id in transfer.request.store_ids:
                self._report_start(transfer, store_id)
                self._write(transfer, store_id, renew)
                self._record(transfer, is_finished=False)
            return self._record(transfer, is_finished=True)
        except Fault as error:
            if isinstance(error, StoreUnavailable) or not isinstance(error, Unavailable):
                self._discard(transfer)
                if not isinstance(error, _STORE_ERRORS):  # those are reported for each store
                    self._report_failure(transfer, error)
            raise

    def _report_start(self, transfer: _Transfer, store_id: str) -> None:
        if self.data.records.notifier.is_enabled:
            with self.database.transaction() as db:
                image = _lock(db, transfer.request.image_id)
                self.data.records.report_upload(db, image, store_id, self.data.clock.now())

    def _report_failure(self, transfer: _Transfer, error: Fault) -> None:
        if self.data.records.notifier.is_enabled:
            with self.database.transaction() as db:
                now = self.data.clock.now()
                self.data.records.report_failed_upload(db, transfer.request.image_id, error, now)

    def _write(self, transfer: _Transfer, store_id: str, renew: Renewal) -> None:
        """Write data to a store, and add it to `locations` or `failed`.

        Raises: the error of the store if all must succeed, or if all have failed.
        """
        location = ImageLocation(store_id, transfer.name)
        try:
            store = self.data.stores.get(store_id)
            if location != transfer.source and location not in transfer.published:
                copy_blocks(store, transfer.name, renew(self._read(transfer)))
        except _STORE_ERRORS as error:
            image_id = transfer.request.image_id
            logger.warning("image transfer failed image=%s store=%s error=%r", image_id, store_id, str(error))
            self._report_failure(transfer, error)
            transfer.failed.append(store_id)
            if transfer.request.all_must_succeed or len(transfer.failed) == len(transfer.request.store_ids):
                raise
        else:
            transfer.locations.append(location)

    def _read(self, transfer: _Transfer) -> Iterator[bytes]:
        """Read the data. Raises InvalidImageData if others have changed it since its registration."""
        blocks = self.data.stores.get(transfer.source.store).read_blocks(transfer.source.name)
        if is_registered(transfer.source):
            return check_blocks(transfer.image, blocks, self.data.requires_format_match)
        return blocks

    def _record(self, transfer: _Transfer, *, is_finished: bool) -> Image:
        """Save the progress, and add the new data to the image unless all stores must succeed and some remain.

        Raises: ImageNotFound, InvalidImageStatus, ImageQuotaExceeded.
        """
        with self.database.transaction() as db:
            image = _lock(db, transfer.request.image_id)
            if transfer.stored is not None:
                image = lock_uploaded(db, image.id, transfer.upload_id)
            published = image
            if is_finished or not transfer.request.all_must_succeed:
                published = self._publish(db, image, transfer)
            state = build_import_state(importing=",".join(transfer.remaining), failed=",".join(transfer.failed))
            saved = replace(published, properties=published.properties | state, updated_at=self.data.clock.now())
            saved = replace(saved, upload="") if is_finished else saved
            if published.locations == image.locations:
                return self.data.records.save(db, saved)
            return self.data.records.save_with_data(db, saved, is_activated=published.status != image.status)

    def _publish(self, db: Connection, image: Image, transfer: _Transfer) -> Image:
        """Return the image with the new locations. Raises ImageQuotaExceeded."""
        new = [location for location in transfer.locations if location not in image.data_locations]
        if not new:
            return image
        if image.status == "importing" and transfer.stored is not None:
            return self.data.activate(db, image, transfer.stored, transfer.virtual_size, new)
        self.data.quotas.require(db, image.owner, "image_size_total", (image.size or 0) * len(new))
        return set_locations(image, [*image.data_locations, *new])

    def _discard(self, transfer: _Transfer) -> None:
        """Have the worker delete what was written and is not data of the image."""
        with self.database.transaction() as db:
            image = image_rows.find(db, transfer.request.image_id)
            published = image.data_locations if image is not None else []
            for store_id in transfer.request.store_ids:
                location = ImageLocation(store_id, transfer.name)
                if location not in (*published, transfer.source):
                    self.data.enqueue_deletion(db, location)


def _lock(db: Connection, image_id: str) -> Image:
    image = image_rows.find_for_update(db, image_id)
    if image is None:
        raise ImageNotFound(image_id)
    return image
