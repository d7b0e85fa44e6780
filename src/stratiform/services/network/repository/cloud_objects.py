"""The clouds in which routing objects were applied."""

from collections.abc import Sequence

from sqlalchemy import delete, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, upsert
from stratiform.kit.work_queue import work_table
from stratiform.services.network.tables import cloud_objects_table


def list_clouds(db: Connection, kind: str, resource_id: str) -> list[str]:
    c = cloud_objects_table.c
    return [str(row[0]) for row in db.execute(select(c.cloud_id).where(c.kind == kind, c.resource_id == resource_id))]


def list_objects_in_cloud(db: Connection, kind: str, cloud_id: str, resource_ids: Sequence[str]) -> set[str]:
    """Return those of the objects that were applied in a cloud."""
    c = cloud_objects_table.c
    condition = (c.kind == kind) & (c.cloud_id == cloud_id) & c.resource_id.in_(resource_ids)
    return {str(row[0]) for row in db.execute(select(c.resource_id).where(condition))}


def has_overdue_work(db: Connection, before: Micros) -> bool:
    """Return True if work on networks has been due since `before`, and no worker has leased it."""
    c = work_table.c
    overdue = select(c.key).where(c.kind.startswith("network."), c.due_at < before, c.leased_until < before)
    return db.execute(overdue.limit(1)).first() is not None


def save_cloud(db: Connection, kind: str, resource_id: str, cloud_id: str) -> None:
    row = {"kind": kind, "resource_id": resource_id, "cloud_id": cloud_id}
    upsert(db, cloud_objects_table, row, key=("kind", "resource_id", "cloud_id"), on_conflict={})


def delete_cloud(db: Connection, kind: str, resource_id: str, cloud_id: str) -> None:
    c = cloud_objects_table.c
    condition = (c.kind == kind) & (c.resource_id == resource_id) & (c.cloud_id == cloud_id)
    db.execute(delete(cloud_objects_table).where(condition))
