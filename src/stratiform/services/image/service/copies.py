"""Images in clouds: the cloud's own where it is registered, else our bytes, carried there once."""

from collections.abc import Iterator
from pathlib import Path

from stratiform.contract.errors import NotSupported, RequestRejected
from stratiform.contract.image import Images
from stratiform.kit.clock import SECOND_US
from stratiform.kit.errors import Unavailable
from stratiform.services.clouds.model import ResourceType
from stratiform.services.image.errors import ImageNotFound
from stratiform.services.image.model import Copy, Image
from stratiform.services.image.repository import files, records
from stratiform.services.image.service.data import DataVerbs

#: How long a copier may be silent before another takes over.
_CLAIM_US = 60 * SECOND_US
_RENEW_US = 10 * SECOND_US


class CopyVerbs(DataVerbs):
    """Verbs on the copies of images in clouds."""

    __slots__ = ()

    def in_cloud(self, cloud_id: str, image_id: str) -> str:
        """The native id of our image in a cloud, where it is copied to first if need be. Not inside a transaction.

        Raises Refused, NotSupported where that can't be; Unavailable while another worker copies it; and
        what a cloud can answer.
        """
        with self.database.snapshot() as db:
            registered = self.clouds.native_resources.find_id(db, cloud_id, ResourceType.IMAGE, image_id)
            copy = records.copy(db, image_id, cloud_id)
        if registered:
            return registered
        if copy is not None and copy.native_id:
            return copy.native_id
        images = self.clouds.connections.get(cloud_id).image
        mine = self._claim(cloud_id, image_id, images)
        try:
            return self._carry(mine, images)
        except BaseException:
            self._let_go(mine)
            raise

    def remove_copy(self, copy: Copy) -> None:
        """Delete an image's copy in a cloud. An answer that was lost is asked for again first, by our token.

        Not inside a transaction. Raises Unavailable while it is being made.
        """
        images = self.clouds.connections.get(copy.cloud_id).image
        if images is None:
            return
        native_id = copy.native_id
        if not native_id and (self.folder / copy.file).exists():
            if copy.claimed_until > self.clock.now():
                raise Unavailable("the image is being copied to the cloud")
            native_id = self._uploaded(copy, images)
        if native_id:
            images.delete(native_id)

    def _claim(self, cloud_id: str, image_id: str, images: Images | None) -> Copy:
        now = self.clock.now()
        with self.database.transaction() as db:
            image = records.locked(db, image_id)
            if image is None:
                raise ImageNotFound(image_id)
            _require_bytes(image, images)
            wanted = Copy(
                image_id=image_id,
                cloud_id=cloud_id,
                native_id="",
                name=image.name or image_id,
                disk_format=image.disk_format or "raw",
                file=image.file,
                claimed_by=self.ids.hex(),
                claimed_until=now + _CLAIM_US,
            )
            if not records.claim(db, wanted, now):
                raise Unavailable(f"image {image_id} is being copied to the cloud by another worker")
            return wanted

    def _carry(self, mine: Copy, images: Images | None) -> str:
        assert images is not None, "a claim is refused without them"
        with self.database.snapshot() as db:
            there = records.copy(db, mine.image_id, mine.cloud_id)
        native_id = there.native_id if there is not None else ""
        if not native_id:
            native_id = self._uploaded(mine, images)
        with self.database.transaction() as db:
            records.set_copy(db, mine, native_id=native_id, claimed_until=0)
        return native_id

    def _uploaded(self, copy: Copy, images: Images) -> str:
        path = self.folder / copy.file
        size = path.stat().st_size
        return images.upload(copy.image_id, copy.name, copy.disk_format, size, self._renewing(copy, path)).id

    def _renewing(self, mine: Copy, path: Path) -> Iterator[bytes]:
        """The bytes; while they are taken, the claim is kept up."""
        renewed_at = self.clock.now()
        for block in files.blocks(path):
            now = self.clock.now()
            if now - renewed_at > _RENEW_US:
                with self.database.transaction() as db:
                    records.set_copy(db, mine, claimed_until=now + _CLAIM_US)
                renewed_at = now
            yield block

    def _let_go(self, mine: Copy) -> None:
        with self.database.transaction() as db:
            records.set_copy(db, mine, claimed_until=0)


def _require_bytes(image: Image, images: Images | None) -> None:
    if image.status not in ("active", "deactivated"):
        raise RequestRejected(f"Image {image.id} is not active.")
    if not image.file:
        raise RequestRejected(
            f"image {image.id} has no data and is not registered in this cloud",
            hint="an operator registers it: stratiform clouds images register",
        )
    if images is None:
        raise NotSupported(
            "this kind of cloud takes no images of ours",
            hint="an operator registers one of the cloud's own: stratiform clouds images register",
        )
