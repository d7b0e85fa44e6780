"""The outbox: events that are written in the transaction of a change. Ingest moves them to the ledger.

An event has the form of an OpenStack notification, so that all events are parsed in the same way. If notifications are
published on a message bus, ingested events remain in the outbox until the broker has confirmed them.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, String, false, true

from stratiform.kit.clock import Micros
from stratiform.kit.context import get_attached_context
from stratiform.kit.database import Connection, Json, Serial, TableGateway, define_table
from stratiform.kit.work_queue import enqueue

#: The type of events that state the name of a resource of this installation.
NAMED = "resource.named"

#: The kind of work that moves events to the ledger.
INGEST = "ingest.outbox"

#: The kind of work that publishes ingested events.
PUBLISH = "notifications.publish"


@dataclass(frozen=True, slots=True)
class Event:
    """One notification (oslo.messaging's fields). `cloud` is the name of the cloud that sent it.

    `payload`: an object, or a text in notifications of errors that are published, but not moved to the ledger.
    `context`: of the request that caused it, by default the one attached to the transaction.
    `priority`: `info` or `error`; "": `error` if the event type ends with `.error`.
    """

    message_id: str
    event_type: str
    publisher_id: str
    at: Micros
    cloud: str
    payload: Any
    context: dict[str, Any] = field(default_factory=dict)
    priority: str = ""


outbox_table = define_table(
    "outbox",
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("event_type", String(128), nullable=False),
    Column("publisher_id", String(128), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cloud", String(64), nullable=False),
    Column("payload", Json, nullable=False),
    Column("context", Json, nullable=False),
    Column("ingested", Boolean, nullable=False),
    Column("priority", String(8), nullable=False),
)

_INSERT = outbox_table.insert()

_rows = TableGateway(outbox_table, Event, key="seq")


def append_event(db: Connection, event: Event) -> None:
    """Write `event`, and enqueue its ingestion; it exists if and only if the caller's transaction commits."""
    append_events(db, [event])


def append_events(db: Connection, events: Sequence[Event]) -> None:
    """Write events in their order, as `append_event`."""
    if events:
        _insert(db, events, ingested=False)
        enqueue(db, INGEST, "all", max(event.at for event in events))


def append_unmetered_event(db: Connection, event: Event) -> None:
    """Write an event that is published, but not moved to the ledger."""
    _insert(db, [event], ingested=True)
    enqueue(db, PUBLISH, "all", event.at)


def _insert(db: Connection, events: Sequence[Event], *, ingested: bool) -> None:
    context = get_attached_context(db)
    rows = [
        {
            "message_id": event.message_id,
            "event_type": event.event_type,
            "publisher_id": event.publisher_id,
            "at": event.at,
            "cloud": event.cloud,
            "payload": event.payload,
            "context": event.context or context,
            "ingested": ingested,
            "priority": event.priority,
        }
        for event in events
    ]
    db.execute(_INSERT, rows)


def append_name(db: Connection, resource_type: str, resource_id: str, name: str, at: Micros) -> None:
    """Write the name of a resource of this installation, which applies from `at` on, and enqueue its ingestion."""
    payload = {"resource_type": resource_type, "resource_id": resource_id, "name": name}
    digest = hashlib.sha256(repr((resource_type, resource_id, name, at)).encode()).hexdigest()
    append_event(db, Event(digest, NAMED, "stratiform", at, "", payload))


def list_pending_events(db: Connection, limit: int) -> list[Event]:
    """Return the oldest events that are not ingested yet."""
    return _rows.list_all(db, outbox_table.c.ingested == false(), limit=limit)


def list_ingested_events(db: Connection, limit: int) -> list[Event]:
    """Return the oldest events that are ingested, but not published yet."""
    return _rows.list_all(db, outbox_table.c.ingested == true(), limit=limit)


def mark_ingested(db: Connection, events: Sequence[Event]) -> None:
    """Keep events that the transaction has ingested until they are published."""
    if events:
        db.execute(outbox_table.update().where(_are(events)).values(ingested=True))


def remove_events(db: Connection, events: Sequence[Event]) -> None:
    """Delete events that the transaction has ingested, or that are published."""
    if events:
        db.execute(outbox_table.delete().where(_are(events)))


def remove_ingested_events(db: Connection) -> None:
    """Delete what waits for publication, because notifications are not published any more."""
    db.execute(outbox_table.delete().where(outbox_table.c.ingested == true()))


def _are(events: Sequence[Event]) -> ColumnElement[bool]:
    return outbox_table.c.message_id.in_([event.message_id for event in events])
