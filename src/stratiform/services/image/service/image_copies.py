"""Copies of images in clouds.

A registered native image is used if there is one; otherwise the data is uploaded to the cloud, once per cloud.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.image import ImageDriver as CloudImages
from stratiform.kit.clock import SECOND_US, Clock
from stratiform.kit.database import Connection, Database
from stratiform.kit.errors import Unavailable
from stratiform.kit.ids import Ids
from stratiform.services.clouds.model import ResourceType
from stratiform.services.clouds.service import CloudsService
from stratiform.services.image.errors import ImageDataNotFound, ImageNotFound, InvalidImageData
from stratiform.services.image.model import Image, ImageCopy, ImageLocation, is_registered
from stratiform.services.image.repository import image_copies, images
from stratiform.services.image.service.external_data import check_blocks
from stratiform.services.image.stores.registry import ImageStores

#: Another worker may take over an upload whose claim was not renewed for this time.
_CLAIM_US = 60 * SECOND_US
_RENEWAL_INTERVAL_US = 10 * SECOND_US


@dataclass(frozen=True, slots=True)
class ImageCopies:
    """Calls clouds, so no transaction may be open around its methods, except those that get one."""

    database: Database
    ids: Ids
    clouds: CloudsService
    stores: ImageStores
    clock: Clock
    requires_format_match: bool = True

    def ensure_copy(self, cloud_id: str, image_id: str) -> str:
        """Return the native id of an image in a cloud, after uploading the image if the cloud does not have it.

        Raises: ImageNotFound, RequestRejected, NotSupported, Unavailable while another worker uploads the image,
        and the errors of `contract.image.ImageDriver.upload`.
        """
        with self.database.read_transaction() as db:
            registered_id = self.clouds.native_ids.find(db, cloud_id, ResourceType.IMAGE, image_id)
            copy = image_copies.find(db, image_id, cloud_id)
        if registered_id:
            return registered_id
        if copy is not None and copy.native_id:
            return copy.native_id
        cloud_images = self.clouds.connections.get(cloud_id).image
        claimed = self.claim_upload(cloud_id, image_id, cloud_images)
        try:
            return self._upload_claimed(claimed, cloud_images)
        except BaseException:
            self._renew_claim(claimed, 0)
            raise

    def list_clouds(self, db: Connection, image_id: str, cloud_ids: Collection[str]) -> Collection[str]:
        """Return those of these clouds that have an image: a registered native one, or a complete copy."""
        copies = {copy.cloud_id for copy in image_copies.list_all(db, image_id) if copy.native_id}
        return [
            cloud_id
            for cloud_id in cloud_ids
            if cloud_id in copies or self.clouds.native_ids.find(db, cloud_id, ResourceType.IMAGE, image_id)
        ]

    def delete(self, copy: ImageCopy) -> None:
        """Delete a copy from its cloud. If its native id was lost, it is looked up by our token first.

        Raises: Unavailable while the copy is being uploaded, and the errors of `contract.image.ImageDriver`.
        """
        cloud_images = self.clouds.connections.get(copy.cloud_id).image
        if cloud_images is None:
            return
        native_id = copy.native_id
        if not native_id and self._has_data(copy):
            if copy.claimed_until > self.clock.now():
                raise Unavailable(f"Image {copy.image_id} is being uploaded to cloud {copy.cloud_id}.")
            native_id = self._upload(copy, cloud_images)
        if native_id:
            cloud_images.delete(native_id)

    def claim_upload(self, cloud_id: str, image_id: str, cloud_images: CloudImages | None) -> ImageCopy:
        """Reserve the upload of an image to a cloud for this worker.

        Raises: ImageNotFound, RequestRejected, NotSupported, Unavailable if another worker has claimed it.
        """
        now = self.clock.now()
        with self.database.transaction() as db:
            image = images.find_for_update(db, image_id)
            if image is None:
                raise ImageNotFound(image_id)
            _require_uploadable(image, cloud_images)
            copy = ImageCopy(
                image_id=image_id,
                cloud_id=cloud_id,
                native_id="",
                name=image.name or image_id,
                disk_format=image.disk_format or "raw",
                locations=image.locations,
                claimed_by=self.ids.hex(),
                claimed_until=now + _CLAIM_US,
            )
            if not image_copies.claim_upload(db, copy, now):
                raise Unavailable(f"Another worker is uploading image {image_id} to cloud {cloud_id}.")
            return copy

    def _upload_claimed(self, claimed: ImageCopy, cloud_images: CloudImages | None) -> str:
        assert cloud_images is not None, "claim() rejects clouds without images"
        with self.database.read_transaction() as db:
            copy = image_copies.find(db, claimed.image_id, claimed.cloud_id)
        native_id = copy.native_id if copy is not None else ""
        if not native_id:
            native_id = self._upload(claimed, cloud_images)
        with self.database.transaction() as db:
            image_copies.complete_upload(db, claimed, native_id)
        return native_id

    def _upload(self, copy: ImageCopy, cloud_images: CloudImages) -> str:
        store, name = self.stores.locate(copy.data_locations, copy.image_id)
        size, blocks = store.get_size(name), store.read_blocks(name)
        if is_registered(ImageLocation(store.id, name)):
            blocks = self._check(copy, blocks)
        try:
            blocks = self._read_and_renew(copy, blocks)
            return cloud_images.upload(copy.image_id, copy.name, copy.disk_format, size, blocks).id
        except InvalidImageData as error:
            raise RequestRejected(error.message) from error

    def _check(self, copy: ImageCopy, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Check data of others, unless the image was deleted meanwhile, and so its copy is deleted, too."""
        with self.database.read_transaction() as db:
            image = images.find(db, copy.image_id)
        return blocks if image is None else check_blocks(image, blocks, self.requires_format_match)

    def _has_data(self, copy: ImageCopy) -> bool:
        """Raises StoreUnavailable."""
        try:
            self.stores.locate(copy.data_locations, copy.image_id)
        except ImageDataNotFound:
            return False
        return True

    def _read_and_renew(self, copy: ImageCopy, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield the data of the image, and renew the claim of its upload meanwhile."""
        renewed_at = self.clock.now()
        for block in blocks:
            now = self.clock.now()
            if now - renewed_at > _RENEWAL_INTERVAL_US:
                self._renew_claim(copy, now + _CLAIM_US)
                renewed_at = now
            yield block

    def _renew_claim(self, copy: ImageCopy, until: int) -> None:
        with self.database.transaction() as db:
            image_copies.renew_upload_claim(db, copy, until)


def _require_uploadable(image: Image, cloud_images: CloudImages | None) -> None:
    if image.status not in ("active", "deactivated"):
        raise RequestRejected(f"Image {image.id} is not active.")
    if not image.locations:
        raise RequestRejected(
            f"Image {image.id} has no data and is not registered in this cloud.",
            hint="an operator can register it: stratiform clouds images register",
        )
    if cloud_images is None:
        raise NotSupported(
            "This cloud does not support image uploads.",
            hint="an operator can register an existing image of the cloud: stratiform clouds images register",
        )
