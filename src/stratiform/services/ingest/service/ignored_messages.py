"""Ignored messages: those without statements about metered resources."""

from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.services.ingest import policy, repository
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.parsed_batches import parse_messages
from stratiform.services.ledger.service import LedgerService


@dataclass(frozen=True, slots=True)
class IgnoredMessageType:
    """The number of ignored messages of one event type, and the times of the first and of the last one.

    `reason` is why a meter file ignores the type, or "". `is_metered`: a meter file has a rule for this type, which was
    added later, or did not apply to these messages.
    """

    cloud: str
    event_type: str
    count: int
    first_at: Micros
    last_at: Micros
    reason: str
    is_metered: bool

    @property
    def is_undecided(self) -> bool:
        """True if neither a reason to ignore the messages nor a meter for them is defined."""
        return not self.reason and not self.is_metered


@dataclass(frozen=True, slots=True)
class IgnoredMessages:
    """Counts and replays ignored messages."""

    parser: MessageParser
    ledger: LedgerService

    def count_by_type(self, ctx: RequestContext, *, undecided: bool = False) -> Sequence[IgnoredMessageType]:
        """Return the numbers of ignored messages by cloud and event type: undecided ones first, or only those."""
        policy.IGNORED_MESSAGES_LIST.require(ctx.caller, None)
        types = [
            IgnoredMessageType(
                *(row.cloud, row.event_type, row.count, row.first_at, row.last_at),
                reason=self.parser.find_ignore_reason(row.event_type),
                is_metered=self.parser.is_metered(row.event_type),
            )
            for row in repository.ignored_messages.count_by_type(ctx.db)
        ]
        ordered = sorted(types, key=lambda each: (not each.is_undecided, not each.is_metered))
        return [each for each in ordered if each.is_undecided or not undecided]

    def replay(self, ctx: RequestContext, after: int = 0) -> tuple[IngestResult, int | None]:
        """Ingest the first stored batch after number `after` again; statements that are stored already change nothing.

        Return the result and the number of the batch; None if there are no more.
        """
        policy.IGNORED_MESSAGES_REPLAY.require(ctx.caller, None)
        stored = self.ledger.batches.find_next_batch(ctx.db, after)
        if stored is None:
            return IngestResult(), None
        number, messages = stored
        batch = parse_messages(self.parser, messages)
        batch.messages = [message for message in batch.messages if message.statements]
        batch.rejected.clear()
        repository.ignored_messages.delete(ctx.db, [(message.cloud, message.message_id) for message in batch.messages])
        return store_batch(ctx.db, self.ledger, batch, ctx.now), number
