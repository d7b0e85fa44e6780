"""Queries of the volume service."""

from collections.abc import Collection, Sequence
from functools import partial

from sqlalchemy import ColumnElement, delete, false, func, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.pagination import Page, Slice
from stratiform.services.volume.model import Attachment, Sort, Transfer, TypeAccess, Volume, VolumeFilter, VolumeType
from stratiform.services.volume.repository.lists import list_filtered_page
from stratiform.services.volume.tables import (
    access_table,
    attachment_table,
    default_type_table,
    encryption_table,
    transfer_table,
    type_table,
    volume_table,
)

volumes = TableGateway(volume_table, Volume)
attachments = TableGateway(attachment_table, Attachment)
volume_types = TableGateway(type_table, VolumeType)
transfers = TableGateway(transfer_table, Transfer)
type_accesses = TableGateway(access_table, TypeAccess, key="type_id")

#: The number of values in one IN clause.
_CHUNK_SIZE = 500

_SORT_COLUMNS = {
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


def find_volume(db: Connection, volume_id: str) -> Volume | None:
    """Return a volume that is not deleted."""
    return volumes.find_first(db, volume_table.c.id == volume_id, volume_table.c.deleted_at.is_(None))


def update_in_status(db: Connection, volume: Volume, statuses: Collection[str], now: Micros, **values: object) -> bool:
    """Update a volume that is in one of `statuses`. Return False if it is not.

    The status is a condition of the UPDATE, so that one of two concurrent requests wins.
    """
    c = volume_table.c
    where = (c.id == volume.id) & c.deleted_at.is_(None) & c.status.in_(list(statuses))
    return db.execute(update(volume_table).where(where).values(updated_at=now, **values)).rowcount == 1


def list_volumes(
    db: Connection, filters: VolumeFilter, page: Page, sort: Sequence[Sort], offset: int = 0
) -> Slice[Volume]:
    """Return one page of volumes that are not deleted. Raises Invalid for an unknown marker or sort key."""
    matches = partial(_has_metadata, filters=filters) if _filters_metadata(filters) else None
    return list_filtered_page(volumes, db, _conditions(filters), page, sort, _SORT_COLUMNS, offset, matches)


def count_volumes(db: Connection, filters: VolumeFilter) -> int:
    if _filters_metadata(filters):
        return len(list_all_volumes(db, filters))
    return volumes.count(db, *_conditions(filters))


def list_all_volumes(db: Connection, filters: VolumeFilter) -> list[Volume]:
    rows = volumes.list_all(db, *_conditions(filters))
    return [volume for volume in rows if _has_metadata(volume, filters)]


def list_volumes_in_cloud(db: Connection, cloud_id: str) -> list[Volume]:
    return volumes.list_all(db, volume_table.c.cloud_id == cloud_id, volume_table.c.deleted_at.is_(None))


def get_volumes(db: Connection, ids: Sequence[str]) -> dict[str, Volume]:
    """Return volumes by id, also deleted ones."""
    by_id: dict[str, Volume] = {}
    for start in range(0, len(ids), _CHUNK_SIZE):
        rows = volumes.list_all(db, volume_table.c.id.in_(ids[start : start + _CHUNK_SIZE]))
        by_id |= {volume.id: volume for volume in rows}
    return by_id


def sum_usage_by_type(db: Connection, project_id: str) -> list[tuple[str, int, int]]:
    """Return type id, number of volumes and total GiB for each type that a project uses."""
    c = volume_table.c
    query = select(c.type_id, func.count(), func.sum(c.size_gib))
    query = query.where(c.project_id == project_id, c.deleted_at.is_(None)).group_by(c.type_id)
    return [(type_id, int(count), int(gib)) for type_id, count, gib in db.execute(query)]


def _conditions(filters: VolumeFilter) -> list[ColumnElement[bool]]:
    c = volume_table.c
    pairs = (
        (c.project_id, filters.project_id),
        (c.name, filters.name),
        (c.status, filters.status),
        (c.zone, filters.availability_zone),
        (c.bootable, filters.bootable),
        (c.type_id, filters.type_id),
        (c.user_id, filters.user_id),
        (c.id, filters.id),
        (c.group_id, filters.group_id),
    )
    return [c.deleted_at.is_(None), *(column == value for column, value in pairs if value is not None)]


def _filters_metadata(filters: VolumeFilter) -> bool:
    return bool(filters.metadata or filters.image_metadata)


def _has_metadata(volume: Volume, filters: VolumeFilter) -> bool:
    expected = ((volume.metadata, filters.metadata), (volume.image_metadata, filters.image_metadata))
    return all(actual.get(key) == value for actual, items in expected for key, value in (items or {}).items())


def list_attachments_of_servers(db: Connection, server_ids: Sequence[str]) -> list[Attachment]:
    """Return the attachments of compute; those that clients recorded are not its own."""
    rows = _list_attachments(db, "server_id", server_ids)
    return [attachment for attachment in rows if not attachment.is_recorded]


def list_attachments_of_volumes(db: Connection, volume_ids: Sequence[str]) -> list[Attachment]:
    return _list_attachments(db, "volume_id", volume_ids)


def _list_attachments(db: Connection, column: str, values: Sequence[str]) -> list[Attachment]:
    c = attachment_table.c
    rows: list[Attachment] = []
    for start in range(0, len(values), _CHUNK_SIZE):
        chunk = c[column].in_(values[start : start + _CHUNK_SIZE])
        rows += attachments.list_all(db, chunk, order=(c.created_at, c.id))
    return rows


def list_attachments_of_project(db: Connection, project_id: str | None) -> list[Attachment]:
    """Return the attachments of a project's volumes; None: of all projects."""
    c = volume_table.c
    volume_ids = select(c.id).where(c.deleted_at.is_(None))
    if project_id is not None:
        volume_ids = volume_ids.where(c.project_id == project_id)
    return attachments.list_all(db, attachment_table.c.volume_id.in_(volume_ids))


def delete_attachments_of_volume(db: Connection, volume_id: str) -> None:
    attachments.delete(db, attachment_table.c.volume_id == volume_id)


def find_type(db: Connection, name_or_id: str) -> VolumeType | None:
    """Return a type by id, or else by name."""
    return volume_types.find(db, name_or_id) or volume_types.find_first(db, type_table.c.name == name_or_id)


def find_default_type(db: Connection, project_id: str | None = None) -> VolumeType | None:
    """Return the type of volumes that name none: that of the project if an operator has set one."""
    c = default_type_table.c
    own = select(c.type_id).where(c.project_id == (project_id or ""))
    own_type = volume_types.find_first(db, type_table.c.id.in_(own))
    return own_type or volume_types.find_first(db, type_table.c.is_default.is_(True))


def list_types(db: Connection, project_id: str | None, is_public: bool | None) -> list[VolumeType]:
    """Return all types, or with `project_id` those that are public or that the project has access to."""
    c = type_table.c
    where: list[ColumnElement[bool]] = [] if is_public is None else [c.is_public.is_(is_public)]
    if project_id is not None:
        accessible = select(access_table.c.type_id).where(access_table.c.project_id == project_id)
        where.append(c.is_public.is_(True) | c.id.in_(accessible))
    return volume_types.list_all(db, *where, order=(c.is_default.desc(), c.created_at, c.name))


def has_type_access(db: Connection, volume_type: VolumeType, project_id: str | None) -> bool:
    if volume_type.is_public:
        return True
    of_project = access_table.c.project_id == project_id if project_id is not None else false()
    return type_accesses.find_first(db, access_table.c.type_id == volume_type.id, of_project) is not None


def delete_type_access(db: Connection, type_id: str, project_id: str) -> bool:
    """Return False if the project had no access."""
    c = access_table.c
    return type_accesses.delete(db, c.type_id == type_id, c.project_id == project_id) == 1


def is_type_in_use(db: Connection, type_id: str) -> bool:
    c = volume_table.c
    return volumes.find_first(db, c.type_id == type_id, c.deleted_at.is_(None)) is not None


def delete_type(db: Connection, type_id: str) -> None:
    """Delete a type, and what refers to it only."""
    db.execute(delete(encryption_table).where(encryption_table.c.type_id == type_id))
    db.execute(delete(default_type_table).where(default_type_table.c.type_id == type_id))
    type_accesses.delete(db, access_table.c.type_id == type_id)
    volume_types.delete(db, type_table.c.id == type_id)


def list_transfers(db: Connection, project_id: str | None) -> list[Transfer]:
    """Return the transfers that a project has offered, oldest first; None: of all projects."""
    c = transfer_table.c
    where = [] if project_id is None else [c.project_id == project_id]
    return transfers.list_all(db, *where, order=(c.created_at, c.id))
