"""Queries on what a cloud stores, and on the worker."""

from sqlalchemy import Table, func, select

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.work_queue import work_table
from stratiform.services.volume.tables import snapshot_table, volume_table


def sum_volumes(db: Connection, cloud_id: str) -> tuple[int, int]:
    """Return the number of volumes in a cloud that are not deleted, and their total size in GiB."""
    return _sum(db, volume_table, cloud_id)


def sum_snapshots(db: Connection, cloud_id: str) -> tuple[int, int]:
    """Return the number of snapshots in a cloud that are not deleted, and their total size in GiB."""
    return _sum(db, snapshot_table, cloud_id)


def find_zone(db: Connection, cloud_id: str) -> str | None:
    """Return the availability zone of the newest volume in a cloud; None without volumes."""
    c = volume_table.c
    query = select(c.zone).where(c.cloud_id == cloud_id).order_by(c.created_at.desc(), c.id).limit(1)
    zone: str | None = db.execute(query).scalar()
    return zone


def has_overdue_work(db: Connection, before: Micros) -> bool:
    """Return True if work on volumes has been due since `before`, and no worker has leased it."""
    c = work_table.c
    overdue = select(c.key).where(c.kind == "volume.volume", c.due_at < before, c.leased_until < before)
    return db.execute(overdue.limit(1)).first() is not None


def _sum(db: Connection, table: Table, cloud_id: str) -> tuple[int, int]:
    c = table.c
    query = select(func.count(), func.coalesce(func.sum(c.size_gib), 0))
    number, gib = db.execute(query.where(c.cloud_id == cloud_id, c.deleted_at.is_(None))).one()
    return int(number), int(gib)
