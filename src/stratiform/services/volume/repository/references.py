"""References to native volumes and snapshots that become managed."""

from collections.abc import Mapping

from sqlalchemy import select

from stratiform.kit.database import Connection
from stratiform.services.volume.tables import reference_table


def save_reference(db: Connection, resource_id: str, reference: Mapping[str, str]) -> None:
    db.execute(reference_table.insert().values(resource_id=resource_id, reference=dict(reference)))


def find_reference(db: Connection, resource_id: str) -> dict[str, str]:
    """Return the reference of a resource that existed in its cloud before; {} for other resources."""
    c = reference_table.c
    reference: dict[str, str] | None = db.execute(select(c.reference).where(c.resource_id == resource_id)).scalar()
    return reference or {}
