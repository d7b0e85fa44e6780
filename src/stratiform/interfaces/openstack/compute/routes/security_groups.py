"""`/os-security-groups` and `/os-security-group-rules`, until 2.35."""

from collections.abc import Mapping

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import security_groups as schemas
from stratiform.interfaces.openstack.compute.views import security_groups as views
from stratiform.kit.errors import Conflict, Invalid
from stratiform.kit.number_parsing import parse_int, parse_uint
from stratiform.kit.pagination import Page
from stratiform.services.compute import policy

_PATH = "/os-security-groups"
_ITEM_PATH = "/os-security-groups/{security_group_id}"
_RULES_PATH = "/os-security-group-rules"

#: The last microversion with these paths.
_UNTIL = 35

#: The number that stands for any port, and any type of ICMP.
_ANY_PORT = -1


@api.get(_PATH, policy.SECURITY_GROUPS_LIST, until=_UNTIL, manages_transactions=True)
def list_security_groups(request: ApiRequest, query: schemas.SecurityGroupListQuery) -> schemas.SecurityGroupsResponse:
    """List security groups, after creating the project's default group if it does not exist."""
    all_projects = query.all_tenants is not None and query.all_tenants.lower() in ("", "1", "true", "yes")
    groups = request.services.compute.security_groups
    with request.read_transaction() as ctx:
        has_default = groups.has_default(ctx)
    if not has_default:
        with request.write_transaction() as ctx:
            groups.ensure_default(ctx)
    with request.read_transaction() as ctx:
        bodies = groups.list(ctx, all_projects=all_projects)
    page, offset = Page.parse(query.limit, None), parse_uint(query.offset or "0")
    if offset is None:
        raise Invalid(f"offset param must be an integer: '{query.offset}'")
    selected = bodies[offset : offset + page.limit]
    return schemas.SecurityGroupsResponse([views.security_group(body) for body in selected])


@api.get(_ITEM_PATH, policy.SECURITY_GROUPS_SHOW, until=_UNTIL)
def show_security_group(request: ApiRequest, security_group_id: str) -> schemas.SecurityGroupResponse:
    group = request.services.compute.security_groups.get(request.ctx, security_group_id)
    return schemas.SecurityGroupResponse(views.security_group(group))


@api.post(_PATH, policy.SECURITY_GROUPS_CREATE, until=_UNTIL, errors=(Conflict,))
def create_security_group(request: ApiRequest, body: schemas.SecurityGroupRequest) -> schemas.SecurityGroupResponse:
    new = body.security_group
    group = request.services.compute.security_groups.create(request.ctx, new.name, new.description or "")
    return schemas.SecurityGroupResponse(views.security_group(group))


@api.put(_ITEM_PATH, policy.SECURITY_GROUPS_UPDATE, until=_UNTIL)
def update_security_group(
    request: ApiRequest, security_group_id: str, body: schemas.SecurityGroupRequest
) -> schemas.SecurityGroupResponse:
    changes = body.security_group
    groups = request.services.compute.security_groups
    group = groups.update(request.ctx, security_group_id, changes.name, changes.description or "")
    return schemas.SecurityGroupResponse(views.security_group(group))


@api.delete(_ITEM_PATH, policy.SECURITY_GROUPS_DELETE, status=202, until=_UNTIL)
def delete_security_group(request: ApiRequest, security_group_id: str) -> None:
    request.services.compute.security_groups.delete(request.ctx, security_group_id)


@api.post(_RULES_PATH, policy.SECURITY_GROUP_RULES_CREATE, until=_UNTIL)
def create_security_group_rule(
    request: ApiRequest, body: schemas.SecurityGroupRuleRequest
) -> schemas.SecurityGroupRuleResponse:
    new = body.security_group_rule
    rule = request.services.compute.security_groups.create_rule(request.ctx, new.parent_group_id, _rule_values(new))
    return schemas.SecurityGroupRuleResponse(views.security_group_rule(rule))


@api.delete(_RULES_PATH + "/{security_group_rule_id}", policy.SECURITY_GROUP_RULES_DELETE, status=202, until=_UNTIL)
def delete_security_group_rule(request: ApiRequest, security_group_rule_id: str) -> None:
    request.services.compute.security_groups.delete_rule(request.ctx, security_group_rule_id)


@api.get("/servers/{server_id}/os-security-groups", policy.SERVER_SECURITY_GROUPS_LIST)
def list_server_security_groups(request: ApiRequest, server_id: str) -> schemas.SecurityGroupsResponse:
    groups = request.services.compute.server_security_groups.list(request.ctx, server_id)
    return schemas.SecurityGroupsResponse([views.security_group(group) for group in groups])


def _rule_values(new: schemas.SecurityGroupRuleFields) -> Mapping[str, object]:
    """Return the values of a rule of the Network API. Raises Invalid for a port that is not a number."""
    return {
        "protocol": new.ip_protocol.lower() if new.ip_protocol else None,
        "port_range_min": _parse_port(new.from_port),
        "port_range_max": _parse_port(new.to_port),
        "remote_ip_prefix": None if new.group_id else new.cidr or None,
        "remote_group_id": new.group_id,
        "remote_address_group_id": None,
        "ethertype": "IPv6" if new.cidr and ":" in new.cidr else "IPv4",
    }


def _parse_port(port: int | str | None) -> int | None:
    if port in (None, ""):
        return None
    number = parse_int(str(port))
    if number is None:
        raise Invalid(f"Invalid port range {port}. Ports must be integers.")
    return None if number == _ANY_PORT else number
