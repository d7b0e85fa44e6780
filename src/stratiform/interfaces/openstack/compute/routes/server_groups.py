"""`/os-server-groups`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import server_groups as schemas
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model.server_groups import (
    POLICIES,
    SOFT_POLICIES,
    ServerGroupDetail,
    ServerGroupRules,
)

_PATH = "/os-server-groups"
_ITEM_PATH = "/os-server-groups/{server_group_id}"

#: The first microversion with policies that only prefer a placement.
_SOFT = 15


@api.get(_PATH, policy.SERVER_GROUPS_LIST)
def list_server_groups(request: ApiRequest, query: schemas.ServerGroupListQuery) -> schemas.ServerGroupsResponse:
    all_projects = query.all_projects is not None and request.ctx.caller.is_admin
    groups = request.services.compute.server_groups.list(request.ctx, all_projects=all_projects)
    page = paginate_list(groups, query.page(), lambda item: item.group.id)
    return schemas.ServerGroupsResponse([_group(item) for item in page.items])


@api.get(_ITEM_PATH, policy.SERVER_GROUPS_SHOW)
def show_server_group(request: ApiRequest, server_group_id: str) -> schemas.ServerGroupResponse:
    return schemas.ServerGroupResponse(_group(request.services.compute.server_groups.get(request.ctx, server_group_id)))


@api.post(_PATH, policy.SERVER_GROUPS_CREATE)
def create_server_group(request: ApiRequest, body: schemas.ServerGroupCreateRequest) -> schemas.ServerGroupResponse:
    new = body.server_group
    group_policy = _parse_policy(new, request.microversion)
    rules: ServerGroupRules = {}
    if isinstance(new.rules, schemas.NewServerGroupRules) and isinstance(new.rules.max_server_per_host, int):
        if group_policy != "anti-affinity":
            raise InvalidField("rules", "{...}", "Only anti-affinity policy supports rules.")
        rules = {"max_server_per_host": new.rules.max_server_per_host}
    created = request.services.compute.server_groups.create(request.ctx, new.name.strip(), group_policy, rules)
    return schemas.ServerGroupResponse(_group(created))


@api.delete(_ITEM_PATH, policy.SERVER_GROUPS_DELETE)
def delete_server_group(request: ApiRequest, server_group_id: str) -> None:
    request.services.compute.server_groups.delete(request.ctx, server_group_id)


def _parse_policy(new: schemas.ServerGroupCreate, microversion: int) -> str:
    """Return the policy of a new group. Raises InvalidField."""
    allowed = (*POLICIES, *SOFT_POLICIES) if microversion >= _SOFT else POLICIES
    if isinstance(new.policy, str):
        name, policies = "policy", [new.policy]
    elif isinstance(new.policies, list) and len(new.policies) == 1:
        name, policies = "policies", new.policies
    else:
        raise InvalidField("server_group", "{...}", "A server group has exactly one policy.")
    if policies[0] not in allowed:
        raise InvalidField(name, policies[0], f"{policies[0]!r} is not one of {list(allowed)}")
    return policies[0]


def _group(detail: ServerGroupDetail) -> schemas.ServerGroup:
    group = detail.group
    return schemas.ServerGroup(
        id=group.id,
        name=group.name,
        members=detail.members,
        policies=[group.policy],
        policy=group.policy,
        rules=group.rules,
        project_id=group.project_id,
        user_id=group.user_id,
    )
