"""What of the servers a query asks for. Source: Compute API reference, "List servers", request table."""

from collections.abc import Sequence

from stratiform.interfaces.openstack.compute.routes.calls import one, truth
from stratiform.interfaces.openstack.microversions import minor
from stratiform.interfaces.services import Request
from stratiform.kit import clock
from stratiform.kit.errors import Forbidden, Invalid
from stratiform.kit.numbers import parse_uint
from stratiform.kit.policy import Caller
from stratiform.services.compute.model import ServerFilter, StatusStates
from stratiform.services.compute.model.server_status import states_for_status

#: Query parameters that must be equal to a column.
_EQUAL = {
    "uuid": "id",
    "reservation_id": "reservation_id",
    "key_name": "key_name",
    "hostname": "hostname",
    "availability_zone": "zone",
    "user_id": "user_id",
    "vm_state": "vm_state",
    "task_state": "task_state",
}
_FOR_ADMIN = {"host": "cloud_name", "node": "cloud_name", "description": "description"}


def server_filter(request: Request, caller: Caller) -> ServerFilter:
    """Raises Invalid for what can't be understood, Forbidden for what only the operator may ask for."""
    asked = minor(request)
    project = one(request, "project_id") or one(request, "tenant_id")
    return ServerFilter(
        project_id=project,
        all_projects=_all_projects(request),
        name=one(request, "name"),
        states=_states(request, caller),
        flavor_id=_last(one(request, "flavor")),
        image_id=_last(one(request, "image")),
        ip=one(request, "ip") or one(request, "ip6"),
        tags=_texts(request, "tags", asked),
        tags_any=_texts(request, "tags-any", asked),
        not_tags=_texts(request, "not-tags", asked),
        not_tags_any=_texts(request, "not-tags-any", asked),
        changes_since=_time(request, "changes-since"),
        changes_before=_time(request, "changes-before") if asked >= 66 else None,
        deleted=_deleted(request, caller),
        equals=_equals(request, caller, asked),
        sort=_sort(request),
    )


def _all_projects(request: Request) -> bool:
    text = one(request, "all_tenants")
    return text is not None and (text == "" or truth(text, "all_tenants"))


def _states(request: Request, caller: Caller) -> tuple[StatusStates, ...] | None:
    asked: Sequence[str] = request.query_params.getall("status", [])
    if not asked:
        return None
    if not caller.is_admin and any(status.upper() == "DELETED" for status in asked):
        raise Forbidden("Only administrators may list deleted instances")
    return tuple(states_for_status(status) for status in asked)


def _deleted(request: Request, caller: Caller) -> bool:
    """From others than the operator the parameter has no effect, as in Nova."""
    text = one(request, "deleted")
    status = {status.upper() for status in request.query_params.getall("status", [])}
    return caller.is_admin and ("DELETED" in status or (text is not None and truth(text, "deleted")))


def _equals(request: Request, caller: Caller, asked: int) -> dict[str, object]:
    names = _EQUAL | (_FOR_ADMIN if caller.is_admin else {})
    equal: dict[str, object] = {}
    for name, column in names.items():
        text = one(request, name)
        if text is not None:
            equal[column] = text
    locked = one(request, "locked")
    if locked is not None and asked >= 73:
        equal["locked"] = truth(locked, "locked")
    power = one(request, "power_state")
    if power is not None:
        equal["power_state"] = parse_uint(power)
        if equal["power_state"] is None:
            raise Invalid(f"Invalid filter: power_state '{power}' is no number.")
    return equal


def _texts(request: Request, name: str, asked: int) -> tuple[str, ...]:
    text = one(request, name)
    return tuple(part for part in text.split(",") if part) if text and asked >= 26 else ()


def _time(request: Request, name: str) -> int | None:
    text = one(request, name)
    if text is None:
        return None
    try:
        return clock.parse_iso(text.replace(" ", "+"))
    except ValueError as error:
        raise Invalid(f"Invalid input for query parameters {name}. Value: {text}. Not a 'date-time'") from error


def _sort(request: Request) -> tuple[tuple[str, str], ...]:
    keys: Sequence[str] = request.query_params.getall("sort_key", [])
    directions: Sequence[str] = request.query_params.getall("sort_dir", [])
    if not keys:
        return (("created_at", directions[0] if directions else "desc"),)
    return tuple((key, directions[i] if i < len(directions) else "desc") for i, key in enumerate(keys))


def _last(reference: str | None) -> str | None:
    return None if reference is None else reference.rstrip("/").rsplit("/", 1)[-1]
