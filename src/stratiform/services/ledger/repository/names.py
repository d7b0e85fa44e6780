"""What the ledger has by name: clouds, types of resources, meters, projects."""

from typing import Any

from sqlalchemy import ColumnElement, literal, select

from stratiform.kit.db import Connection
from stratiform.services.ledger.tables import resource_table, sample_table, segment_table

_r, _s, _v = resource_table.c, segment_table.c, sample_table.c


def clouds(db: Connection) -> list[str]:
    return _all(db, _r.cloud)


def resource_types(db: Connection) -> list[str]:
    return _all(db, _r.resource_type)


def meters(db: Connection) -> list[str]:
    """Those of which there are samples."""
    return _all(db, _v.meter)


def has_cloud(db: Connection, name: str) -> bool:
    return _has(db, _r.cloud == name)


def has_resource_type(db: Connection, name: str) -> bool:
    return _has(db, _r.resource_type == name)


def has_meter(db: Connection, name: str) -> bool:
    return _has(db, _v.meter == name)


def has_project(db: Connection, project_id: str) -> bool:
    """Whether the project used anything at any time, or was told to have."""
    return _has(db, _s.project_id == project_id) or _has(db, _v.project_id == project_id)


def _all(db: Connection, column: ColumnElement[Any]) -> list[str]:
    return sorted(db.execute(select(column).distinct()).scalars())


def _has(db: Connection, where: ColumnElement[bool]) -> bool:
    return db.execute(select(literal(1)).where(where).limit(1)).first() is not None
