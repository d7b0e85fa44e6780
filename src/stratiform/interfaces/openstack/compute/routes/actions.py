"""Actions of servers. Source: Compute API reference, "Servers - run an action"."""

from collections.abc import Callable
from typing import Any, cast

from litestar import Response

from stratiform.interfaces.openstack.compute import schemas, views
from stratiform.interfaces.openstack.compute.microversions import since
from stratiform.interfaces.openstack.compute.routes.calls import Body, NotImplementedHere, shown
from stratiform.interfaces.openstack.compute.routes.servers import as_changed, check_user_data, checked
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request, post, reading, services_of, writing
from stratiform.kit.errors import Invalid
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import RebuildChanges

Answer = Response[Body | None]
Action = Callable[[Request, str, Any, bytes], Answer]

_ACCEPTED = 202


@post("/servers/{server_id:str}/action", status_code=_ACCEPTED)
def run_action(request: Request, server_id: str, body: bytes) -> Answer:
    given = schemas.decode(body, dict[str, Any])
    names = [name for name in given if name in _ACTIONS or name in _NOT_HERE]
    if len(given) != 1 or not names:
        raise Invalid("There is no such action: " + (", ".join(given) or "the body is empty"))
    if names[0] in _NOT_HERE:
        with reading(request) as ctx:
            services_of(request).compute.servers.get(ctx, server_id)
        raise NotImplementedHere(_NOT_HERE[names[0]])
    return _ACTIONS[names[0]](request, server_id, given[names[0]], body)


def _accepted(status: int = _ACCEPTED) -> Answer:
    return Response(None, status_code=status)


