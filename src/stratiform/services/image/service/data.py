"""The bytes of images, in and out.

An upload is begun in one short transaction and ended in another; between them nothing of the database is held.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import NotFound
from stratiform.services.image.errors import Deactivated, FormatsMissing, ImageNotFound, WrongState
from stratiform.services.image.model import OS_HASH_ALGO, Image
from stratiform.services.image.repository import files, records
from stratiform.services.image.repository.files import Incoming
from stratiform.services.image.service.members import MemberVerbs
from stratiform.services.image.service.parts import lock_seen, require_look, require_own

#: An upload of which nothing has come for so long is given up as soon as another one wants its place.
_SILENT_S = 120


@dataclass(frozen=True, slots=True)
class Data:
    """An image's bytes, ready to be read."""

    image: Image
    path: Path

    @property
    def size(self) -> int:
        return self.image.size or 0

    def blocks(self, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` on, in blocks of a mebibyte."""
        return files.blocks(self.path, start, length)


class DataVerbs(MemberVerbs):
    """Verbs on image data."""

    __slots__ = ()

    def begin_upload(self, ctx: RequestContext, image_id: str) -> Incoming:
        """Give the image to one upload. Raises WrongState where it has bytes or another upload is under way."""
        image = lock_seen(ctx, image_id)
        require_own(ctx, "upload_image", image)
        missing = [name for name in ("container_format", "disk_format") if getattr(image, name) is None]
        if missing:
            raise FormatsMissing(", ".join(missing))
        if image.status == "saving" and self._given_up(image):
            Incoming(self.folder, image.id, image.upload).drop()
        elif image.status != "queued":
            raise WrongState(f"Image status transition from {image.status} to saving is not allowed")
        upload = self.ids.hex()
        records.images.save(ctx.db, replace(image, status="saving", upload=upload, updated_at=ctx.now))
        return Incoming(self.folder, image.id, upload)

    def finish_upload(self, incoming: Incoming) -> Image:
        """Everything has come: the image is active. Opens its own transaction; not inside one.

        Raises WrongState where the image was deleted or given to another upload meanwhile; StoreFull.
        """
        stored = incoming.finish()
        with self.database.transaction() as db:
            image = records.locked(db, incoming.image_id)
            if image is None:
                raise ImageNotFound(incoming.image_id)
            if image.upload != incoming.upload:
                raise WrongState("another upload of this image was begun meanwhile")
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
            return records.images.save(db, active)

    def abort_upload(self, incoming: Incoming) -> None:
        """It broke off: no bytes are kept, and the image waits for them again. Not inside a transaction.

        Nothing happens where the upload has ended well after all and only the answer was lost.
        """
        incoming.drop_part()  # first, as on a full disk the database has no room for its word either
        with self.database.transaction() as db:
            image = records.locked(db, incoming.image_id)
            if image is not None and image.file == incoming.name:
                return
            if image is not None and image.upload == incoming.upload:
                records.images.save(db, replace(image, status="queued", upload="", updated_at=self.clock.now()))
        incoming.drop()

    def data(self, ctx: RequestContext, image_id: str) -> Data | None:
        """None: there are no bytes (yet). Raises Deactivated for all but the operator."""
        image = self.image(ctx, image_id)
        require_look(ctx, "download_image")
        if image.status == "deactivated" and not ctx.caller.is_admin:
            raise Deactivated
        if not image.file:
            return None
        path = self.folder / image.file
        if not path.exists():
            raise NotFound("Image data not found in the store")
        return Data(image, path)

    def _given_up(self, image: Image) -> bool:
        silent = files.silent_for_s(self.folder, image.id, image.upload)
        if silent is not None:
            return silent > _SILENT_S
        return self.clock.now() - image.updated_at > _SILENT_S * 1_000_000
