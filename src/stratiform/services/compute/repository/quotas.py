"""Limits that operators have set, and locks for counting."""

from collections.abc import Mapping

from sqlalchemy import delete, select

from stratiform.kit.database import Connection, insert_lock_row, upsert
from stratiform.services.compute.tables import quota_class_table, quota_lock_table, quota_table


def list_project_limits(db: Connection, project_id: str) -> dict[str, int]:
    """Return the limits of a project by resource."""
    c = quota_table.c
    rows = db.execute(select(c.resource, c.limit).where(c.project_id == project_id))
    return {str(resource): int(limit) for resource, limit in rows}


def list_class_limits(db: Connection, class_name: str) -> dict[str, int]:
    """Return the limits of a quota class by resource."""
    c = quota_class_table.c
    rows = db.execute(select(c.resource, c.limit).where(c.class_name == class_name))
    return {str(resource): int(limit) for resource, limit in rows}


def save_project_limits(db: Connection, project_id: str, limits: Mapping[str, int]) -> None:
    for resource, limit in limits.items():
        row = {"project_id": project_id, "resource": resource, "limit": limit}
        upsert(db, quota_table, row, key=("project_id", "resource"), on_conflict={"limit": limit})


def save_class_limits(db: Connection, class_name: str, limits: Mapping[str, int]) -> None:
    for resource, limit in limits.items():
        row = {"class_name": class_name, "resource": resource, "limit": limit}
        upsert(db, quota_class_table, row, key=("class_name", "resource"), on_conflict={"limit": limit})


def delete_project_limits(db: Connection, project_id: str) -> None:
    db.execute(delete(quota_table).where(quota_table.c.project_id == project_id))


def lock_owner(db: Connection, owner_id: str) -> None:
    """Wait for other transactions that create resources of a project or user, until this one ends."""
    c = quota_lock_table.c
    query = select(c.owner_id).where(c.owner_id == owner_id)
    if db.execute(query).first() is None:
        insert_lock_row(db, quota_lock_table, {"owner_id": owner_id}, key=("owner_id",))
    db.execute(query.with_for_update()).all()
