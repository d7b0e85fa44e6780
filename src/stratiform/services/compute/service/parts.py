"""What every verb of compute is given, and the one way a server is changed."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from stratiform.kit.context import RequestContext
from stratiform.kit.db import Database
from stratiform.kit.errors import Invalid, NotFound
from stratiform.kit.ids import Ids
from stratiform.kit.work import enqueue
from stratiform.services.clouds.service import CloudsService
from stratiform.services.compute import events
from stratiform.services.compute.errors import Locked, ServerNotFound, WrongState
from stratiform.services.compute.model.server import DELETING, NONE, Action, Server
from stratiform.services.compute.policy import policy
from stratiform.services.compute.repository import servers
from stratiform.services.image.service import ImageService
from stratiform.services.network.service import NetworkService
from stratiform.services.volume.errors import VolumeNotFound
from stratiform.services.volume.model import Volume
from stratiform.services.volume.service import VolumeService

#: The kind of work that looks at one server.
WORK = "compute.server"


@dataclass(frozen=True, slots=True)
class Parts:
    """What compute is made of."""

    database: Database
    ids: Ids
    clouds: CloudsService
    networks: NetworkService
    images: ImageService
    volumes: VolumeService

    def seen(self, ctx: RequestContext, rule: str, server_id: str) -> Server:
        """A server for looking at. Raises ServerNotFound, Forbidden."""
        server = servers.server(ctx.db, server_id)
        return self._allowed(ctx, rule, server_id, server)

    def held(self, ctx: RequestContext, rule: str, server_id: str, *, despite_lock: bool = False) -> Server:
        """A server for changing: its row is held until the end. Raises ServerNotFound, Forbidden, Locked."""
        server = self._allowed(ctx, rule, server_id, servers.locked(ctx.db, server_id))
        if server.locked and not despite_lock and not ctx.caller.is_admin:
            raise Locked(server_id)
        return server

    def _allowed(self, ctx: RequestContext, rule: str, server_id: str, server: Server | None) -> Server:
        missing = ServerNotFound(server_id)
        if server is None or server.deleted_at is not None:
            raise missing
        policy.require_visible(ctx.caller, rule, server.project_id, missing.message)
        return server

    def group_name(self, ctx: RequestContext, project_id: str, asked: str) -> str:
        """The name of a security group that is given by its name or id. Raises NotFound: no rule would be held."""
        for group in self.networks.security_groups.list(ctx, {"project_id": [project_id]}):
            if asked in (group.name, group.id):
                return group.name
        raise NotFound(f"Security group {asked} not found for project {project_id}.")

    def fitting_volume(self, ctx: RequestContext, server: Server, volume_id: str) -> Volume:
        """A volume that can be at this server. Raises VolumeNotFound; Invalid for one that is elsewhere."""
        volume = self.volumes.volumes.get(ctx, volume_id)
        if volume.project_id != server.project_id:
            raise VolumeNotFound(volume_id)
        if (volume.cloud_id, volume.native_zone) != (server.cloud_id, server.native_zone):
            raise Invalid(
                f"Invalid volume: Instance {server.id} and volume {volume_id} are not in the same availability_zone. "
                f"Instance is in {server.zone}. Volume is in {volume.zone}"
            )
        return volume

    def start_task(self, ctx: RequestContext, server: Server, action: str, event: str, **values: Any) -> Server:
        """Write what is wanted now, tell it, note the action, and ask that a worker looks at it."""
        changed = servers.save(ctx.db, replace(server, updated_at=ctx.now, **values))
        self.note(ctx, server, action)
        events.post(ctx.db, self.ids, event, changed, ctx.now, **events.changed(server))
        enqueue(ctx.db, WORK, server.id, ctx.now)
        return changed

    def note(self, ctx: RequestContext, server: Server, action: str, *, finished: bool = False) -> None:
        """Remember what was asked, for the list of a server's actions."""
        servers.add_actions(ctx.db, [self.action_of(ctx, server, action, finished=finished)])

    def action_of(self, ctx: RequestContext, server: Server, action: str, *, finished: bool = False) -> Action:
        return Action(
            id=self.ids.uuid(),
            server_id=server.id,
            project_id=server.project_id,
            user_id=ctx.caller.user_id,
            action=action,
            request_id=ctx.request_id,
            started_at=ctx.now,
            finished_at=ctx.now if finished else None,
        )


def check_state(
    action: str, server: Server, vm_states: Collection[str] | None, task_states: Collection[str] = (NONE,)
) -> None:
    """Raises WrongState unless the server is in one of `vm_states` (None: any) and of `task_states`."""
    if vm_states is not None and server.vm_state not in vm_states:
        raise WrongState(action, server.id, "vm_state", server.vm_state)
    if server.task_state == DELETING or server.task_state not in task_states:
        raise WrongState(action, server.id, "task_state", server.task_state)
