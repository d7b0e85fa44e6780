"""Ingest of Stratiform's own events."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit import outbox
from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.kit.outbox import Event
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class OwnEvents:
    """Ingests events, which did not arrive as messages."""

    parser: MessageParser
    ledger: LedgerService

    def ingest(self, db: Connection, events: Sequence[Event], now: Micros) -> IngestResult:
        """Append events to the ledger. Order, duplicates and batch sizes do not matter."""
        return store_batch(db, self.ledger, parse_events(self.parser, events), now)

    def ingest_outbox(self, db: Connection, now: Micros, limit: int) -> int:
        """Move the oldest `limit` events from the outbox to the ledger; return their number."""
        events = outbox.list_pending_events(db, limit)
        if events:
            self.ingest(db, events, now)
            outbox.remove_events(db, events)
        return len(events)
