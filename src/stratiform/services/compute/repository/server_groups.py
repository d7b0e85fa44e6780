"""Queries on server groups."""

from collections.abc import Sequence

from sqlalchemy import select

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.compute.model.server_groups import ServerGroup
from stratiform.services.compute.tables import server_group_table, server_table

_groups = TableGateway(server_group_table, ServerGroup)


def find_group(db: Connection, group_id: str) -> ServerGroup | None:
    return _groups.find(db, group_id)


def list_groups(db: Connection, project_id: str | None) -> Sequence[ServerGroup]:
    """Return the groups of a project, or (None) of all, oldest first."""
    c = server_group_table.c
    where = [] if project_id is None else [c.project_id == project_id]
    return _groups.list_all(db, *where, order=[c.created_at, c.id])


def count_groups(db: Connection, project_id: str) -> int:
    return _groups.count(db, server_group_table.c.project_id == project_id)


def insert_group(db: Connection, group: ServerGroup) -> ServerGroup:
    return _groups.insert(db, group)


def delete_group(db: Connection, group_id: str) -> None:
    _groups.delete(db, server_group_table.c.id == group_id)


def list_members(db: Connection, group_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the ids of the servers of each group."""
    c = server_table.c
    query = select(c.group_id, c.id).where(c.group_id.in_(group_ids), c.deleted_at.is_(None)).order_by(c.created_at)
    members: dict[str, list[str]] = {group_id: [] for group_id in group_ids}
    for group_id, server_id in db.execute(query):
        members[group_id].append(server_id)
    return members


def list_clouds_of_members(db: Connection, group_id: str) -> set[str]:
    """Return the ids of the clouds with servers of a group."""
    c = server_table.c
    return set(db.execute(select(c.cloud_id).where(c.group_id == group_id, c.deleted_at.is_(None))).scalars())
