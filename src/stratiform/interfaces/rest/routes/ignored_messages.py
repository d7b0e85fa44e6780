"""`/usage/ignored`: messages without statements about metered resources."""

from dataclasses import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.schemas import messages as schemas
from stratiform.kit.clock import format_iso
from stratiform.services.ingest import policy
from stratiform.services.ingest.model import IngestResult
from stratiform.services.ingest.service import IgnoredMessageType

#: Batches that are replayed in one request, each in its own transaction.
_BATCHES = 20


@api.get("/usage/ignored", policy.IGNORED_MESSAGES_LIST)
def count_ignored_messages(request: ApiRequest, query: schemas.IgnoredMessageQuery) -> schemas.IgnoredMessageTypes:
    """Count ignored messages by cloud and event type, types without a decision first. Times are those in messages."""
    ignored_messages = request.services.ingest.ignored_messages
    types = ignored_messages.count_by_type(request.ctx, undecided=query.is_undecided)
    return schemas.IgnoredMessageTypes([_message_type(message_type) for message_type in types])


@api.post("/usage/ignored/replay", policy.IGNORED_MESSAGES_REPLAY, manages_transactions=True)
def replay_ignored_messages(request: ApiRequest, query: schemas.ReplayQuery) -> schemas.ReplayResult:
    """Ingest stored ignored messages again, a few batches at a time, after the position `after`."""
    position: int | None = query.after
    total = IngestResult()
    with request.read_transaction() as ctx:
        check = LateUsageCheck.start(request.services, ctx)
    for _ in range(_BATCHES):
        with request.write_transaction() as ctx:
            result, position = request.services.ingest.ignored_messages.replay(ctx, position or 0)
        total += result
        if position is None:
            break
    return schemas.ReplayResult(**asdict(total), next=position, late_usage=check.find_committed())


def _message_type(message_type: IgnoredMessageType) -> schemas.IgnoredMessageType:
    return schemas.IgnoredMessageType(
        cloud=message_type.cloud,
        event_type=message_type.event_type,
        count=message_type.count,
        first_at=format_iso(message_type.first_at),
        last_at=format_iso(message_type.last_at),
        reason=message_type.reason,
        is_metered=message_type.is_metered,
    )
