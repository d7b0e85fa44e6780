"""Updates of resources that are reported by services and operators, as in Almanach's API."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.outbox import Event
from stratiform.services.ingest import policy
from stratiform.services.ingest.parsing import MessageParser
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.model import RecordedSegment, Resource
from stratiform.services.ledger.service import LedgerService

#: Sorts after the ids of notifications about the same instant, which are UUIDs: the update outranks them.
_ID_PREFIX = "update"

_PUBLISHER_LENGTH = 255


@dataclass(frozen=True, slots=True)
class ResourceUpdate:
    """The state of a resource from the instant `at` on: the payload of an event (see `events.almanach`)."""

    event_type: str
    resource: Resource
    at: Micros
    payload: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ResourceUpdates:
    """Ingests updates of resources."""

    parser: MessageParser
    ledger: LedgerService

    def require_create(self, ctx: RequestContext) -> None:
        """Check that the caller may report updates. Raises: Forbidden."""
        policy.RESOURCE_UPDATES_CREATE.require(ctx.caller, None)

    def create(self, ctx: RequestContext, updates: Sequence[ResourceUpdate]) -> None:
        """Append updates to the ledger; of two about the same instant the later one counts.

        An update that repeats the last one about its instant is a duplicate. Raises: Forbidden, Invalid.
        """
        self.require_create(ctx)
        events = []
        for index, update in enumerate(updates):
            digest = _digest(update)
            if not self.ledger.events.find_last_message_id(ctx.db, update.resource, update.at).endswith(digest):
                events.append(_event(ctx, update, f"{_ID_PREFIX}-{ctx.now:020d}-{index}-{digest}"))
        for event in events:
            self.parser.parse_event(event)  # raises what would be stored as rejected
        store_batch(ctx.db, self.ledger, parse_events(self.parser, events), ctx.now)

    def get_last_message_time(self, ctx: RequestContext, resource: Resource) -> Micros:
        """Return the time of the last message about `resource`; 0 if there is none. Raises: Forbidden."""
        self.require_create(ctx)
        return self.ledger.events.find_last_message_time(ctx.db, resource)

    def list_segments(
        self, ctx: RequestContext, resource_id: str, resource_types: Sequence[str]
    ) -> Sequence[RecordedSegment]:
        """Return all segments of the resources with this id, whichever project they belong to. Raises: Forbidden."""
        self.require_create(ctx)
        return self.ledger.segment_histories.list_all_by_id(ctx.db, resource_id, resource_types)


def _event(ctx: RequestContext, update: ResourceUpdate, message_id: str) -> Event:
    publisher_id = f"almanach.{ctx.caller.user_name or ctx.caller.user_id}"[:_PUBLISHER_LENGTH]
    payload = {**update.payload, "id": update.resource.resource_id}
    return Event(message_id, update.event_type, publisher_id, update.at, update.resource.cloud, payload)


def _digest(update: ResourceUpdate) -> str:
    content = msgspec.json.encode([update.event_type, update.payload], order="sorted")
    return hashlib.sha256(content).hexdigest()[:32]
