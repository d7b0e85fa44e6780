"""Rejected messages: those that could not be parsed or stored."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.database import Connection
from stratiform.kit.errors import Conflict, NotFound
from stratiform.kit.pagination import Page, Slice
from stratiform.services.ingest import policy, repository
from stratiform.services.ingest.model import IngestResult, RejectedMessage
from stratiform.services.ingest.parsing import MessageParser, redact_token
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.parsed_batches import build_rejected_message, parse_messages
from stratiform.services.ledger.service import LedgerService

logger = logging.getLogger(__name__)

_REPLAYED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RejectedMessages:
    """Lists, deletes and replays rejected messages."""

    parser: MessageParser
    ledger: LedgerService

    def add(self, db: Connection, cloud: str, message: bytes, reason: str, now: Micros) -> IngestResult:
        """Store a message that could not be ingested, so that it can be replayed."""
        repository.rejected_messages.add(db, [build_rejected_message(cloud, redact_token(message), reason, now)])
        return IngestResult(rejected=1)

    def list(self, ctx: RequestContext, page: Page) -> Slice[RejectedMessage]:
        """Return a page of messages sorted by id."""
        policy.REJECTED_MESSAGES_LIST.require(ctx.caller, None)
        return repository.rejected_messages.list_page(ctx.db, page)

    def get(self, ctx: RequestContext, id_prefix: str) -> RejectedMessage:
        """Return the message whose id begins with `id_prefix`. Raises: NotFound, Conflict (several messages)."""
        policy.REJECTED_MESSAGES_LIST.require(ctx.caller, None)
        return _get(ctx.db, id_prefix)

    def delete(self, ctx: RequestContext, id_prefix: str) -> RejectedMessage:
        """Delete the message whose id begins with `id_prefix`, and return it. Raises: NotFound, Conflict."""
        policy.REJECTED_MESSAGES_DELETE.require(ctx.caller, None)
        message = _get(ctx.db, id_prefix)
        repository.rejected_messages.delete_by_id(ctx.db, [message.id])
        logger.info("rejected message deleted user=%s id=%s reason=%r", ctx.caller.user_id, message.id, message.reason)
        return message

    def delete_all(self, ctx: RequestContext, cloud: str | None = None, reason: str | None = None) -> int:
        """Delete the messages of `cloud` whose reason begins with `reason`; None matches any. Return their number."""
        policy.REJECTED_MESSAGES_DELETE.require(ctx.caller, None)
        count = repository.rejected_messages.delete_matching(ctx.db, cloud, reason)
        logger.info("rejected messages deleted user=%s count=%d", ctx.caller.user_id, count)
        return count

    def replay(self, ctx: RequestContext) -> IngestResult:
        """Ingest all messages again; those that are valid now are removed from the rejected ones."""
        policy.REJECTED_MESSAGES_REPLAY.require(ctx.caller, None)
        result, after = IngestResult(), ""
        while messages := repository.rejected_messages.list_after(ctx.db, after, _REPLAYED_AT_ONCE):
            after = messages[-1].id
            result += self._replay(ctx, messages)
        return result

    def _replay(self, ctx: RequestContext, messages: Sequence[RejectedMessage]) -> IngestResult:
        batch = parse_messages(self.parser, ((message.cloud, message.body) for message in messages))
        still_rejected = batch.list_rejected(ctx.now)
        valid = {message.id for message in messages} - {message.id for message in still_rejected}
        repository.rejected_messages.delete_by_id(ctx.db, sorted(valid))
        for message in still_rejected:
            repository.rejected_messages.update_reason(ctx.db, message)
        return store_batch(ctx.db, self.ledger, batch, ctx.now)


def _get(db: Connection, id_prefix: str) -> RejectedMessage:
    messages = repository.rejected_messages.list_by_prefix(db, id_prefix, 2) if id_prefix else []
    if not messages:
        raise NotFound(
            f"Rejected message {id_prefix} could not be found.", hint="see the IDs in `stratiform usage rejected list`"
        )
    if len(messages) > 1 and messages[0].id != id_prefix:
        raise Conflict(
            f"Several rejected messages have an ID that begins with {id_prefix}.", hint="use a longer prefix"
        )
    return messages[0]
