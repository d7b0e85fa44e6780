"""The outbox: what happened, written in the same transaction as the change, read by metering.

An event has the form of an OpenStack notification, so that one collector hears ours and everyone else's.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, String

from stratiform.kit.clock import Micros
from stratiform.kit.db import Connection, Json, Rows, Serial, table


@dataclass(frozen=True, slots=True)
class Event:
    """One notification (oslo.messaging's fields). `cloud` is the name of the cloud it speaks of."""

    message_id: str
    event_type: str
    publisher_id: str
    at: Micros
    cloud: str
    payload: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Posted:
    """An event in the outbox, with its place there."""

    seq: int
    message_id: str
    event_type: str
    publisher_id: str
    at: Micros
    cloud: str
    payload: dict[str, Any]


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

_posted = Rows(outbox_table, Posted, key="seq")


def append(db: Connection, event: Event) -> None:
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


def list_pending(db: Connection, limit: int) -> list[Posted]:
    """The oldest events that nobody has taken yet."""
    return _posted.all(db, limit=limit)


def remove(db: Connection, events: list[Posted]) -> None:
    """Forget `events`: the reader's transaction has them now."""
    if events:
        _posted.delete(db, outbox_table.c.seq.in_([event.seq for event in events]))
