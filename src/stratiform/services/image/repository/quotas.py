"""Queries of the usage that counts against quotas."""

from sqlalchemy import case, func, select

from stratiform.kit.database import Connection, insert_lock_row
from stratiform.services.image.tables import image_quota_locks, images

_UPLOADING = ("saving", "uploading", "importing")


def lock_project(db: Connection, project_id: str) -> None:
    """Wait for other requests of a project that reserve quota, and exclude them until the transaction ends."""
    c = image_quota_locks.c
    query = select(c.project_id).where(c.project_id == project_id)
    if db.execute(query).first() is None:
        insert_lock_row(db, image_quota_locks, {"project_id": project_id}, key=("project_id",))
    db.execute(query.with_for_update()).all()


def sum_usage(db: Connection, project_id: str) -> dict[str, int]:
    """Return the usage of a project by resource; sizes in bytes. Data counts once for each store that has it."""
    c = images.c
    size = c.size * case((c.stored_copies > 1, c.stored_copies), else_=1)
    columns = (c.status, func.count(), func.coalesce(func.sum(size), 0))
    rows = db.execute(select(*columns).where(c.owner == project_id).group_by(c.status)).all()
    return {
        "image_size_total": sum(int(size) for status, _, size in rows if status not in ("queued", *_UPLOADING)),
        "image_stage_total": sum(int(size) for status, _, size in rows if status in ("uploading", "importing")),
        "image_count_total": sum(count for _, count, _ in rows),
        "image_count_uploading": sum(count for status, count, _ in rows if status in _UPLOADING),
    }
