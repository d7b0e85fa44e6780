"""Queries on host aggregates."""

from collections.abc import Sequence

from sqlalchemy import insert, select

from stratiform.kit.database import Connection, TableGateway
from stratiform.services.compute.model.aggregates import Aggregate
from stratiform.services.compute.tables import aggregate_table

_aggregates = TableGateway(aggregate_table, Aggregate)


def list_aggregates(db: Connection) -> Sequence[Aggregate]:
    return _aggregates.list_all(db, order=[aggregate_table.c.id])


def find_for_update(db: Connection, aggregate_id: int) -> Aggregate | None:
    """Return the aggregate, locked until the transaction ends."""
    c = aggregate_table.c
    row = db.execute(select(*_aggregates.columns).where(c.id == aggregate_id).with_for_update()).first()
    return None if row is None else Aggregate(*row)


def find_by_name(db: Connection, name: str) -> Aggregate | None:
    return _aggregates.find_first(db, aggregate_table.c.name == name)


def insert_aggregate(db: Connection, uuid: str, name: str, zone: str | None, now: int) -> Aggregate:
    """Insert an aggregate with the next number as its id."""
    values: dict[str, object] = {
        "uuid": uuid,
        "name": name,
        "availability_zone": zone,
        "metadata": {},
        "hosts": [],
        "created_at": now,
    }
    key = db.execute(insert(aggregate_table).values(values)).inserted_primary_key
    assert key is not None, "every row has a key"
    return Aggregate(int(key[0]), uuid, name, zone, now)


def save_aggregate(db: Connection, aggregate: Aggregate) -> Aggregate:
    return _aggregates.save(db, aggregate)


def delete_aggregate(db: Connection, aggregate_id: int) -> None:
    _aggregates.delete(db, aggregate_table.c.id == aggregate_id)
