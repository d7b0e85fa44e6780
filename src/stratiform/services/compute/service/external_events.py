"""External events: what other services report about servers.

Source: nova/api/openstack/compute/server_external_events.py, nova/compute/api.py (external_instance_event).
"""

from dataclasses import dataclass
from enum import Enum

from stratiform.kit.clock import Micros
from stratiform.kit.context import RequestContext
from stratiform.kit.ids import Ids
from stratiform.services.compute import policy
from stratiform.services.compute.model.instance_actions import InstanceAction
from stratiform.services.compute.model.servers import Server
from stratiform.services.compute.repository import instance_actions
from stratiform.services.compute.repository import servers as repository
from stratiform.services.volume.service import VolumeService

VOLUME_EXTENDED = "volume-extended"

#: Events whose tag names what they are about.
_TAGGED = (VOLUME_EXTENDED, "power-update", "accelerator-request-bound", "volume-reimaged")


class EventOutcome(Enum):
    """What becomes of an event, with Nova's status code."""

    ACCEPTED = 200
    TAG_MISSING = 400
    SERVER_NOT_FOUND = 404
    SERVER_NOT_IN_CLOUD = 422


@dataclass(frozen=True, slots=True)
class ExternalEvents:
    """Operations of `/os-server-external-events`."""

    ids: Ids
    volume: VolumeService

    def report(self, ctx: RequestContext, name: str, server_id: str, tag: str | None) -> EventOutcome:
        """Accept an event. `volume-extended` is recorded as an action; others change nothing: clouds are observed."""
        policy.EXTERNAL_EVENTS_CREATE.require(ctx.caller, None)
        server = repository.find_server(ctx.db, server_id)
        if server is None or server.deleted_at is not None:
            return EventOutcome.SERVER_NOT_FOUND
        if name in _TAGGED and tag is None:
            return EventOutcome.TAG_MISSING
        if not server.exists_in_cloud:
            return EventOutcome.SERVER_NOT_IN_CLOUD
        if name == VOLUME_EXTENDED:
            self._record_extension(ctx, server, tag or "")
        return EventOutcome.ACCEPTED

    def _record_extension(self, ctx: RequestContext, server: Server, volume_id: str) -> None:
        attachments = self.volume.attachments.list_by_server(ctx.db, server.id)
        is_attached = any(attachment.volume_id == volume_id for attachment in attachments)
        message = None if is_attached else "Error"
        action = build_extension(self.ids, server, ctx.caller.user_id, ctx.request_id, ctx.now, message)
        instance_actions.insert_actions(ctx.db, [action])


def build_extension(
    ids: Ids, server: Server, user_id: str, request_id: str, now: Micros, message: str | None = None
) -> InstanceAction:
    """Return the finished action `extend_volume`: the cloud has extended the volume already."""
    return InstanceAction(
        id=ids.uuid(),
        server_id=server.id,
        project_id=server.project_id,
        user_id=user_id,
        action="extend_volume",
        request_id=request_id,
        started_at=now,
        finished_at=now,
        message=message,
    )
