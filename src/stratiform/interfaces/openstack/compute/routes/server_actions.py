"""`/servers/{server_id}/action`. Source: Compute API reference, "Servers - run an action"."""

from msgspec import UnsetType

from stratiform.interfaces.endpoints import Action, ApiRequest, ApiResponse
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.parsing import parse_disk_config, parse_reference
from stratiform.interfaces.openstack.compute.passwords import choose_admin_password
from stratiform.interfaces.openstack.compute.schemas import server_actions as schemas
from stratiform.interfaces.openstack.compute.schemas.servers import ServerRebuild, ServerRebuildResponse
from stratiform.interfaces.openstack.compute.server_requests import build_rebuild_changes
from stratiform.interfaces.openstack.compute.views.servers import rebuilt_server
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import Server

#: The first microversion in which a rebuild writes the image to a root volume.
_REIMAGES_VOLUMES = 93

_PATH = "/servers/{server_id}/action"

_REBOOT_TYPES = ("HARD", "SOFT")
_RESET_STATES = ("active", "error")


def _start(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_actions.start(request.ctx, server_id)


def _stop(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_actions.stop(request.ctx, server_id)


def _force_delete(request: ApiRequest, server_id: str) -> None:
    """Delete at once, without a grace period."""
    request.services.compute.servers.delete(request.ctx, server_id, force=True)


def _reboot(request: ApiRequest, server_id: str, body: schemas.Reboot) -> None:
    reboot_type = body.type.upper()
    if reboot_type not in _REBOOT_TYPES:
        raise InvalidField("type", reboot_type, f"{reboot_type!r} is not one of {list(_REBOOT_TYPES)}")
    request.services.compute.server_actions.reboot(request.ctx, server_id, hard=reboot_type == "HARD")


def _resize(request: ApiRequest, server_id: str, body: schemas.Resize) -> None:
    flavor_id = parse_reference(body.flavor_ref)
    disk_config = None if isinstance(body.disk_config, UnsetType) else parse_disk_config(body.disk_config)
    request.services.compute.server_actions.resize(request.ctx, server_id, flavor_id, disk_config)


def _confirm_resize(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_actions.confirm_resize(request.ctx, server_id)


def _revert_resize(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_actions.revert_resize(request.ctx, server_id)


def _rebuild(request: ApiRequest, server_id: str, body: ServerRebuild) -> ApiResponse[ServerRebuildResponse]:
    compute, image_id = request.services.compute, parse_reference(body.image_ref)
    allow_reimage = request.microversion >= _REIMAGES_VOLUMES
    changes = build_rebuild_changes(body, request.microversion)
    server = compute.server_actions.rebuild(request.ctx, server_id, image_id, allow_reimage=allow_reimage, **changes)
    password = choose_admin_password(request, body.admin_pass)
    rebuilt = rebuilt_server(compute.servers.load_details(request.ctx, [server])[0], request.view, password)
    return ApiResponse(ServerRebuildResponse(rebuilt), headers={"Location": rebuilt.links[0].href})


def _get_console_output(
    request: ApiRequest, server_id: str, body: schemas.ConsoleOutput | None
) -> schemas.ConsoleOutputResponse:
    """The cloud is called with no transaction open."""
    actions = request.services.compute.server_actions
    with request.read_transaction() as ctx:
        server = actions.get_server_with_console(ctx, server_id)
    length = None if body is None else body.length
    return schemas.ConsoleOutputResponse(actions.read_console_output(server, length))


def _lock(request: ApiRequest, server_id: str, body: schemas.Lock | None) -> None:
    reason = None if body is None or not isinstance(body.locked_reason, str) else body.locked_reason
    request.services.compute.server_actions.lock(request.ctx, server_id, reason)


def _unlock(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_actions.unlock(request.ctx, server_id)


def _reset_state(request: ApiRequest, server_id: str, body: schemas.ResetState) -> None:
    if body.state not in _RESET_STATES:
        raise InvalidField("state", body.state, f"{body.state!r} is not one of {list(_RESET_STATES)}")
    request.services.compute.server_actions.reset_state(request.ctx, server_id, body.state)


def _add_security_group(request: ApiRequest, server_id: str, body: schemas.SecurityGroup) -> None:
    request.services.compute.server_actions.add_security_group(request.ctx, server_id, body.name)


def _remove_security_group(request: ApiRequest, server_id: str, body: schemas.SecurityGroup) -> None:
    request.services.compute.server_actions.remove_security_group(request.ctx, server_id, body.name)


def _add_fixed_ip(request: ApiRequest, server_id: str, body: schemas.AddFixedIp) -> None:
    request.services.compute.server_interfaces.add_fixed_ip(request.ctx, server_id, parse_reference(body.network_id))


def _remove_fixed_ip(request: ApiRequest, server_id: str, body: schemas.RemoveFixedIp) -> None:
    request.services.compute.server_interfaces.remove_fixed_ip(request.ctx, server_id, body.address)


def _inject_network_info(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_actions.inject_network_info(request.ctx, server_id)


def _get(request: ApiRequest, server_id: str) -> Server:
    return request.services.compute.servers.get(request.ctx, server_id)


api.declare_actions(
    _PATH,
    [
        Action("os-start", policy.SERVERS_START, _start),
        Action("os-stop", policy.SERVERS_STOP, _stop),
        Action("forceDelete", policy.SERVERS_DELETE, _force_delete),
        Action("reboot", policy.SERVERS_REBOOT, _reboot),
        Action("resize", policy.SERVERS_RESIZE, _resize),
        Action("confirmResize", policy.SERVERS_CONFIRM_RESIZE, _confirm_resize, status=204),
        Action("revertResize", policy.SERVERS_REVERT_RESIZE, _revert_resize),
        Action("rebuild", policy.SERVERS_REBUILD, _rebuild),
        Action(
            "os-getConsoleOutput",
            policy.SERVERS_CONSOLE_OUTPUT,
            _get_console_output,
            status=200,
            manages_transactions=True,
        ),
        Action("lock", policy.SERVERS_LOCK, _lock),
        Action("unlock", policy.SERVERS_UNLOCK, _unlock),
        Action("os-resetState", policy.SERVERS_RESET_STATE, _reset_state),
        Action("injectNetworkInfo", policy.SERVERS_INJECT_NETWORK_INFO, _inject_network_info),
        Action("addSecurityGroup", policy.SERVER_SECURITY_GROUPS_ADD, _add_security_group),
        Action("removeSecurityGroup", policy.SERVER_SECURITY_GROUPS_REMOVE, _remove_security_group),
        Action("addFixedIp", policy.SERVER_FIXED_IPS_ADD, _add_fixed_ip, until=43),
        Action("removeFixedIp", policy.SERVER_FIXED_IPS_REMOVE, _remove_fixed_ip, until=43),
    ],
)

api.declare_unsupported_actions(
    _PATH,
    policy.SERVERS_SHOW,
    _get,
    {
        "resetNetwork": "Resetting the network is not supported.",
    },
)
