"""`/servers/{server_id}/remote-consoles`, the older actions, and `/os-console-auth-tokens`."""

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import remote_consoles as schemas
from stratiform.kit.errors import Conflict, Invalid
from stratiform.services.compute import policy

#: The types of consoles by protocol.
_TYPES = {
    "vnc": ("novnc", "xvpvnc"),
    "spice": ("spice-html5", "spice-direct"),
    "rdp": ("rdp-html5",),
    "serial": ("serial",),
    "mks": ("webmks",),
}

#: The last microversion of the actions.
_LAST = 5


@api.post("/servers/{server_id}/remote-consoles", policy.REMOTE_CONSOLES_CREATE, since=6, errors=(Conflict,))
def create_remote_console(
    request: ApiRequest, server_id: str, body: schemas.RemoteConsoleCreate
) -> schemas.RemoteConsoleResponse:
    protocol, type_name = body.remote_console.protocol, body.remote_console.type
    if type_name not in _TYPES[protocol]:
        request.services.compute.servers.get(request.ctx, server_id)
        raise Invalid(f"Invalid console type {type_name}")
    console = request.services.compute.remote_consoles.create(request.ctx, server_id, type_name)
    return schemas.RemoteConsoleResponse(schemas.RemoteConsole(protocol, type_name, console.url))


@api.get("/os-console-auth-tokens/{console_token}", policy.CONSOLE_TOKENS_SHOW, since=31, manages_transactions=True)
def show_console_token(request: ApiRequest, console_token: str) -> schemas.ConsoleConnectionResponse:
    """Show the address in the cloud for a console token. The cloud is called with no transaction open."""
    consoles = request.services.compute.remote_consoles
    with request.read_transaction() as ctx:
        consoles.require_show(ctx)
        server, console_type = consoles.get_server_of_token(ctx, console_token)
    endpoint = consoles.open(server, console_type)
    return schemas.ConsoleConnectionResponse(schemas.ConsoleConnection(server.id, endpoint.host, endpoint.port))


def _get_vnc_console(request: ApiRequest, server_id: str, body: schemas.VncConsole) -> schemas.ConsoleResponse:
    return _create(request, server_id, body.type)


def _get_spice_console(request: ApiRequest, server_id: str, body: schemas.SpiceConsole) -> schemas.ConsoleResponse:
    return _create(request, server_id, body.type)


def _get_rdp_console(request: ApiRequest, server_id: str, body: schemas.RdpConsole) -> schemas.ConsoleResponse:
    return _create(request, server_id, body.type)


def _get_serial_console(request: ApiRequest, server_id: str, body: schemas.SerialConsole) -> schemas.ConsoleResponse:
    return _create(request, server_id, body.type)


def _create(request: ApiRequest, server_id: str, type_name: str) -> schemas.ConsoleResponse:
    console = request.services.compute.remote_consoles.create(request.ctx, server_id, type_name)
    return schemas.ConsoleResponse(schemas.Console(type_name, console.url))


api.declare_actions(
    "/servers/{server_id}/action",
    [
        Action("os-getVNCConsole", policy.REMOTE_CONSOLES_CREATE, _get_vnc_console, status=200, until=_LAST),
        Action("os-getSPICEConsole", policy.REMOTE_CONSOLES_CREATE, _get_spice_console, status=200, until=_LAST),
        Action("os-getRDPConsole", policy.REMOTE_CONSOLES_CREATE, _get_rdp_console, status=200, until=_LAST),
        Action("os-getSerialConsole", policy.REMOTE_CONSOLES_CREATE, _get_serial_console, status=200, until=_LAST),
    ],
)