def _start(request: Request, server_id: str, _given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        services_of(request).compute.server_actions.start(ctx, server_id)
    return _accepted()


def _stop(request: Request, server_id: str, _given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        services_of(request).compute.server_actions.stop(ctx, server_id)
    return _accepted()


def _force_delete(request: Request, server_id: str, _given: Any, _body: bytes) -> Answer:
    """Servers are always deleted at once, so that there is nothing to force."""
    with writing(request) as ctx:
        services_of(request).compute.servers.delete(ctx, server_id)
    return _accepted()


def _reboot(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    kind = str(_text(given, "type", "reboot")).upper()
    if kind not in ("SOFT", "HARD"):
        raise InvalidField("type", kind, f"{kind!r} is not one of ['HARD', 'SOFT']")
    with writing(request) as ctx:
        services_of(request).compute.server_actions.reboot(ctx, server_id, hard=kind == "HARD")
    return _accepted()


def _resize(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    flavor_id = _text(given, "flavorRef", "resize").rstrip("/").rsplit("/", 1)[-1]
    with writing(request) as ctx:
        services_of(request).compute.server_actions.resize(ctx, server_id, flavor_id)
    return _accepted()


def _confirm(request: Request, server_id: str, _given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        services_of(request).compute.server_actions.confirm_resize(ctx, server_id)
    return _accepted(204)


def _revert(request: Request, server_id: str, _given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        services_of(request).compute.server_actions.revert_resize(ctx, server_id)
    return _accepted()


def _rebuild(request: Request, server_id: str, _given: Any, body: bytes) -> Answer:
    given = schemas.decode(body, dict[str, schemas.Rebuild])["rebuild"]
    asked = minor(request)
    schemas.require_version(given, asked, schemas.REBUILD_SINCE, {"personality": 56})
    changes = checked(schemas.given(given))
    image_id = changes.pop("image_ref").rstrip("/").rsplit("/", 1)[-1]
    for without_effect in ("preserve_ephemeral", "admin_pass", "personality", "trusted_image_certificates"):
        changes.pop(without_effect, None)
    if "user_data" in changes:
        changes["user_data"] = check_user_data(changes["user_data"])
    compute = services_of(request).compute
    with writing(request) as ctx:
        changed = compute.server_actions.rebuild(ctx, server_id, image_id, **cast("RebuildChanges", changes))
        how = shown(request, admin=compute.servers.shows_host(ctx))
        answer = as_changed(views.server(compute.servers.load_details(ctx, [changed])[0], how, full=True), asked)
    if asked >= 54:
        answer["key_name"] = changed.key_name
    if asked >= 57:
        answer["user_data"] = changed.user_data or None
    headers = {"Location": answer["links"][0]["href"]}
    return Response({"server": answer}, status_code=_ACCEPTED, headers=headers)


def _console(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    length = given.get("length") if isinstance(given, dict) else None
    try:
        lines = None if length is None else int(length)
    except (TypeError, ValueError) as error:
        raise InvalidField("length", length, f"{length!r} is not a whole number") from error
    if lines is not None and lines < -1:
        raise InvalidField("length", length, f"{length} is less than the minimum of -1")
    compute = services_of(request).compute
    with reading(request) as ctx:
        server = compute.server_actions.get_console_server(ctx, server_id)
    return Response({"output": compute.server_actions.read_console_output(server, lines)}, status_code=200)


def _lock(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    reason = None
    if isinstance(given, dict) and "locked_reason" in given:
        if minor(request) < 73:
            raise InvalidField(
                "lock", "{...}", "Additional properties are not allowed ('locked_reason' was unexpected)"
            )
        reason = _text(given, "locked_reason", "lock")[:255]
    with writing(request) as ctx:
        services_of(request).compute.server_actions.lock(ctx, server_id, reason)
    return _accepted()


def _unlock(request: Request, server_id: str, _given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        services_of(request).compute.server_actions.unlock(ctx, server_id)
    return _accepted()


def _reset_state(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    state = _text(given, "state", "os-resetState")
    if state not in ("active", "error"):
        raise InvalidField("state", state, f"{state!r} is not one of ['active', 'error']")
    with writing(request) as ctx:
        services_of(request).compute.server_actions.reset_state(ctx, server_id, state)
    return _accepted()


def _add_group(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        group = _text(given, "name", "addSecurityGroup")
        services_of(request).compute.server_actions.add_security_group(ctx, server_id, group)
    return _accepted()


def _remove_group(request: Request, server_id: str, given: Any, _body: bytes) -> Answer:
    with writing(request) as ctx:
        group = _text(given, "name", "removeSecurityGroup")
        services_of(request).compute.server_actions.remove_security_group(ctx, server_id, group)
    return _accepted()


def _text(given: Any, key: str, where: str) -> str:
    """One argument of an action. Raises InvalidField where it is missing or no text."""
    if not isinstance(given, dict) or key not in given:
        raise InvalidField(where, str(given)[:64], f"'{key}' is a required property")
    if not isinstance(given[key], str | int):
        raise InvalidField(key, str(given[key])[:64], f"{str(given[key])[:64]!r} is not of type 'string'")
    return str(given[key])


_ACTIONS: dict[str, Action] = {
    "os-start": _start,
    "os-stop": _stop,
    "forceDelete": _force_delete,
    "reboot": _reboot,
    "resize": _resize,
    "confirmResize": _confirm,
    "revertResize": _revert,
    "rebuild": _rebuild,
    "os-getConsoleOutput": _console,
    "lock": _lock,
    "unlock": _unlock,
    "os-resetState": _reset_state,
    "addSecurityGroup": _add_group,
    "removeSecurityGroup": _remove_group,
}

#: What Nova can do and the clouds behind us can't (yet), with what is said of it.
_NOT_HERE = {
    "changePassword": "Passwords can't be set from outside; use a key pair or user data.",
    "createImage": "Images of servers can't be made yet.",
    "createBackup": "Images of servers can't be made yet.",
    "pause": "Pausing is not supported; stop the server instead.",
    "unpause": "Pausing is not supported; stop the server instead.",
    "suspend": "Suspending is not supported; stop the server instead.",
    "resume": "Suspending is not supported; stop the server instead.",
    "rescue": "Rescue mode is not supported.",
    "unrescue": "Rescue mode is not supported.",
    "shelve": "Shelving is not supported; stop the server instead.",
    "shelveOffload": "Shelving is not supported; stop the server instead.",
    "unshelve": "Shelving is not supported; stop the server instead.",
    "migrate": "Where a server runs is its cloud's business.",
    "os-migrateLive": "Where a server runs is its cloud's business.",
    "evacuate": "Where a server runs is its cloud's business.",
    "restore": "Servers are deleted at once and can't be restored.",
    "os-getVNCConsole": "There is no graphical console.",
    "os-getSPICEConsole": "There is no graphical console.",
    "os-getRDPConsole": "There is no graphical console.",
    "os-getSerialConsole": "There is no serial console to connect to; read the console log.",
    "addFloatingIp": "Use the network API for floating IP addresses.",
    "removeFloatingIp": "Use the network API for floating IP addresses.",
    "addFixedIp": "Use the network API for addresses.",
    "removeFixedIp": "Use the network API for addresses.",
    "resetNetwork": "Networks can't be reset.",
    "injectNetworkInfo": "Network information can't be injected.",
    "trigger_crash_dump": "Crash dumps can't be triggered.",
}


@post("/servers/{server_id:str}/remote-consoles", status_code=200)
def create_remote_console(request: Request, server_id: str) -> Body:
    since(request, 6)
    with reading(request) as ctx:
        services_of(request).compute.servers.get(ctx, server_id)
    raise NotImplementedHere("There is no console to connect to; read the console log.")


handlers: list[Any] = [run_action, create_remote_console]
