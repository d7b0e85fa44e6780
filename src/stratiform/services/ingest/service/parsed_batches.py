"""Parsing of messages that are ingested together. No queries."""

import hashlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial

from stratiform.kit.clock import Micros
from stratiform.kit.outbox import Event
from stratiform.services.ingest.errors import InvalidMessage
from stratiform.services.ingest.model import RejectedMessage
from stratiform.services.ingest.parsing import MessageParser, encode_event, redact_token
from stratiform.services.ledger.model import ParsedMessage

logger = logging.getLogger(__name__)

#: A message may list thousands of items that are invalid for the same reason.
_MAX_ERRORS = 3


@dataclass(slots=True)
class ParsedBatch:
    """Parsed messages, and rejected ones as cloud, body and reason.

    A message of which only some items are invalid is in both lists.
    """

    messages: list[ParsedMessage] = field(default_factory=list)
    rejected: list[tuple[str, bytes, str]] = field(default_factory=list)

    def list_rejected(self, now: Micros) -> list[RejectedMessage]:
        """Return the rejected messages as they are stored."""
        return [build_rejected_message(*rejected, now) for rejected in self.rejected]


def parse_messages(parser: MessageParser, messages: Iterable[tuple[str, bytes]]) -> ParsedBatch:
    """Parse messages, each with its cloud: oslo.messaging envelopes, or lines of a recording."""
    batch = ParsedBatch()
    for cloud, body in messages:
        stripped = redact_token(body)
        _parse(batch, cloud, stripped, partial(parser.parse_message, cloud, stripped))
    return batch


def parse_events(parser: MessageParser, events: Iterable[Event]) -> ParsedBatch:
    """Parse events that did not arrive in an envelope; they are stored in one."""
    batch = ParsedBatch()
    for event in events:
        body = redact_token(encode_event(event))
        _parse(batch, event.cloud, body, partial(_parse_event, parser, event, body))
    return batch


def _parse_event(parser: MessageParser, event: Event, body: bytes) -> ParsedMessage:
    return ParsedMessage(event.cloud, body, event.event_type, event.message_id, event.at, parser.parse_event(event))


def _parse(batch: ParsedBatch, cloud: str, body: bytes, parse: Callable[[], ParsedMessage]) -> None:
    """Add the message to `batch`; no message may stop the ones that follow it."""
    try:
        message = parse()
        batch.messages.append(message)
        if message.errors:
            batch.rejected.append((cloud, body, "; ".join(message.errors[:_MAX_ERRORS])))
    except InvalidMessage as error:
        batch.rejected.append((cloud, body, error.message))
    except Exception as error:
        logger.exception("failed to parse message cloud=%s", cloud)
        batch.rejected.append((cloud, body, f"could not be parsed: {type(error).__name__}"))


def build_rejected_message(cloud: str, body: bytes, reason: str, now: Micros) -> RejectedMessage:
    """Return a rejected message, whose id is derived from its content."""
    message_id = hashlib.sha256(cloud.encode() + b"\0" + body).hexdigest()
    return RejectedMessage(message_id, cloud, reason, now, body)
