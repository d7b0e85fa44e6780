"""The outbox: events that are written in the same transaction as the change, and read by metering.

An event has the form of an OpenStack notification, so that our events and those of other clouds are ingested alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, String

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Json, Rows, Serial, table


@dataclass(frozen=True, slots=True)
class Event:
    """One notification, with the fields of oslo.messaging. `cloud` is the name of the cloud that it is about."""

    message_id: str
    event_type: str
    publisher_id: str
    at: Micros
    cloud: str
    payload: dict[str, Any]
    seq: int | None = None  # position in the outbox, if the event was read from it


outbox_table = table(
    "outbox",
    Column("seq", Serial, primary_key=True, autoincrement=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("event_type", String(128), nullable=False),
    Column("publisher_id", String(128), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cloud", String(64), nullable=False),
    Column("payload", Json, nullable=False),
)

_events = Rows(outbox_table, Event, key="seq")


def append(db: Connection, event: Event) -> None:
    """Write an event as part of the caller's transaction."""
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


def list_pending(db: Connection, limit: int) -> list[Event]:
    """Return the events that have not been removed, oldest first."""
    return _events.all(db, limit=limit)


def remove(db: Connection, events: Sequence[Event]) -> None:
    """Remove events that were read from the outbox, in the transaction that stores them elsewhere."""
    if events:
        _events.delete(db, outbox_table.c.seq.in_([event.seq for event in events]))
