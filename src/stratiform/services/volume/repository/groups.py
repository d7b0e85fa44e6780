"""Queries of groups of volumes and their snapshots."""

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.volume.model import Snapshot, Volume
from stratiform.services.volume.model.groups import Group, GroupSnapshot
from stratiform.services.volume.repository import volumes
from stratiform.services.volume.repository.snapshots import snapshots
from stratiform.services.volume.tables import group_snapshot_table, group_table, snapshot_table, volume_table

groups = TableGateway(group_table, Group)
group_snapshots = TableGateway(group_snapshot_table, GroupSnapshot)


def find_group(db: Connection, group_id: str) -> Group | None:
    """Return a group that is not deleted."""
    return groups.find_first(db, group_table.c.id == group_id, group_table.c.deleted_at.is_(None))


def list_groups(db: Connection, project_id: str | None) -> list[Group]:
    """Return the groups of a project that are not deleted; None: of all projects."""
    c = group_table.c
    own = [] if project_id is None else [c.project_id == project_id]
    return groups.list_all(db, c.deleted_at.is_(None), *own, order=(c.created_at, c.id))


def count_groups(db: Connection, project_id: str) -> int:
    return groups.count(db, group_table.c.project_id == project_id, group_table.c.deleted_at.is_(None))


def is_group_type_in_use(db: Connection, type_id: str) -> bool:
    c = group_table.c
    return groups.find_first(db, c.group_type_id == type_id, c.deleted_at.is_(None)) is not None


def list_members(db: Connection, group_id: str) -> list[Volume]:
    c = volume_table.c
    return volumes.list_all(db, c.group_id == group_id, c.deleted_at.is_(None), order=(c.created_at, c.id))


def find_group_snapshot(db: Connection, snapshot_id: str) -> GroupSnapshot | None:
    """Return a group snapshot that is not deleted."""
    c = group_snapshot_table.c
    return group_snapshots.find_first(db, c.id == snapshot_id, c.deleted_at.is_(None))


def list_group_snapshots(db: Connection, project_id: str | None, group_id: str | None = None) -> list[GroupSnapshot]:
    """Return the group snapshots of a project or a group that are not deleted; None: of all."""
    c = group_snapshot_table.c
    filters = ((c.project_id, project_id), (c.group_id, group_id))
    where = [column == value for column, value in filters if value is not None]
    return group_snapshots.list_all(db, c.deleted_at.is_(None), *where, order=(c.created_at, c.id))


def list_snapshots(db: Connection, group_snapshot_id: str) -> list[Snapshot]:
    """Return the snapshots of a group snapshot that are not deleted."""
    c = snapshot_table.c
    return snapshots.list_all(
        db, c.group_snapshot_id == group_snapshot_id, c.deleted_at.is_(None), order=(c.created_at, c.id)
    )
