"""Filters and order of lists of servers. Source: Compute API reference, "List servers", request parameters."""

from stratiform.interfaces.endpoints.decoding import parse_bool
from stratiform.interfaces.openstack.compute.parsing import parse_reference, parse_time
from stratiform.interfaces.openstack.compute.schemas.servers import ServerListQuery
from stratiform.kit.errors import Forbidden
from stratiform.kit.policy import Caller
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model import ServerFilter
from stratiform.services.compute.model.server_status import get_states_for_status

#: Query parameters whose value equals a column, by column.
_EQUALITY_FILTERS = {
    "id": "uuid",
    "reservation_id": "reservation_id",
    "key_name": "key_name",
    "hostname": "hostname",
    "zone": "availability_zone",
    "user_id": "user_id",
    "vm_state": "vm_state",
    "task_state": "task_state",
    "power_state": "power_state",
    "locked": "locked",
}

#: The same for operators; other callers' filters are ignored, as in Nova.
_ADMIN_EQUALITY_FILTERS = {"cloud_name": "host", "description": "description"}


def build_server_filter(query: ServerListQuery, caller: Caller) -> ServerFilter:
    """Raises Invalid, InvalidField; Forbidden for deleted servers unless the caller is an operator."""
    if "DELETED" in _statuses(query) and not caller.is_admin:
        raise Forbidden("Only administrators may list deleted instances")
    return ServerFilter(
        project_id=query.project_id or query.tenant_id,
        all_projects=_all_projects(query),
        name=query.name,
        states=tuple(get_states_for_status(status) for status in query.status) if query.status else None,
        flavor_id=None if query.flavor is None else parse_reference(query.flavor),
        image_id=None if query.image is None else parse_reference(query.image),
        ip=query.ip or query.ip6,
        tags=_split(query.tags),
        tags_any=_split(query.tags_any),
        not_tags=_split(query.not_tags),
        not_tags_any=_split(query.not_tags_any),
        changes_since=parse_time(query.changes_since, "changes-since"),
        changes_before=parse_time(query.changes_before, "changes-before"),
        deleted=caller.is_admin and _deleted(query),
        equals=_equality_filters(query, caller),
        sort=_sort(query),
    )


def _statuses(query: ServerListQuery) -> set[str]:
    return {status.upper() for status in query.status}


def _all_projects(query: ServerListQuery) -> bool:
    """`all_tenants` without a value means true."""
    text = query.all_tenants
    return text is not None and (text == "" or parse_bool(text, "all_tenants", InvalidField))


def _deleted(query: ServerListQuery) -> bool:
    if "DELETED" in _statuses(query):
        return True
    return query.deleted is not None and parse_bool(query.deleted, "deleted", InvalidField)


def _equality_filters(query: ServerListQuery, caller: Caller) -> dict[str, object]:
    parameters = _EQUALITY_FILTERS
    if caller.is_admin:
        parameters = {**parameters, **_ADMIN_EQUALITY_FILTERS}
    filters = {column: getattr(query, parameter) for column, parameter in parameters.items()}
    if caller.is_admin and query.node is not None:
        filters["cloud_name"] = query.node
    return {column: value for column, value in filters.items() if value is not None}


def _split(tags: str) -> tuple[str, ...]:
    return tuple(tag for tag in tags.split(",") if tag)


def _sort(query: ServerListQuery) -> tuple[tuple[str, str], ...]:
    """Pair keys with directions; the default order is newest first."""
    keys, directions = query.sort_key or ["created_at"], query.sort_dir
    return tuple((key, directions[i] if i < len(directions) else "desc") for i, key in enumerate(keys))
