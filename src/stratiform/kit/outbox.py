"""The outbox: events that are written in the transaction of a change, and moved to the ledger by ingest.

An event has the form of an OpenStack notification, so that all events are parsed in the same way.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, String

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection, Json, Serial, TableGateway, define_table
from stratiform.kit.work_queue import enqueue

#: The type of events that state the name of a resource of this installation.
NAMED = "resource.named"


@dataclass(frozen=True, slots=True)
class Event:
    """One notification (oslo.messaging's fields). `cloud` is the name of the cloud that sent it."""

    message_id: str
    event_type: str
    publisher_id: str
    at: Micros
    cloud: str
    payload: dict[str, Any]


outbox_table = define_table(
    "outbox",
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("event_type", String(128), nullable=False),
    Column("publisher_id", String(128), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cloud", String(64), nullable=False),
    Column("payload", Json, nullable=False),
)

_rows = TableGateway(outbox_table, Event, key="seq")


def append_event(db: Connection, event: Event) -> None:
    """Write `event`; it exists if and only if the caller's transaction commits."""
    db.execute(
        outbox_table.insert().values(
            message_id=event.message_id,
            event_type=event.event_type,
            publisher_id=event.publisher_id,
            at=event.at,
            cloud=event.cloud,
            payload=event.payload,
        )
    )


def append_name(db: Connection, resource_type: str, resource_id: str, name: str, at: Micros) -> None:
    """Write the name of a resource of this installation, which applies from `at` on, and enqueue its ingestion."""
    payload = {"resource_type": resource_type, "resource_id": resource_id, "name": name}
    digest = hashlib.sha256(repr((resource_type, resource_id, name, at)).encode()).hexdigest()
    append_event(db, Event(digest, NAMED, "stratiform", at, "", payload))
    enqueue(db, "ingest.outbox", "all", at)


def list_pending_events(db: Connection, limit: int) -> list[Event]:
    """Return the oldest events that are not ingested yet."""
    return _rows.list_all(db, limit=limit)


def remove_events(db: Connection, events: Sequence[Event]) -> None:
    """Delete events that the transaction has ingested."""
    if events:
        db.execute(outbox_table.delete().where(outbox_table.c.message_id.in_([event.message_id for event in events])))
