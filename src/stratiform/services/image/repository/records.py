"""Images, members and copies: by id, and in lists."""

import operator
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, Text, and_, func, or_, select, true, type_coerce
from sqlalchemy import update as sql_update

from stratiform.kit.clock import Micros, parse_iso
from stratiform.kit.db import Connection, IntegrityError, Rows
from stratiform.kit.errors import Invalid
from stratiform.kit.keyset import sorted_page
from stratiform.kit.numbers import parse_uint
from stratiform.kit.pagination import Slice
from stratiform.services.image.model import VISIBILITIES, Copy, Image, Listing, Member
from stratiform.services.image.tables import image_in_cloud, image_members
from stratiform.services.image.tables import images as table

images = Rows(table, Image)
members = Rows(image_members, Member, key="member_id")
copies = Rows(image_in_cloud, Copy, key="cloud_id")

_COLUMNS = (
    "id",
    "name",
    "status",
    "owner",
    "disk_format",
    "container_format",
    "checksum",
    "min_disk",
    "min_ram",
    "protected",
    "size",
    "os_hash_algo",
    "os_hash_value",
    "virtual_size",
)
_TIMES = ("created_at", "updated_at")
_SORTABLE = (
    "name",
    "status",
    "container_format",
    "disk_format",
    "size",
    "id",
    "created_at",
    "updated_at",
    "owner",
    "min_disk",
    "min_ram",
    "visibility",
)
_COMPARE = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


def listed(db: Connection, listing: Listing, project_id: str | None, everyones: bool) -> Slice[Image]:
    """A page of the images that the project sees. Raises Invalid for a filter or an order that can't be."""
    filters = dict(listing.filters)
    visibility = filters.pop("visibility", [""])[0]
    member_status = filters.pop("member_status", ["accepted"])[0]
    hidden = filters.pop("os_hidden", ["false"])[0].lower() in ("true", "1", "yes")
    where = [
        _seen(project_id or "", everyones, visibility, member_status),
        table.c.os_hidden.is_(hidden),
        *(_condition(name, values) for name, values in filters.items()),
    ]
    sort = [(_sortable(name), down) for name, down in listing.sort] or [(table.c.created_at, True)]
    return sorted_page(images, db, listing.page, sort, *where)


def _seen(project_id: str, everyones: bool, visibility: str, member_status: str) -> ColumnElement[bool]:
    c = table.c
    if visibility and visibility not in (*VISIBILITIES, "all"):
        raise Invalid(f"Invalid visibility value: {visibility}")
    asked = c.visibility == visibility if visibility not in ("", "all") else true()
    if everyones:
        return asked
    shared = select(image_members.c.image_id).where(image_members.c.member_id == project_id)
    if member_status != "all":
        shared = shared.where(image_members.c.status == member_status)
    mine = or_(c.owner == project_id, c.visibility == "public", and_(c.visibility == "shared", c.id.in_(shared)))
    if visibility in ("community", "all"):
        mine = or_(mine, c.visibility == "community")
    return and_(asked, mine)


def _condition(name: str, values: list[str]) -> ColumnElement[bool]:
    if name == "tag":
        return and_(*[_within(table.c.tags, msgspec.json.encode(tag).decode()) for tag in values])
    if name in ("size_min", "size_max"):
        return table.c.size >= _number(values[0]) if name == "size_min" else table.c.size <= _number(values[0])
    if name in _TIMES:
        return _compared(name, values[0])
    if name in _COLUMNS:
        return _among(name, values[0])
    pair = msgspec.json.encode({name: values[0]}).decode()[1:-1]
    return _within(table.c.properties, pair)


def _among(name: str, value: str) -> ColumnElement[bool]:
    column = table.c[name]
    texts = value[3:].split(",") if value.startswith("in:") else [value]
    if isinstance(column.type, Boolean):
        return column.is_(value.lower() in ("true", "1", "yes"))
    if isinstance(column.type, Integer | BigInteger):
        return column.in_([_number(text) for text in texts])
    return column.in_([text.strip('"') for text in texts])


