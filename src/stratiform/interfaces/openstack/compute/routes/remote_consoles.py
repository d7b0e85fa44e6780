"""`/servers/{server_id}/remote-consoles`: not supported."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.errors import NotSupportedByClouds
from stratiform.services.compute import policy


@api.post("/servers/{server_id}/remote-consoles", policy.REMOTE_CONSOLES_CREATE, since=6)
def create_remote_console(request: ApiRequest, server_id: str) -> None:
    """Create a remote console, which is not supported."""
    request.services.compute.servers.get(request.ctx, server_id)
    raise NotSupportedByClouds("Remote consoles are not supported; read the console output instead.")
