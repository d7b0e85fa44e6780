"""Ingest of notifications."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Invalid
from stratiform.services.ingest import policy
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.parsing import MessageParser, envelope
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.cloud_names import validate_cloud_name
from stratiform.services.ingest.service.parsed_batches import ParsedBatch, parse_messages
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class Messages:
    """Ingests oslo.messaging envelopes, bare or in lines of a recording."""

    parser: MessageParser
    ledger: LedgerService

    def ingest_upload(self, ctx: RequestContext, cloud: str, messages: Iterable[bytes]) -> IngestResult:
        """As `ingest`. Raises: Forbidden; Invalid (the name of the cloud)."""
        policy.MESSAGES_CREATE.require(ctx.caller, None)
        validate_cloud_name(cloud)
        return self.ingest(ctx.db, cloud, messages, ctx.now)

    def ingest(self, db: Connection, cloud: str, messages: Iterable[bytes], now: Micros) -> IngestResult:
        """Append messages to the ledger. Order, duplicates and batch sizes do not matter."""
        return self.store(db, self.parse(cloud, messages), now)

    def parse(self, cloud: str, messages: Iterable[bytes]) -> ParsedBatch:
        """Parse messages, the first half of `ingest`. No queries, so the previous batch can be stored meanwhile."""
        return parse_messages(self.parser, ((cloud, bytes(message)) for message in messages))

    def store(self, db: Connection, batch: ParsedBatch, now: Micros) -> IngestResult:
        """Store a parsed batch, the second half of `ingest`."""
        return store_batch(db, self.ledger, batch, now)

    def check_upload(self, messages: Sequence[bytes]) -> None:
        """Check that one of `messages`, the first of an upload, looks like a notification.

        Otherwise it is the wrong file. Raises: Invalid.
        """
        if not messages or any(envelope.looks_like_notification(message) for message in messages):
            return
        try:
            envelope.parse_envelope(messages[0])
        except InvalidMessage as error:
            subject = "The only line is not" if len(messages) == 1 else f"None of the first {len(messages)} lines is"
            raise Invalid(
                f"{subject} a notification: {error.message}. Nothing was stored.",
                hint="use one uncompressed JSON document per line; for CloudEvents, use `stratiform usage insert`",
            ) from error
