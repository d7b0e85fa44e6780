"""`/usage/rejected`: messages that could not be ingested."""

from dataclasses import asdict

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.rest.api import api
from stratiform.interfaces.rest.late_usage import LateUsageCheck
from stratiform.interfaces.rest.schemas import messages as schemas
from stratiform.interfaces.rest.schemas.common import PageQuery
from stratiform.kit.clock import format_iso
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.ingest import policy
from stratiform.services.ingest.model import RejectedMessage


@api.get("/usage/rejected", policy.REJECTED_MESSAGES_LIST)
def list_rejected_messages(request: ApiRequest, query: PageQuery) -> schemas.RejectedMessagePage:
    """List rejected messages, with the reason and as they were received."""
    page = request.services.ingest.rejected_messages.list(request.ctx, query.page())
    next_marker = page.next_marker(lambda message: message.id)
    return schemas.RejectedMessagePage([_rejected_message(message) for message in page.items], next_marker)


@api.get("/usage/rejected/{message_id}", policy.REJECTED_MESSAGES_LIST, errors=(Conflict,))
def show_rejected_message(request: ApiRequest, message_id: schemas.MessageId) -> schemas.RejectedMessage:
    """Show a rejected message."""
    return _rejected_message(request.services.ingest.rejected_messages.get(request.ctx, message_id))


@api.delete("/usage/rejected/{message_id}", policy.REJECTED_MESSAGES_DELETE, errors=(Conflict,))
def delete_rejected_message(request: ApiRequest, message_id: schemas.MessageId) -> None:
    """Delete a rejected message."""
    request.services.ingest.rejected_messages.delete(request.ctx, message_id)


@api.delete("/usage/rejected", policy.REJECTED_MESSAGES_DELETE, status=200)
def delete_rejected_messages(request: ApiRequest, query: schemas.RejectedDeleteQuery) -> schemas.DeletedCount:
    """Delete the rejected messages that match all given parameters, or all of them."""
    if query.is_all == bool(query.cloud or query.reason):
        raise Invalid(
            "no messages selected, or `all` is combined with other parameters",
            hint="use `cloud`, `reason` or both; or only `all=true`",
        )
    messages = request.services.ingest.rejected_messages
    return schemas.DeletedCount(messages.delete_all(request.ctx, query.cloud, query.reason))


@api.post("/usage/rejected/replay", policy.REJECTED_MESSAGES_REPLAY)
def replay_rejected_messages(request: ApiRequest) -> schemas.IngestResult:
    """Ingest all rejected messages again."""
    check = LateUsageCheck.start(request.services, request.ctx)
    result = request.services.ingest.rejected_messages.replay(request.ctx)
    return schemas.IngestResult(**asdict(result), late_usage=check.find(request.ctx))


def _rejected_message(message: RejectedMessage) -> schemas.RejectedMessage:
    return schemas.RejectedMessage(
        id=message.id,
        cloud=message.cloud,
        reason=message.reason,
        received_at=format_iso(message.received_at),
        body=message.body.decode(errors="replace"),
    )