def _compared(name: str, value: str) -> ColumnElement[bool]:
    how, _, moment = value.partition(":")
    if how not in _COMPARE:
        how, moment = "eq", value
    try:
        at = parse_iso(moment)
    except ValueError as error:
        raise Invalid(f"Invalid time value: {moment}") from error
    result: ColumnElement[bool] = _COMPARE[how](table.c[name], at)
    return result


def _within(document: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """A JSON document is kept as one text. REPLACE minds capitals on every database; LIKE does not."""
    text = type_coerce(document, Text)
    return func.replace(text, part, "") != text


def _number(text: str) -> int:
    number = parse_uint(text)
    if number is None:
        raise Invalid(f"Invalid number value: {text}")
    return number


def _sortable(name: str) -> ColumnElement[Any]:
    if name not in _SORTABLE:
        raise Invalid(f"Invalid sort key: {name}, it must be one of the following: {', '.join(_SORTABLE)}.")
    column = table.c[name]
    if not column.nullable:
        return column
    return func.coalesce(column, 0 if isinstance(column.type, Integer | BigInteger) else "")


def locked(db: Connection, image_id: str) -> Image | None:
    """The image, which nobody else changes until the transaction ends."""
    row = db.execute(select(*images.columns).where(table.c.id == image_id).with_for_update()).first()
    return None if row is None else Image(*row)


def insert(db: Connection, image: Image) -> bool:
    """False where the id is taken."""
    try:
        with db.begin_nested():
            images.insert(db, image)
    except IntegrityError:
        return False
    return True


def member(db: Connection, image_id: str, member_id: str) -> Member | None:
    c = image_members.c
    return members.first(db, c.image_id == image_id, c.member_id == member_id)


def members_of(db: Connection, image_id: str) -> list[Member]:
    return members.all(db, image_members.c.image_id == image_id)


def save_member(db: Connection, record: Member) -> None:
    c = image_members.c
    mine = (c.image_id == record.image_id) & (c.member_id == record.member_id)
    db.execute(sql_update(image_members).where(mine).values(members.values(record)))


def delete_member(db: Connection, image_id: str, member_id: str) -> bool:
    c = image_members.c
    return members.delete(db, c.image_id == image_id, c.member_id == member_id) == 1


def copy(db: Connection, image_id: str, cloud_id: str) -> Copy | None:
    c = image_in_cloud.c
    return copies.first(db, c.image_id == image_id, c.cloud_id == cloud_id)


def copies_of(db: Connection, image_id: str) -> list[Copy]:
    return copies.all(db, image_in_cloud.c.image_id == image_id)


def claim(db: Connection, wanted: Copy, now: Micros) -> bool:
    """Become the one who copies the image to the cloud; False while another is."""
    c = image_in_cloud.c
    if copy(db, wanted.image_id, wanted.cloud_id) is None:
        try:
            with db.begin_nested():
                copies.insert(db, wanted)
        except IntegrityError:
            return False
        return True
    free = (c.image_id == wanted.image_id) & (c.cloud_id == wanted.cloud_id) & (c.claimed_until <= now)
    taken = sql_update(image_in_cloud).where(free)
    return db.execute(taken.values(claimed_by=wanted.claimed_by, claimed_until=wanted.claimed_until)).rowcount == 1


def set_copy(db: Connection, mine: Copy, **values: Any) -> bool:
    """Change the copy; False where another has claimed it by now."""
    c = image_in_cloud.c
    where = (c.image_id == mine.image_id) & (c.cloud_id == mine.cloud_id) & (c.claimed_by == mine.claimed_by)
    return db.execute(sql_update(image_in_cloud).where(where).values(**values)).rowcount == 1


def forget_copy(db: Connection, image_id: str, cloud_id: str) -> None:
    c = image_in_cloud.c
    copies.delete(db, c.image_id == image_id, c.cloud_id == cloud_id)
