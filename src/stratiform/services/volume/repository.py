"""Every query of the volume service."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, false, func, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Rows
from stratiform.kit.keyset import sorted_page
from stratiform.kit.pagination import Page, Slice, paginate
from stratiform.services.volume.errors import InvalidInput
from stratiform.services.volume.model import Attachment, Sort, TypeAccess, Volume, VolumeFilter, VolumeType
from stratiform.services.volume.tables import access_table, attachment_table, type_table, volume_table

volumes = Rows(volume_table, Volume)
attachments = Rows(attachment_table, Attachment)
types = Rows(type_table, VolumeType)
accesses = Rows(access_table, TypeAccess, key="type_id")

#: SQLite and MariaDB take so many values in one IN.
_CHUNK = 500

_SORTABLE = {
    "id": volume_table.c.id,
    "status": volume_table.c.status,
    "size": volume_table.c.size_gib,
    "availability_zone": volume_table.c.zone,
    "name": volume_table.c.name,
    "display_name": volume_table.c.name,
    "bootable": volume_table.c.bootable,
    "created_at": volume_table.c.created_at,
    "updated_at": volume_table.c.updated_at,
    "volume_type_id": volume_table.c.type_id,
    "project_id": volume_table.c.project_id,
}


NEWEST_FIRST = (Sort("created_at", descending=True),)

#: More than any project has.
_ALL = 1_000_000


def live(db: Connection, volume_id: str) -> Volume | None:
    """The volume, unless it is deleted."""
    return volumes.first(db, volume_table.c.id == volume_id, volume_table.c.deleted_at.is_(None))


def move(db: Connection, volume: Volume, statuses: Collection[str], now: Micros, **values: Any) -> bool:
    """Change a live volume that is in one of `statuses`; False where it no longer is.

    The status is part of the UPDATE: of two that see the same row, one wins.
    """
    c = volume_table.c
    where = (c.id == volume.id) & c.deleted_at.is_(None) & c.status.in_(list(statuses))
    return db.execute(update(volume_table).where(where).values(updated_at=now, **values)).rowcount == 1


def listed(db: Connection, wanted: VolumeFilter, page: Page, sorts: Sequence[Sort], offset: int = 0) -> Slice[Volume]:
    """One page of live volumes. Raises Invalid where the marker or a sort key is unknown."""
    where, order = _conditions(wanted), _order(sorts)
    if wanted.metadata:
        # Metadata is one document in the row; the few lists that ask for it are cut after reading.
        whole = sorted_page(volumes, db, Page(limit=_ALL), order, *where).items
        found = [volume for volume in whole if _has(volume, wanted.metadata)]
        return paginate(found[offset:], page, lambda volume: volume.id)
    skipped = sorted_page(volumes, db, Page(page.limit + offset, page.marker), order, *where)
    return Slice(skipped.items[offset:], skipped.more)


def count(db: Connection, wanted: VolumeFilter) -> int:
    where = _conditions(wanted)
    if wanted.metadata:
        return sum(1 for volume in volumes.all(db, *where) if _has(volume, wanted.metadata))
    return volumes.count(db, *where)


def everything(db: Connection, wanted: VolumeFilter) -> list[Volume]:
    return [v for v in volumes.all(db, *_conditions(wanted)) if _has(v, wanted.metadata or {})]


def in_cloud(db: Connection, cloud_id: str) -> list[Volume]:
    """Every live volume of one cloud."""
    return volumes.all(db, volume_table.c.cloud_id == cloud_id, volume_table.c.deleted_at.is_(None))


def by_ids(db: Connection, ids: Sequence[str]) -> dict[str, Volume]:
    """Volumes by id, deleted ones too."""
    found: dict[str, Volume] = {}
    for start in range(0, len(ids), _CHUNK):
        part = volumes.all(db, volume_table.c.id.in_(ids[start : start + _CHUNK]))
        found |= {volume.id: volume for volume in part}
    return found


def used(db: Connection, project_id: str) -> list[tuple[str, int, int]]:
    """For each type: its id, how many live volumes a project has of it, and their GiB together."""
    c = volume_table.c
    query = select(c.type_id, func.count(), func.sum(c.size_gib))
    query = query.where(c.project_id == project_id, c.deleted_at.is_(None)).group_by(c.type_id)
    return [(type_id, int(number), int(gib)) for type_id, number, gib in db.execute(query)]


def _conditions(wanted: VolumeFilter) -> list[ColumnElement[bool]]:
    c = volume_table.c
    pairs = (
        (c.project_id, wanted.project_id),
        (c.name, wanted.name),
        (c.status, wanted.status),
        (c.zone, wanted.zone),
        (c.bootable, wanted.bootable),
        (c.type_id, wanted.type_id),
        (c.user_id, wanted.user_id),
        (c.id, wanted.id),
    )
    return [c.deleted_at.is_(None), *(column == value for column, value in pairs if value is not None)]


def _has(volume: Volume, metadata: dict[str, str]) -> bool:
    return all(volume.metadata.get(key) == value for key, value in metadata.items())


def _order(sorts: Sequence[Sort]) -> list[tuple[ColumnElement[Any], bool]]:
    for sort in sorts:
        if sort.key not in _SORTABLE:
            raise InvalidInput(f"Sort key '{sort.key}' is not valid.")
    return [(_SORTABLE[sort.key], sort.descending) for sort in sorts or NEWEST_FIRST]


def attachments_of_servers(db: Connection, server_ids: Sequence[str]) -> list[Attachment]:
    return _attachments_where(db, "server_id", server_ids)


def attachments_of_volumes(db: Connection, volume_ids: Sequence[str]) -> list[Attachment]:
    return _attachments_where(db, "volume_id", volume_ids)


def _attachments_where(db: Connection, name: str, values: Sequence[str]) -> list[Attachment]:
    c = attachment_table.c
    found: list[Attachment] = []
    for start in range(0, len(values), _CHUNK):
        part = c[name].in_(values[start : start + _CHUNK])
        found += attachments.all(db, part, order=(c.created_at, c.id))
    return found


def attachments_in_projects(db: Connection, project_id: str | None) -> list[Attachment]:
    """Attachments of a project's volumes, or of everyone's."""
    c = volume_table.c
    inside = select(c.id).where(c.deleted_at.is_(None))
    if project_id is not None:
        inside = inside.where(c.project_id == project_id)
    return attachments.all(db, attachment_table.c.volume_id.in_(inside))


def type_named(db: Connection, name_or_id: str) -> VolumeType | None:
    """A type by id, else by name."""
    return types.get(db, name_or_id) or types.first(db, type_table.c.name == name_or_id)


def default_type(db: Connection) -> VolumeType | None:
    return types.first(db, type_table.c.is_default.is_(True))


def types_for(db: Connection, project_id: str | None, is_public: bool | None) -> list[VolumeType]:
    """Types by name. `project_id` None: whoever may see all; else public ones and those it was given."""
    c = type_table.c
    where: list[ColumnElement[bool]] = [] if is_public is None else [c.is_public.is_(is_public)]
    if project_id is not None:
        given = select(access_table.c.type_id).where(access_table.c.project_id == project_id)
        where.append(c.is_public.is_(True) | c.id.in_(given))
    return types.all(db, *where, order=(c.is_default.desc(), c.created_at, c.name))


def may_use_type(db: Connection, wanted: VolumeType, project_id: str | None) -> bool:
    if wanted.is_public:
        return True
    mine = access_table.c.project_id == project_id if project_id is not None else false()
    return accesses.first(db, access_table.c.type_id == wanted.id, mine) is not None


def take_access(db: Connection, type_id: str, project_id: str) -> bool:
    c = access_table.c
    return accesses.delete(db, c.type_id == type_id, c.project_id == project_id) == 1


def type_in_use(db: Connection, type_id: str) -> bool:
    c = volume_table.c
    return volumes.first(db, c.type_id == type_id, c.deleted_at.is_(None)) is not None
