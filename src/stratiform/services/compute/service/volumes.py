"""The verbs that bring volumes to servers and take them away."""

from dataclasses import replace

from stratiform.kit.call import Call
from stratiform.kit.errors import Conflict, NotFound
from stratiform.kit.work import want
from stratiform.services.compute.model.server import ACTIVE, RESIZED, STOPPED, Server
from stratiform.services.compute.repository import servers
from stratiform.services.compute.service.parts import WORK, Parts, check_state
from stratiform.services.volume.model import Attachment

_RULE = "os_compute_api:os-volumes-attachments:"


class ServerVolumes(Parts):
    """Volume attachments, seen from the server."""

    __slots__ = ()

    def attachments(self, call: Call, server_id: str) -> list[Attachment]:
        return self.volumes.attachments_of(call.db, self.seen(call, _RULE + "index", server_id).id)

    def attachment(self, call: Call, server_id: str, volume_id: str) -> Attachment:
        """Raises NotFound where the volume isn't at the server."""
        server = self.seen(call, _RULE + "show", server_id)
        return self._of(call, server, volume_id)

    def attach(self, call: Call, server_id: str, volume_id: str, device: str | None = None) -> Attachment:
        """Raises NotFound for an unknown volume, Invalid for one that is elsewhere or not available."""
        server = self.held(call, _RULE + "create", server_id)
        check_state("attach_volume", server, (ACTIVE, STOPPED, RESIZED))
        self.fitting_volume(call, server, volume_id)
        made = self.volumes.begin_attach(call, volume_id, server_id, device)
        self._go(call, server, "attach_volume")
        return made

    def detach(self, call: Call, server_id: str, volume_id: str) -> None:
        """Raises NotFound where the volume isn't at the server, Conflict while it is on its way."""
        server = self.held(call, _RULE + "delete", server_id)
        check_state("detach_volume", server, (ACTIVE, STOPPED, RESIZED))
        if self._of(call, server, volume_id).state != "attached":
            raise Conflict(f"Invalid volume: volume {volume_id} is on its way to or from instance {server_id}.")
        self.volumes.begin_detach(call, volume_id, server_id)
        self._go(call, server, "detach_volume")

    def _go(self, call: Call, server: Server, action: str) -> None:
        servers.save(call.db, replace(server, updated_at=call.now))
        self.note(call, server, action)
        want(call.db, WORK, server.id, call.now)

    def _of(self, call: Call, server: Server, volume_id: str) -> Attachment:
        for found in self.volumes.attachments_of(call.db, server.id):
            if found.volume_id == volume_id:
                return found
        raise NotFound(f"Instance {server.id} is not attached to volume {volume_id}")
