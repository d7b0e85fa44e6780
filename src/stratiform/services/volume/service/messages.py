"""Messages to users about failed operations. Source: Block Storage API reference, "Messages"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext, get_attached_context
from stratiform.kit.database import Connection
from stratiform.kit.ids import Ids
from stratiform.kit.pagination import Page, Slice
from stratiform.kit.policy import Rule
from stratiform.services.volume import policy
from stratiform.services.volume.errors import MessageNotFound
from stratiform.services.volume.model import Sort
from stratiform.services.volume.model.messages import LIFETIME_US, Failure, Message, MessageFilter
from stratiform.services.volume.repository import messages as repository


@dataclass(frozen=True, slots=True)
class Messages:
    """Create, read and delete messages."""

    ids: Ids

    def get(self, ctx: RequestContext, message_id: str) -> Message:
        """Raises MessageNotFound, also for another project's message."""
        return _get(ctx, policy.MESSAGE_GET, message_id)

    def list(
        self, ctx: RequestContext, filters: MessageFilter, page: Page, sort: Sequence[Sort] = (), *, offset: int = 0
    ) -> Slice[Message]:
        """List the project's messages, newest first by default; operators see those of all projects, as in Cinder."""
        policy.MESSAGE_GET_ALL.require(ctx.caller, ctx.caller.project_id)
        if not ctx.caller.is_admin:
            filters = replace(filters, project_id=ctx.caller.require_project_id())
        return repository.list_page(ctx.db, filters, page, sort, offset)

    def delete(self, ctx: RequestContext, message_id: str) -> None:
        """Raises MessageNotFound."""
        message = _get(ctx, policy.MESSAGE_DELETE, message_id)
        repository.messages.delete(ctx.db, repository.messages.key == message.id)

    def create(self, db: Connection, project_id: str, resource_id: str, failure: Failure, now: Micros) -> None:
        """Create a message about a failed operation on a resource. It has the id of the request that started it."""
        message = Message(
            id=self.ids.uuid(),
            project_id=project_id,
            request_id=get_attached_context(db).get("request_id", ""),
            resource_type=failure.resource_type,
            resource_id=failure.resource_id or resource_id,
            event_id=failure.event_id,
            text=failure.text,
            level="ERROR",
            created_at=now,
            expires_at=now + LIFETIME_US,
        )
        repository.messages.insert(db, message)


def _get(ctx: RequestContext, rule: Rule, message_id: str) -> Message:
    message = repository.messages.find(ctx.db, message_id)
    if message is None:
        raise MessageNotFound(message_id)
    rule.require_visible(ctx.caller, message.project_id, MessageNotFound(message_id))
    return message
