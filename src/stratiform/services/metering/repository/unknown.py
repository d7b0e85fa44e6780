"""Messages that speak of nothing that is metered. They stand in their batches, as all do."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from stratiform.kit import bulk
from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection
from stratiform.services.metering.tables import unknown_table

_u = unknown_table.c
_COLUMNS = ("cloud", "message_id", "event_type", "received_at", "batch")


@dataclass(frozen=True, slots=True)
class Unknown:
    """How many messages of one kind came, and when the first and the last."""

    cloud: str
    event_type: str
    count: int
    first_at: Micros
    last_at: Micros


def known(db: Connection, keys: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of `keys` (cloud, message id) that came already."""
    return {
        (cloud, row[0])
        for cloud, ids in _by_cloud(keys).items()
        for row in bulk.select_by(db, (_u.message_id,), _u.message_id, ids, _u.cloud == cloud)
    }


def add(db: Connection, rows: Sequence[tuple[str, str, str]], now: Micros, batch: int) -> None:
    """Write down that these came: cloud, message id, event type."""
    bulk.insert(db, unknown_table, _COLUMNS, [(*row, now, batch) for row in rows])


def forget(db: Connection, keys: Iterable[tuple[str, str]]) -> None:
    """They are metered now."""
    for cloud, ids in _by_cloud(keys).items():
        for some in bulk.chunks(ids):
            db.execute(unknown_table.delete().where(_u.cloud == cloud, _u.message_id.in_(some)))


def drop(db: Connection, batches: Sequence[int]) -> None:
    """Their messages are kept no longer."""
    db.execute(unknown_table.delete().where(_u.batch.in_(batches)))


def counted(db: Connection) -> list[Unknown]:
    kinds = (_u.cloud, _u.event_type)
    query = select(*kinds, func.count(), func.min(_u.received_at), func.max(_u.received_at)).group_by(*kinds)
    return [Unknown(*row) for row in db.execute(query.order_by(*kinds))]


def _by_cloud(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for cloud, message_id in keys:
        found[cloud].append(message_id)
    return found
