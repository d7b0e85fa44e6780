"""Ingest, by what is ingested."""

from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.database import Connection
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.service.cloud_names import validate_cloud_name
from stratiform.services.ingest.service.cloudevents import CloudEvents, EventResult
from stratiform.services.ingest.service.correction_events import (
    build_correction_event,
    derive_message_id,
    format_author,
)
from stratiform.services.ingest.service.corrections import (
    AdjustedSum,
    CorrectionResult,
    Corrections,
    StoredCorrection,
)
from stratiform.services.ingest.service.ignored_messages import IgnoredMessages, IgnoredMessageType
from stratiform.services.ingest.service.messages import Messages
from stratiform.services.ingest.service.meters import Meters
from stratiform.services.ingest.service.own_events import OwnEvents
from stratiform.services.ingest.service.parsed_batches import ParsedBatch
from stratiform.services.ingest.service.polls import PollQuery, Polls
from stratiform.services.ingest.service.rejected_messages import RejectedMessages
from stratiform.services.ingest.service.resource_names import ResourceNames
from stratiform.services.ingest.service.resource_updates import ResourceUpdate, ResourceUpdates
from stratiform.services.ledger.service import LedgerService

__all__ = [
    "AdjustedSum",
    "CorrectionResult",
    "EventResult",
    "IgnoredMessageType",
    "IngestService",
    "ParsedBatch",
    "PollQuery",
    "ResourceUpdate",
    "StoredCorrection",
    "build_correction_event",
    "derive_message_id",
    "format_author",
    "validate_cloud_name",
]

#: Events that are moved from the outbox at once.
_PENDING_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class IngestService:
    """Parses messages and appends them to the ledger.

    Messages are kept as they were received for `raw_messages_days` (0: forever).
    """

    ledger: LedgerService
    cloudevents: CloudEvents
    corrections: Corrections
    own_events: OwnEvents
    ignored_messages: IgnoredMessages
    messages: Messages
    meters: Meters
    polls: Polls
    rejected_messages: RejectedMessages
    resource_names: ResourceNames
    resource_updates: ResourceUpdates
    raw_messages_days: int = 0

    @classmethod
    def build(
        cls, parser: MessageParser, ledger: LedgerService, raw_messages_days: int = 0, *, publishes: bool = False
    ) -> "IngestService":
        """Build the service from its dependencies. `publishes`: own events are published on a message bus, too."""
        return cls(
            ledger=ledger,
            cloudevents=CloudEvents(parser, ledger),
            corrections=Corrections(parser, ledger),
            own_events=OwnEvents(parser, ledger, publishes),
            ignored_messages=IgnoredMessages(parser, ledger),
            messages=Messages(parser, ledger),
            meters=Meters(parser),
            polls=Polls(parser, ledger),
            rejected_messages=RejectedMessages(parser, ledger),
            resource_names=ResourceNames(parser, ledger),
            resource_updates=ResourceUpdates(parser, ledger),
            raw_messages_days=raw_messages_days,
        )

    def ingest_whole_outbox(self, db: Connection, now: Micros) -> None:
        """Move all events from the outbox to the ledger, in the transaction of the caller."""
        while self.own_events.ingest_outbox(db, now, _PENDING_AT_ONCE):
            pass
