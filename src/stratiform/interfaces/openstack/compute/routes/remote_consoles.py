"""`/servers/{server_id}/remote-consoles`: not supported."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.services.compute import policy


def _get(request: ApiRequest, server_id: str) -> None:
    request.services.compute.servers.get(request.ctx, server_id)


api.declare_unsupported(
    "POST",
    "/servers/{server_id}/remote-consoles",
    policy.REMOTE_CONSOLES_CREATE,
    "Remote consoles are not supported; read the console output instead.",
    get=_get,
    since=6,
)
