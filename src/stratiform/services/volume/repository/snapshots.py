"""Queries of snapshots and backups."""

from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import TypeVar

from sqlalchemy import ColumnElement, func, select, update

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.pagination import Page, Slice
from stratiform.services.volume.model import Backup, CopyFilter, Snapshot, Sort
from stratiform.services.volume.repository.lists import list_filtered_page
from stratiform.services.volume.tables import backup_table, snapshot_table

T = TypeVar("T", Snapshot, Backup)

snapshots = TableGateway(snapshot_table, Snapshot)
backups = TableGateway(backup_table, Backup)

#: Sort keys of the API, and the columns.
_SORT_COLUMNS = {
    "id": "id",
    "status": "status",
    "name": "name",
    "display_name": "name",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "volume_id": "volume_id",
    "size": "size_gib",
    "project_id": "project_id",
}


def find(rows: TableGateway[T], db: Connection, copy_id: str) -> T | None:
    """Return a snapshot or backup that is not deleted."""
    return rows.find_first(db, rows.key == copy_id, rows.table.c.deleted_at.is_(None))


def update_in_status(
    rows: TableGateway[T], db: Connection, copy: T, statuses: Collection[str], now: Micros, **values: object
) -> bool:
    """Update a snapshot or backup that is in one of `statuses`. Return False if it is not."""
    c = rows.table.c
    where = (c.id == copy.id) & c.deleted_at.is_(None) & c.status.in_(list(statuses))
    return db.execute(update(rows.table).where(where).values(updated_at=now, **values)).rowcount == 1


def list_page(
    rows: TableGateway[T], db: Connection, filters: CopyFilter, page: Page, sort: Sequence[Sort], offset: int = 0
) -> Slice[T]:
    """Return one page. Raises Invalid for an unknown marker or sort key."""
    columns = {key: rows.table.c[name] for key, name in _SORT_COLUMNS.items()}
    return list_filtered_page(rows, db, _conditions(rows, filters), page, sort, columns, offset, _build_match(filters))


def count(rows: TableGateway[T], db: Connection, filters: CopyFilter) -> int:
    if filters.metadata:
        return sum(1 for copy in rows.list_all(db, *_conditions(rows, filters)) if _matches(copy, filters))
    return rows.count(db, *_conditions(rows, filters))


def list_of_volume(rows: TableGateway[T], db: Connection, volume_id: str) -> list[T]:
    """Return the snapshots or backups of a volume, oldest first."""
    c = rows.table.c
    return rows.list_all(db, c.volume_id == volume_id, c.deleted_at.is_(None), order=(c.created_at, c.id))


def list_in_cloud(rows: TableGateway[T], db: Connection, cloud_id: str) -> list[T]:
    c = rows.table.c
    return rows.list_all(db, c.cloud_id == cloud_id, c.deleted_at.is_(None))


def list_children(db: Connection, backup_id: str) -> list[Backup]:
    """Return the incremental backups that follow a backup directly."""
    return backups.list_all(db, backup_table.c.parent_id == backup_id, backup_table.c.deleted_at.is_(None))


def list_parent_ids(db: Connection, backup_ids: Sequence[str]) -> set[str]:
    """Return which of these backups have incremental backups after them."""
    c = backup_table.c
    query = select(c.parent_id).where(c.parent_id.in_(backup_ids), c.deleted_at.is_(None))
    return {parent_id for (parent_id,) in db.execute(query)}


def list_ids_with_snapshots(db: Connection, volume_ids: Sequence[str]) -> set[str]:
    """Return which of these volumes have snapshots."""
    c = snapshot_table.c
    query = select(c.volume_id).where(c.volume_id.in_(volume_ids), c.deleted_at.is_(None))
    return {volume_id for (volume_id,) in db.execute(query)}


def sum_snapshots_by_type(db: Connection, project_id: str) -> list[tuple[str, int, int]]:
    """Return type id, number of snapshots and total GiB for each type of volume."""
    c = snapshot_table.c
    query = select(c.type_id, func.count(), func.sum(c.size_gib))
    query = query.where(c.project_id == project_id, c.deleted_at.is_(None)).group_by(c.type_id)
    return [(type_id, int(number), int(gib)) for type_id, number, gib in db.execute(query)]


def sum_backups(db: Connection, project_id: str) -> tuple[int, int]:
    """Return the number of backups and their total GiB."""
    c = backup_table.c
    query = select(func.count(), func.coalesce(func.sum(c.size_gib), 0))
    number, gib = db.execute(query.where(c.project_id == project_id, c.deleted_at.is_(None))).one()
    return int(number), int(gib)


def _conditions(rows: TableGateway[T], filters: CopyFilter) -> list[ColumnElement[bool]]:
    c = rows.table.c
    values: dict[str, str | None] = {
        "project_id": filters.project_id,
        "id": filters.id,
        "name": filters.name,
        "status": filters.status,
        "volume_id": filters.volume_id,
        "snapshot_id": filters.snapshot_id,
    }
    conditions: list[ColumnElement[bool]] = [c.deleted_at.is_(None)]
    for name, value in values.items():
        if value is not None:
            conditions.append(c[name] == value)
    return conditions


def _build_match(filters: CopyFilter) -> Callable[[Snapshot | Backup], bool] | None:
    return partial(_matches, filters=filters) if filters.metadata else None


def _matches(copy: Snapshot | Backup, filters: CopyFilter) -> bool:
    return all(copy.metadata.get(key) == value for key, value in (filters.metadata or {}).items())
