"""Notifications that are published on a message bus, but are not part of the usage ledger."""

import socket
from dataclasses import dataclass
from typing import Any

from stratiform.kit import outbox
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids


@dataclass(frozen=True, slots=True)
class Notifier:
    """Appends the notifications of one service. `is_enabled` False: nothing is published, and so nothing is written.

    `service`: the start of the publisher's id, such as `image` of `image.host-1`.
    """

    service: str
    ids: Ids
    is_enabled: bool = False

    def append(
        self, db: Connection, event_type: str, payload: dict[str, Any] | str, at: Micros, *, priority: str = ""
    ) -> None:
        """Write a notification, which is published if and only if the caller's transaction commits."""
        if not self.is_enabled:
            return
        publisher_id = f"{self.service}.{socket.gethostname()}"
        event = outbox.Event(self.ids.uuid(), event_type, publisher_id, at, "", payload, priority=priority)
        outbox.append_unmetered_event(db, event)
