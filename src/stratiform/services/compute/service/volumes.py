"""The verbs that bring volumes to servers and take them away."""

from dataclasses import replace

from stratiform.kit.context import RequestContext
from stratiform.kit.errors import Conflict, NotFound
from stratiform.kit.work import enqueue
from stratiform.services.compute.model.server import ACTIVE, RESIZED, STOPPED, Server
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service.parts import WORK, Parts, check_state
from stratiform.services.volume.model import Attachment

_RULE = "os_compute_api:os-volumes-attachments:"


class ServerVolumes(Parts):
    """Volume attachments, seen from the server."""

    __slots__ = ()

    def attachments(self, ctx: RequestContext, server_id: str) -> list[Attachment]:
        return list(self.volumes.attachments.list_by_server(ctx.db, self.seen(ctx, _RULE + "index", server_id).id))

    def attachment(self, ctx: RequestContext, server_id: str, volume_id: str) -> Attachment:
        """Raises NotFound where the volume isn't at the server."""
        server = self.seen(ctx, _RULE + "show", server_id)
        return self._of(ctx, server, volume_id)

    def attach(self, ctx: RequestContext, server_id: str, volume_id: str, device: str | None = None) -> Attachment:
        """Raises NotFound for an unknown volume, Invalid for one that is elsewhere or not available."""
        server = self.held(ctx, _RULE + "create", server_id)
        check_state("attach_volume", server, (ACTIVE, STOPPED, RESIZED))
        self.fitting_volume(ctx, server, volume_id)
        made = self.volumes.attachments.begin_attach(ctx, volume_id, server_id, device)
        self._go(ctx, server, "attach_volume")
        return made

    def detach(self, ctx: RequestContext, server_id: str, volume_id: str) -> None:
        """Raises NotFound where the volume isn't at the server, Conflict while it is on its way."""
        server = self.held(ctx, _RULE + "delete", server_id)
        check_state("detach_volume", server, (ACTIVE, STOPPED, RESIZED))
        if self._of(ctx, server, volume_id).state != "attached":
            raise Conflict(f"Invalid volume: volume {volume_id} is on its way to or from instance {server_id}.")
        self.volumes.attachments.begin_detach(ctx, volume_id, server_id)
        self._go(ctx, server, "detach_volume")

    def _go(self, ctx: RequestContext, server: Server, action: str) -> None:
        servers.save(ctx.db, replace(server, updated_at=ctx.now))
        self.note(ctx, server, action)
        enqueue(ctx.db, WORK, server.id, ctx.now)

    def _of(self, ctx: RequestContext, server: Server, volume_id: str) -> Attachment:
        for found in self.volumes.attachments.list_by_server(ctx.db, server.id):
            if found.volume_id == volume_id:
                return found
        raise NotFound(f"Instance {server.id} is not attached to volume {volume_id}")
