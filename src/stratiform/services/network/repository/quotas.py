"""Limits of projects, and locks for counting."""

from sqlalchemy import delete, select

from stratiform.kit.database import Connection, insert_lock_row, upsert
from stratiform.services.network.tables import quota_locks_table, quotas_table


def list_limits(db: Connection, project_id: str) -> dict[str, int]:
    """Return the limits that an operator has set, by resource name."""
    c = quotas_table.c
    return {row[0]: int(row[1]) for row in db.execute(select(c.resource, c.limit).where(c.project_id == project_id))}


def list_projects(db: Connection) -> list[str]:
    """Return the projects with limits of their own."""
    c = quotas_table.c
    return [str(row[0]) for row in db.execute(select(c.project_id).distinct().order_by(c.project_id))]


def save_limit(db: Connection, project_id: str, resource: str, limit: int) -> None:
    row = {"project_id": project_id, "resource": resource, "limit": limit}
    upsert(db, quotas_table, row, key=("project_id", "resource"), on_conflict={"limit": limit})


def delete_limits(db: Connection, project_id: str) -> int:
    """Return the number of deleted limits."""
    return db.execute(delete(quotas_table).where(quotas_table.c.project_id == project_id)).rowcount


def lock_project(db: Connection, project_id: str) -> None:
    """Wait for other transactions that create resources of the project."""
    c = quota_locks_table.c
    query = select(c.project_id).where(c.project_id == project_id)
    if db.execute(query).first() is None:
        insert_lock_row(db, quota_locks_table, {"project_id": project_id}, key=("project_id",))
    db.execute(query.with_for_update()).all()
