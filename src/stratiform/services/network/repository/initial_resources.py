"""The kinds of resources of which the initial ones were created, once per installation."""

from sqlalchemy import insert, select

from stratiform.kit.database import Connection, IntegrityError
from stratiform.services.network.tables import initial_resources_table


def were_created(db: Connection, kind: str) -> bool:
    c = initial_resources_table.c
    return db.execute(select(c.kind).where(c.kind == kind)).first() is not None


def record_creation(db: Connection, kind: str) -> bool:
    """Record that the initial resources are created by this transaction. Return False if another one has done so."""
    try:
        with db.begin_nested():
            db.execute(insert(initial_resources_table).values(kind=kind))
    except IntegrityError:
        return False
    return True
