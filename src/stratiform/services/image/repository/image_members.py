"""Queries for image members."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, update

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.image.model import ImageMember
from stratiform.services.image.tables import image_members

_rows = TableGateway(image_members, ImageMember, key="member_id")


def find(db: Connection, image_id: str, member_id: str) -> ImageMember | None:
    return _rows.find_first(db, _is_member(image_id, member_id))


def list_all(db: Connection, image_id: str) -> Sequence[ImageMember]:
    return _rows.list_all(db, image_members.c.image_id == image_id)


def insert(db: Connection, member: ImageMember) -> ImageMember:
    return _rows.insert(db, member)


def save(db: Connection, member: ImageMember) -> None:
    row = _is_member(member.image_id, member.member_id)
    db.execute(update(image_members).where(row).values(_rows.to_columns(member)))


def delete(db: Connection, image_id: str, member_id: str) -> bool:
    """Return False if the project was not a member."""
    return _rows.delete(db, _is_member(image_id, member_id)) == 1


def _is_member(image_id: str, member_id: str) -> ColumnElement[bool]:
    return (image_members.c.image_id == image_id) & (image_members.c.member_id == member_id)
