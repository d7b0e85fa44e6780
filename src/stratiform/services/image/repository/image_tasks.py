"""Queries for import tasks."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, TableGateway
from stratiform.kit.pagination import Page, Slice
from stratiform.services.image.model import ImageTask
from stratiform.services.image.tables import image_tasks

_rows = TableGateway(image_tasks, ImageTask)


def find(db: Connection, task_id: str) -> ImageTask | None:
    return _rows.find(db, task_id)


def list_page(db: Connection, page: Page, task_type: str, status: str) -> Slice[ImageTask]:
    """Return a page, the newest first. `task_type` and `status` "": all. Raises: Invalid for the marker."""
    where: list[ColumnElement[bool]] = []
    if task_type:
        where.append(image_tasks.c.type == task_type)
    if status:
        where.append(image_tasks.c.status == status)
    return _rows.list_page(db, page, *where, newest_by="created_at")


def list_of_image(db: Connection, image_id: str) -> Sequence[ImageTask]:
    c = image_tasks.c
    return _rows.list_all(db, c.image_id == image_id, order=[c.created_at, c.id])


def insert(db: Connection, task: ImageTask) -> ImageTask:
    return _rows.insert(db, task)


def save(db: Connection, task: ImageTask) -> ImageTask:
    return _rows.save(db, task)


def delete_expired(db: Connection, now: Micros) -> None:
    _rows.delete(db, image_tasks.c.expires_at < now)
