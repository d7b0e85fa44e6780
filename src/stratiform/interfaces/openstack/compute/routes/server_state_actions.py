"""Server actions that change the state of a server, or create images of it."""

from stratiform.interfaces.endpoints import Action, ApiRequest, ApiResponse
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.parsing import parse_name, parse_reference
from stratiform.interfaces.openstack.compute.passwords import choose_admin_password
from stratiform.interfaces.openstack.compute.schemas import server_actions as schemas
from stratiform.kit.errors import Conflict, Invalid, UnsupportedOperation
from stratiform.services.compute import policy
from stratiform.services.compute.service.action_table import SET_PASSWORD, TRIGGER_CRASH_DUMP

#: The first microversion that rescues servers whose root disk is a volume.
_RESCUES_VOLUMES = 87

_PATH = "/servers/{server_id}/action"

#: Before 2.45, the id of a new image is in the header `Location`, since then in the body.
_IMAGE_ID_IN_BODY = 45


def _pause(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.pause(request.ctx, server_id)


def _unpause(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.unpause(request.ctx, server_id)


def _suspend(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.suspend(request.ctx, server_id)


def _resume(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.resume(request.ctx, server_id)


def _rescue(request: ApiRequest, server_id: str, body: schemas.Rescue | None) -> schemas.AdminPassResponse:
    rescue = body or schemas.Rescue()
    image_id = parse_reference(rescue.rescue_image_ref)
    allow_volumes = request.microversion >= _RESCUES_VOLUMES
    request.services.compute.server_state_actions.rescue(request.ctx, server_id, image_id, allow_volumes=allow_volumes)
    return schemas.AdminPassResponse(choose_admin_password(request, rescue.admin_pass))


def _unrescue(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.unrescue(request.ctx, server_id)


def _shelve(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.shelve(request.ctx, server_id)


def _shelve_offload(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.shelve_offload(request.ctx, server_id)


def _unshelve(request: ApiRequest, server_id: str, body: schemas.Unshelve | None) -> None:
    unshelve = body or schemas.Unshelve()
    if isinstance(unshelve.host, str):
        policy.SERVERS_UNSHELVE_TO_HOST.require(request.ctx.caller, None)
        raise Invalid("Unshelving a server on a requested host is not supported.")
    repin = unshelve.availability_zone is None or isinstance(unshelve.availability_zone, str)
    zone = unshelve.availability_zone if isinstance(unshelve.availability_zone, str) else None
    request.services.compute.server_state_actions.unshelve(request.ctx, server_id, zone, repin=repin)


def _restore(request: ApiRequest, server_id: str) -> None:
    request.services.compute.server_state_actions.restore(request.ctx, server_id)


def _migrate(request: ApiRequest, server_id: str, body: schemas.Migrate | None) -> None:  # noqa: ARG001 - validated only
    request.services.compute.server_state_actions.migrate(request.ctx, server_id)


def _migrate_live(request: ApiRequest, server_id: str, body: schemas.MigrateLive) -> None:  # noqa: ARG001 - validated only
    request.services.compute.server_state_actions.migrate_live(request.ctx, server_id)


def _evacuate(request: ApiRequest, server_id: str, body: schemas.Evacuate) -> None:  # noqa: ARG001 - validated only
    request.services.compute.server_state_actions.evacuate(request.ctx, server_id)


def _change_password(request: ApiRequest, server_id: str, body: schemas.ChangePassword) -> None:
    """The cloud is called with no transaction open."""
    actions = request.services.compute.server_state_actions
    with request.read_transaction() as ctx:
        server = actions.get_server_for_call(ctx, SET_PASSWORD, server_id)
    actions.set_password(server, body.admin_pass)
    with request.write_transaction() as ctx:
        actions.record_call(ctx, SET_PASSWORD, server_id)


def _trigger_crash_dump(request: ApiRequest, server_id: str) -> None:
    """The cloud is called with no transaction open."""
    actions = request.services.compute.server_state_actions
    with request.read_transaction() as ctx:
        server = actions.get_server_for_call(ctx, TRIGGER_CRASH_DUMP, server_id)
    actions.trigger_crash_dump(server)
    with request.write_transaction() as ctx:
        actions.record_call(ctx, TRIGGER_CRASH_DUMP, server_id)


def _create_image(
    request: ApiRequest, server_id: str, body: schemas.CreateImage
) -> ApiResponse[schemas.CreateImageResponse]:
    snapshots = request.services.compute.server_snapshots
    image_id = snapshots.create_image(request.ctx, server_id, parse_name(body.name), body.metadata)
    return _image_response(request, image_id)


def _create_backup(
    request: ApiRequest, server_id: str, body: schemas.CreateBackup
) -> ApiResponse[schemas.CreateImageResponse]:
    image_id = request.services.compute.server_snapshots.create_backup(
        request.ctx, server_id, parse_name(body.name), body.backup_type, body.rotation, body.metadata
    )
    return _image_response(request, image_id)


def _image_response(request: ApiRequest, image_id: str) -> ApiResponse[schemas.CreateImageResponse]:
    if request.microversion >= _IMAGE_ID_IN_BODY:
        return ApiResponse(schemas.CreateImageResponse(image_id))
    return ApiResponse(headers={"Location": f"{request.view.url}/image/v2/images/{image_id}"})


_ERRORS = (Conflict, UnsupportedOperation)

api.declare_actions(
    _PATH,
    [
        Action("pause", policy.SERVERS_PAUSE, _pause, errors=_ERRORS),
        Action("unpause", policy.SERVERS_UNPAUSE, _unpause, errors=_ERRORS),
        Action("suspend", policy.SERVERS_SUSPEND, _suspend, errors=_ERRORS),
        Action("resume", policy.SERVERS_RESUME, _resume, errors=_ERRORS),
        Action("rescue", policy.SERVERS_RESCUE, _rescue, status=200, errors=_ERRORS),
        Action("unrescue", policy.SERVERS_UNRESCUE, _unrescue, errors=_ERRORS),
        Action("shelve", policy.SERVERS_SHELVE, _shelve, errors=_ERRORS),
        Action("shelveOffload", policy.SERVERS_SHELVE_OFFLOAD, _shelve_offload, errors=_ERRORS),
        Action("unshelve", policy.SERVERS_UNSHELVE, _unshelve, errors=_ERRORS),
        Action("restore", policy.SERVERS_RESTORE, _restore, errors=_ERRORS),
        Action("migrate", policy.SERVERS_MIGRATE, _migrate, errors=_ERRORS),
        Action("os-migrateLive", policy.SERVERS_MIGRATE_LIVE, _migrate_live, errors=_ERRORS),
        Action("evacuate", policy.SERVERS_EVACUATE, _evacuate, status=200, errors=_ERRORS),
        Action("createImage", policy.SERVERS_CREATE_IMAGE, _create_image, errors=_ERRORS),
        Action("createBackup", policy.SERVERS_CREATE_BACKUP, _create_backup, errors=_ERRORS),
        Action(
            "changePassword",
            policy.SERVERS_SET_PASSWORD,
            _change_password,
            errors=_ERRORS,
            manages_transactions=True,
        ),
        Action(
            "trigger_crash_dump",
            policy.SERVERS_TRIGGER_CRASH_DUMP,
            _trigger_crash_dump,
            since=17,
            errors=_ERRORS,
            manages_transactions=True,
        ),
    ],
)
