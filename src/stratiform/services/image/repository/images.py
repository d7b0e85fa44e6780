"""Queries for images: by id, and lists with filters."""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Boolean, ColumnElement, Integer, Text, and_, func, or_, select, true, type_coerce

from stratiform.kit.clock import parse_iso
from stratiform.kit.database import Connection, IntegrityError, TableGateway
from stratiform.kit.errors import Invalid
from stratiform.kit.keyset_pagination import list_sorted_page
from stratiform.kit.number_parsing import parse_uint
from stratiform.kit.pagination import Slice
from stratiform.services.image.model import VISIBILITIES, Image, ImageLocation, ImageQuery
from stratiform.services.image.tables import image_members, images

_rows = TableGateway(images, Image)

_FILTERABLE_COLUMNS = (
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
_TIME_COLUMNS = ("created_at", "updated_at")
_SORTABLE_COLUMNS = (
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
_TIME_OPERATORS: dict[str, Callable[[ColumnElement[int], int], ColumnElement[bool]]] = {
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "eq": operator.eq,
    "neq": operator.ne,
}


def find(db: Connection, image_id: str) -> Image | None:
    return _rows.find(db, image_id)


def find_for_update(db: Connection, image_id: str) -> Image | None:
    """Return the image, locked until the transaction ends."""
    row = db.execute(select(*_rows.columns).where(images.c.id == image_id).with_for_update()).first()
    return None if row is None else Image(*row)


def insert(db: Connection, image: Image) -> bool:
    """Return False if the id exists already."""
    try:
        with db.begin_nested():
            _rows.insert(db, image)
    except IntegrityError:
        return False
    return True


def save(db: Connection, image: Image) -> Image:
    return _rows.save(db, image)


def delete(db: Connection, image_id: str) -> None:
    _rows.delete(db, images.c.id == image_id)


def is_location_used(db: Connection, location: ImageLocation) -> bool:
    """Return True if an image has this data."""
    fragment = msgspec.json.encode({"store": location.store, "name": location.name}).decode()[1:-1]
    return (
        db.execute(select(images.c.id).where(_json_contains(images.c.locations, fragment)).limit(1)).first() is not None
    )


def list_active_of_owner(db: Connection, owner: str) -> Sequence[Image]:
    """Return the active images of a project that nothing protects, newest first."""
    c = images.c
    unprotected = c.protected.is_(False)
    order = [c.created_at.desc(), c.id.desc()]
    return _rows.list_all(db, c.owner == owner, c.status == "active", unprotected, order=order)


def list_page(db: Connection, query: ImageQuery, project_id: str | None, all_projects: bool) -> Slice[Image]:
    """Return a page of the images that a project sees, or of those of all projects.

    Raises: Invalid for a filter, sort key or marker that is not valid.
    """
    filters = dict(query.filters)
    visibility = filters.pop("visibility", [""])[0]
    member_status = filters.pop("member_status", ["accepted"])[0]
    hidden = _parse_bool(filters.pop("os_hidden", ["false"])[0])
    where = [
        _visible(project_id or "", all_projects, visibility, member_status),
        images.c.os_hidden.is_(hidden),
        *(_condition(name, values) for name, values in filters.items()),
    ]
    sort = [(_sort_column(name), descending) for name, descending in query.sort] or [(images.c.created_at, True)]
    return list_sorted_page(_rows, db, query.page, sort, *where)


def _visible(project_id: str, all_projects: bool, visibility: str, member_status: str) -> ColumnElement[bool]:
    c = images.c
    if visibility and visibility not in (*VISIBILITIES, "all"):
        raise Invalid(f"Invalid visibility value: {visibility}")
    with_visibility = c.visibility == visibility if visibility not in ("", "all") else true()
    if all_projects:
        return with_visibility
    shared = select(image_members.c.image_id).where(image_members.c.member_id == project_id)
    if member_status != "all":
        shared = shared.where(image_members.c.status == member_status)
    visible = or_(c.owner == project_id, c.visibility == "public", and_(c.visibility == "shared", c.id.in_(shared)))
    if visibility in ("community", "all"):
        visible = or_(visible, c.visibility == "community")
    return and_(with_visibility, visible)


def _condition(name: str, values: Sequence[str]) -> ColumnElement[bool]:
    if name == "tag":
        return and_(*[_json_contains(images.c.tags, msgspec.json.encode(tag).decode()) for tag in values])
    if name == "size_min":
        return images.c.size >= _parse_number(values[0])
    if name == "size_max":
        return images.c.size <= _parse_number(values[0])
    if name in _TIME_COLUMNS:
        return _time_condition(name, values[0])
    if name in _FILTERABLE_COLUMNS:
        return _value_condition(name, values[0])
    pair = msgspec.json.encode({name: values[0]}).decode()[1:-1]
    return _json_contains(images.c.properties, pair)


def _value_condition(name: str, value: str) -> ColumnElement[bool]:
    column = images.c[name]
    alternatives = value[3:].split(",") if value.startswith("in:") else [value]
    if isinstance(column.type, Boolean):
        return column.is_(_parse_bool(value))
    if isinstance(column.type, Integer | BigInteger):
        return column.in_([_parse_number(text) for text in alternatives])
    return column.in_([text.strip('"') for text in alternatives])


def _time_condition(name: str, value: str) -> ColumnElement[bool]:
    operator_name, _, time = value.partition(":")
    if operator_name not in _TIME_OPERATORS:
        operator_name, time = "eq", value
    try:
        at = parse_iso(time)
    except ValueError as error:
        raise Invalid(f"Invalid time value: {time}") from error
    return _TIME_OPERATORS[operator_name](images.c[name], at)


def _json_contains(column: ColumnElement[Any], fragment: str) -> ColumnElement[bool]:
    """Search the text of a JSON column with REPLACE, which is case-sensitive on every database; LIKE is not."""
    text = type_coerce(column, Text)
    return func.replace(text, fragment, "") != text


def _parse_number(text: str) -> int:
    number = parse_uint(text)
    if number is None:
        raise Invalid(f"Invalid number value: {text}")
    return number


def _parse_bool(text: str) -> bool:
    return text.lower() in ("true", "1", "yes")


def _sort_column(name: str) -> ColumnElement[Any]:
    if name not in _SORTABLE_COLUMNS:
        raise Invalid(f"Invalid sort key: {name}, it must be one of the following: {', '.join(_SORTABLE_COLUMNS)}.")
    column = images.c[name]
    if not column.nullable:
        return column
    return func.coalesce(column, 0 if isinstance(column.type, Integer | BigInteger) else "")
