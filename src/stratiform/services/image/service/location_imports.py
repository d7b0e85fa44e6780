"""Registration of existing data as that of an image, in the background, with its hash.

Source: Image API v2, "Add location"; Glance's "New Location APIs Support"; glance/async_/flows/location_import.py.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from stratiform.kit.clock import MINUTE_US, Clock
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Conflict, Fault, Forbidden, Invalid
from stratiform.kit.ids import Ids
from stratiform.kit.policy import SYSTEM
from stratiform.kit.public_downloads import is_http_url
from stratiform.services.image import policy
from stratiform.services.image.errors import (
    ImageNotFound,
    InvalidImageData,
    InvalidImageStatus,
    InvalidLocation,
    StoreUnavailable,
)
from stratiform.services.image.model import (
    OS_HASH_ALGO,
    Image,
    ImageTask,
    LocatedData,
    NewLocation,
    StoredData,
    set_locations,
)
from stratiform.services.image.repository import image_tasks, images
from stratiform.services.image.service import import_tasks
from stratiform.services.image.service.image_access import lock_visible_image
from stratiform.services.image.service.image_data import ImageData
from stratiform.services.image.service.image_locations import ImageLocations, activate
from stratiform.services.image.service.validation_data import check_hash_length, set_hashes
from stratiform.services.image.stores.uploads import hash_blocks

logger = logging.getLogger(__name__)

TASK_TYPE = "location_import"

#: Data is read again after an error, as in Glance (`http_retries`), unless its server has been slow.
_RETRIES = 3
_RETRY_WINDOW_US = 10 * MINUTE_US


@dataclass(frozen=True, slots=True)
class LocationImports:
    """`hashes`: data is hashed, and the hash that a client states is verified, as with Glance's `do_secure_hash`."""

    database: Database
    ids: Ids
    data: ImageData
    locations: ImageLocations
    clock: Clock
    hashes: bool = True

    def create(self, ctx: RequestContext, image_id: str, new: NewLocation) -> ImageTask:
        """Start the registration of data. Raises ImageNotFound, Conflict, Forbidden, Invalid."""
        image = lock_visible_image(ctx, image_id)
        if image.status != "queued":
            raise Conflict(f"It's not allowed to add locations if image status is {image.status}.")
        policy.IMAGE_LOCATIONS_CREATE.require(ctx.caller, image.owner)
        is_web = new.url.startswith("http")
        if "service" not in ctx.caller.roles and (not is_web or self.data.stores.find_http() is None):
            raise Forbidden("http store must be enabled to use location API by normal user.")
        check_hash_length(new.validation_data)
        if is_web and not is_http_url(new.url):
            raise Invalid(f"URI for add location does not pass filtering: {new.url}")
        unfinished = [task for task in image_tasks.list_of_image(ctx.db, image_id) if task.expires_at is None]
        if unfinished:
            raise Conflict(
                f"New operation on image '{image_id}' is not permitted as prior operation is still in progress"
            )
        values: dict[str, object] = {
            "image_id": image_id,
            "loc_url": new.url,
            "validation_data": dict(new.validation_data),
        }
        return import_tasks.create_task(ctx, self.ids, TASK_TYPE, image_id, values)

    def import_data(self, task: ImageTask, keep_lease: Callable[[], None]) -> Image:
        """Register and hash the data of a task. No transaction may be open. Raises: Fault, with the reason."""
        data = self.locations.find_data(str(task.input["loc_url"]))
        if data is None:
            raise InvalidLocation
        image = self._register(task, data)
        if not self.hashes or image.os_hash_value is not None:
            return image
        if image.status == "importing":
            return self._save_hash(task, self._hash(task, data, keep_lease))
        return self._hash_active(task, data, keep_lease)

    def finish(self, task: ImageTask, image: Image) -> ImageTask:
        """Return the task after its success."""
        return import_tasks.succeed(task, image.id, self.clock.now())

    def fail(self, task: ImageTask, reason: str) -> ImageTask:
        """Return the task after its failure; an image whose data was not verified has no data again."""
        with self.database.transaction() as db:
            image = images.find_for_update(db, task.image_id)
            if image is not None and image.status == "importing":
                blank = replace(set_locations(image, []), status="queued", size=None, updated_at=self.clock.now())
                self.data.records.save(db, blank)
        return import_tasks.fail(task, reason, self.clock.now())

    def _register(self, task: ImageTask, data: LocatedData) -> Image:
        """Add the location. The image is active, unless a hash has to be verified first.

        Raises: ImageNotFound, InvalidImageStatus, InvalidLocation, MissingImageFormats, ImageQuotaExceeded.
        """
        stated = _get_validation_data(task)
        with self.database.transaction() as db:
            image = self._lock(db, task)
            if data.location in image.data_locations:  # by an attempt whose end was not recorded
                return image
            if image.status != "queued":
                raise InvalidImageStatus(f"It's not allowed to add locations if image status is {image.status}.")
            ctx = RequestContext(db, SYSTEM, self.clock.now())
            image = activate(self.locations.register(ctx, image, [data.location], [data]))
            if self.hashes and stated:
                image = replace(image, status="importing")
            elif stated:
                image = set_hashes(image, stated)
            return self.data.records.save(db, replace(image, updated_at=ctx.now))

    def _hash_active(self, task: ImageTask, data: LocatedData, keep_lease: Callable[[], None]) -> Image:
        """Hash the data of an image that is active already; it remains so if the data cannot be read."""
        try:
            return self._save_hash(task, self._hash(task, data, keep_lease))
        except ImageNotFound:
            raise
        except Fault as error:
            logger.warning("image data not hashed image=%s error=%r", task.image_id, error.message)
            with self.database.transaction() as db:
                return self._lock(db, task)

    def _hash(self, task: ImageTask, data: LocatedData, keep_lease: Callable[[], None]) -> StoredData:
        """Read and hash the data, again after an error. Raises StoreUnavailable."""
        retry_until = self.clock.now() + _RETRY_WINDOW_US
        for _ in range(_RETRIES):
            try:
                return self._hash_once(task, data, keep_lease)
            except StoreUnavailable as error:
                if self.clock.now() > retry_until:
                    raise
                logger.info("failed to hash image data, retrying image=%s error=%r", task.image_id, str(error))
        return self._hash_once(task, data, keep_lease)

    def _hash_once(self, task: ImageTask, data: LocatedData, keep_lease: Callable[[], None]) -> StoredData:
        algorithm = _get_validation_data(task).get("os_hash_algo", OS_HASH_ALGO)
        store = self.data.stores.get(data.location.store)
        blocks = store.read_blocks(data.location.name, 0, data.size + 1)  # a server may send more than it has stated
        return hash_blocks(data.location, import_tasks.renew_lease(blocks, keep_lease, self.clock), algorithm)

    def _save_hash(self, task: ImageTask, stored: StoredData) -> Image:
        """Record the hash and activate the image.

        Raises: ImageNotFound, Invalid for another hash than the stated one, and InvalidImageData for another size.
        """
        stated = _get_validation_data(task)
        with self.database.transaction() as db:
            image = self._lock(db, task)
            if stored.size != image.size:
                raise InvalidImageData(f"The size of the data is not the stated one of {image.size} bytes.")
            if stated and stated["os_hash_value"].lower() != stored.os_hash_value:
                raise Invalid(
                    f"os_hash_value: ({stated['os_hash_value']}) not matched with actual os_hash_value: "
                    f"({stored.os_hash_value})"
                )
            hashed = replace(
                image,
                status="active" if image.status == "importing" else image.status,
                checksum=stored.checksum,
                os_hash_algo=stated.get("os_hash_algo", OS_HASH_ALGO),
                os_hash_value=stored.os_hash_value,
                updated_at=self.clock.now(),
            )
            return self.data.records.save(db, hashed)

    def _lock(self, db: Connection, task: ImageTask) -> Image:
        image = images.find_for_update(db, task.image_id)
        if image is None:
            raise ImageNotFound(task.image_id)
        return image


def _get_validation_data(task: ImageTask) -> dict[str, str]:
    values = task.input["validation_data"]
    assert isinstance(values, dict), "this service writes the input"
    return values
