"""Ingest of Stratiform's own events."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit import outbox
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.outbox import Event
from stratiform.kit.work_queue import enqueue
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.service.batch_storage import store_batch, store_names
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.name_timelines import OWN_CLOUD, StatedName
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class OwnEvents:
    """Ingests events, which did not arrive as messages. `publishes`: they are published on a message bus afterwards."""

    parser: MessageParser
    ledger: LedgerService
    publishes: bool = False

    def ingest(self, db: Connection, events: Sequence[Event], now: Micros) -> IngestResult:
        """Append events to the ledger. Order, duplicates and batch sizes do not matter."""
        return store_batch(db, self.ledger, parse_events(self.parser, events), now)

    def ingest_outbox(self, db: Connection, now: Micros, limit: int) -> int:
        """Move the oldest `limit` events from the outbox to the ledger; return their number."""
        pending = outbox.list_pending_events(db, limit)
        names = [event for event in pending if event.event_type == outbox.NAMED]
        events = [event for event in pending if event.event_type != outbox.NAMED]
        if names:
            store_names(db, self.ledger, [_parse_name(event) for event in names], now)
            outbox.remove_events(db, names)
        if events:
            self.ingest(db, events, now)
            self._finish(db, events, now)
        return len(pending)

    def _finish(self, db: Connection, events: Sequence[Event], now: Micros) -> None:
        if self.publishes:
            outbox.mark_ingested(db, events)
            enqueue(db, outbox.PUBLISH, "all", now)
        else:
            outbox.remove_events(db, events)


def _parse_name(event: Event) -> StatedName:
    resource = Resource(OWN_CLOUD, event.payload["resource_type"], event.payload["resource_id"])
    return StatedName(resource, event.at, event.payload["name"])
