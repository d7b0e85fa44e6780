"""Queries of quotas and of the usage that counts against them."""

from sqlalchemy import select

from stratiform.kit.database import Connection, TableGateway, insert_lock_row, upsert
from stratiform.services.volume.model import Quota
from stratiform.services.volume.repository import sum_usage_by_type, volume_types
from stratiform.services.volume.repository.groups import count_groups
from stratiform.services.volume.repository.snapshots import sum_backups, sum_snapshots_by_type
from stratiform.services.volume.tables import quota_lock_table, quota_table

_quotas = TableGateway(quota_table, Quota, key="scope")


def list_limits(db: Connection, scope: str) -> dict[str, int]:
    """Return the limits that were set for a project or a quota class."""
    return {quota.resource: quota.limit for quota in _quotas.list_all(db, quota_table.c.scope == scope)}


def save_limit(db: Connection, scope: str, resource: str, limit: int) -> None:
    row = {"scope": scope, "resource": resource, "limit": limit}
    upsert(db, quota_table, row, key=("scope", "resource"), on_conflict={"limit": limit})


def delete_limits(db: Connection, scope: str) -> None:
    _quotas.delete(db, quota_table.c.scope == scope)


def lock_project(db: Connection, project_id: str) -> None:
    """Wait for other requests of a project that reserve quota, and exclude them until the transaction ends."""
    c = quota_lock_table.c
    query = select(c.project_id).where(c.project_id == project_id)
    if db.execute(query).first() is None:
        insert_lock_row(db, quota_lock_table, {"project_id": project_id}, key=("project_id",))
    db.execute(query.with_for_update()).all()


def list_type_names(db: Connection) -> dict[str, str]:
    """Return the names of all volume types by id."""
    return {volume_type.id: volume_type.name for volume_type in volume_types.list_all(db)}


def sum_usage(db: Connection, project_id: str) -> dict[str, int]:
    """Return the usage of a project by resource, with that of each volume type. Snapshots count as gigabytes too."""
    names = list_type_names(db)
    usage = dict.fromkeys(("volumes", "gigabytes", "snapshots"), 0)
    rows = [("volumes", *row) for row in sum_usage_by_type(db, project_id)]
    rows += [("snapshots", *row) for row in sum_snapshots_by_type(db, project_id)]
    for resource, type_id, number, gib in rows:
        suffixes = ("", f"_{names[type_id]}") if type_id in names else ("",)
        for suffix in suffixes:
            usage[f"{resource}{suffix}"] = usage.get(f"{resource}{suffix}", 0) + number
            usage[f"gigabytes{suffix}"] = usage.get(f"gigabytes{suffix}", 0) + gib
    usage["backups"], usage["backup_gigabytes"] = sum_backups(db, project_id)
    usage["groups"] = count_groups(db, project_id)
    return usage
