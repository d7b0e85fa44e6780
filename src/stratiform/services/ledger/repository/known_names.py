"""Names in the ledger: clouds, resource types, meters and projects."""

from sqlalchemy import literal, select

from stratiform.kit.database import Connection
from stratiform.services.ledger.repository.column_types import AnyColumn, Condition
from stratiform.services.ledger.tables import resource_table, sample_table, segment_table

_r, _s, _v = resource_table.c, segment_table.c, sample_table.c


def list_clouds(db: Connection) -> list[str]:
    """Return the clouds that have resources."""
    return _list_distinct(db, _r.cloud)


def list_resource_types(db: Connection) -> list[str]:
    """Return the types of resources."""
    return _list_distinct(db, _r.resource_type)


def list_meters(db: Connection) -> list[str]:
    """Return the meters that have samples."""
    return _list_distinct(db, _v.meter)


def has_cloud(db: Connection, name: str) -> bool:
    """Return True if the cloud has resources."""
    return _exists(db, _r.cloud == name)


def has_resource_type(db: Connection, name: str) -> bool:
    """Return True if there are resources of the type."""
    return _exists(db, _r.resource_type == name)


def has_meter(db: Connection, name: str) -> bool:
    """Return True if the meter has samples."""
    return _exists(db, _v.meter == name)


def has_project(db: Connection, project_id: str) -> bool:
    """Return True if the project has segments or samples."""
    return _exists(db, _s.project_id == project_id) or _exists(db, _v.project_id == project_id)


def _list_distinct(db: Connection, column: AnyColumn) -> list[str]:
    return sorted(db.execute(select(column).distinct()).scalars())


def _exists(db: Connection, condition: Condition) -> bool:
    return db.execute(select(literal(1)).where(condition).limit(1)).first() is not None
