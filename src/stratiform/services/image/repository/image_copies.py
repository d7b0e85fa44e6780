"""Queries for the copies of images in clouds."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, IntegrityError, TableGateway
from stratiform.services.image.model import ImageCopy
from stratiform.services.image.tables import image_copies

_rows = TableGateway(image_copies, ImageCopy, key="cloud_id")


def find(db: Connection, image_id: str, cloud_id: str) -> ImageCopy | None:
    return _rows.find_first(db, _is_copy(image_id, cloud_id))


def list_all(db: Connection, image_id: str) -> Sequence[ImageCopy]:
    return _rows.list_all(db, image_copies.c.image_id == image_id)


def insert(db: Connection, copy: ImageCopy) -> None:
    _rows.insert(db, copy)


def claim_upload(db: Connection, copy: ImageCopy, now: Micros) -> bool:
    """Write the claim of `copy`, unless another one has not expired yet; return whether it was written."""
    if find(db, copy.image_id, copy.cloud_id) is None:
        try:
            with db.begin_nested():
                _rows.insert(db, copy)
        except IntegrityError:
            return False
        return True
    expired = _is_copy(copy.image_id, copy.cloud_id) & (image_copies.c.claimed_until <= now)
    statement = update(image_copies).where(expired)
    claimed = statement.values(claimed_by=copy.claimed_by, claimed_until=copy.claimed_until)
    return db.execute(claimed).rowcount == 1


def renew_upload_claim(db: Connection, copy: ImageCopy, until: Micros) -> bool:
    """Set the end of the claim of `copy`; return False if another upload has claimed it."""
    return db.execute(update(image_copies).where(_is_claim(copy)).values(claimed_until=until)).rowcount == 1


def complete_upload(db: Connection, copy: ImageCopy, native_id: str) -> bool:
    """Store the native id and release the claim; return False if another upload has claimed the copy."""
    values = {"native_id": native_id, "claimed_until": 0}
    return db.execute(update(image_copies).where(_is_claim(copy)).values(values)).rowcount == 1


def delete(db: Connection, image_id: str, cloud_id: str) -> None:
    _rows.delete(db, _is_copy(image_id, cloud_id))


def _is_copy(image_id: str, cloud_id: str) -> ColumnElement[bool]:
    return (image_copies.c.image_id == image_id) & (image_copies.c.cloud_id == cloud_id)


def _is_claim(copy: ImageCopy) -> ColumnElement[bool]:
    return _is_copy(copy.image_id, copy.cloud_id) & (image_copies.c.claimed_by == copy.claimed_by)
