"""Names of resources that operators set, because no message of the cloud has them."""

import hashlib
from dataclasses import dataclass

import msgspec

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Invalid
from stratiform.kit.outbox import Event
from stratiform.services.ingest import policy
from stratiform.services.ingest.parsing import MessageParser, usage_events
from stratiform.services.ingest.service.batch_storage import store_batch
from stratiform.services.ingest.service.cloud_names import validate_cloud_name
from stratiform.services.ingest.service.parsed_batches import parse_events
from stratiform.services.ledger.model import Resource
from stratiform.services.ledger.model.name_timelines import NAMED_TYPES, OWN_CLOUD
from stratiform.services.ledger.service import LedgerService

_PUBLISHER_LENGTH = 255


@dataclass(frozen=True, slots=True)
class ResourceNames:
    """Sets names of resources."""

    parser: MessageParser
    ledger: LedgerService

    def set_name(self, ctx: RequestContext, resource: Resource, name: str, at: Micros) -> list[Resource]:
        """Set the name of a resource from the instant `at` on; the first name of a resource applies before, too.

        Without a cloud, the name is set in each cloud that has named the resource, or else for all clouds. Setting the
        same name again changes nothing. Return the resources. Raises: Forbidden, Invalid.
        """
        policy.NAMES_SET.require(ctx.caller, None)
        if resource.resource_type not in NAMED_TYPES:
            raise Invalid(
                f"resource_type: names of '{resource.resource_type}' cannot be set",
                hint=f"use one of: {', '.join(NAMED_TYPES)}",
            )
        if not name.strip():
            raise Invalid("name: must not be empty")
        if at > ctx.now:
            raise Invalid("start: must not be in the future")
        if resource.cloud:
            validate_cloud_name(resource.cloud)
        targets = self._list_targets(ctx, resource)
        events = [_event(ctx, target, name, at) for target in targets]
        for event in events:
            self.parser.parse_event(event)  # raises what would be stored as rejected
        store_batch(ctx.db, self.ledger, parse_events(self.parser, events), ctx.now)
        return targets

    def _list_targets(self, ctx: RequestContext, resource: Resource) -> list[Resource]:
        if resource.cloud:
            return [resource]
        clouds = self.ledger.resources.list_clouds(ctx.db, resource.resource_type, resource.resource_id)
        return [resource._replace(cloud=cloud) for cloud in clouds or (OWN_CLOUD,)]


def _event(ctx: RequestContext, resource: Resource, name: str, at: Micros) -> Event:
    digest = hashlib.sha256(msgspec.json.encode([resource, name, at])).hexdigest()
    payload = {"resource_type": resource.resource_type, "resource_id": resource.resource_id, "name": name}
    publisher_id = f"names.{ctx.caller.user_name or ctx.caller.user_id}"[:_PUBLISHER_LENGTH]
    return Event(f"name-{digest}", usage_events.CHANGED, publisher_id, at, resource.cloud, payload)
