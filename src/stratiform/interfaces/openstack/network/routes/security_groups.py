"""`/security-groups`."""

from typing import NoReturn

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network import views
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.list_queries import next_links, parse_list_query, select_fields
from stratiform.interfaces.openstack.network.schemas import security_groups as schemas
from stratiform.interfaces.openstack.network.schemas.common import FieldsQuery
from stratiform.kit.pagination import paginate_list
from stratiform.services.network import policy
from stratiform.services.network.errors import CannotRemoveDefaultSecurityGroup, CannotUpdateDefaultSecurityGroup

api.declare_unsupported(
    "POST",
    "/security-groups",
    policy.SECURITY_GROUPS_CREATE,
    "Security groups are not supported, except the default group of each project.",
)


@api.get("/security-groups", policy.SECURITY_GROUPS_GET)
def list_security_groups(request: ApiRequest, query: schemas.SecurityGroupListQuery) -> schemas.SecurityGroupsResponse:
    list_query = parse_list_query(request, query)
    groups = request.services.network.security_groups.list(request.ctx, list_query.filters)
    page = paginate_list(groups, list_query.page, lambda group: group.id)
    items = [select_fields(views.security_group(group), query.fields) for group in page.items]
    return schemas.SecurityGroupsResponse(items, next_links(request, page))


@api.get("/security-groups/{security_group_id}", policy.SECURITY_GROUPS_GET)
def show_security_group(
    request: ApiRequest, security_group_id: str, query: FieldsQuery
) -> schemas.SecurityGroupResponse:
    group = request.services.network.security_groups.get(request.ctx, security_group_id)
    return schemas.SecurityGroupResponse(select_fields(views.security_group(group), query.fields))


@api.put(
    "/security-groups/{security_group_id}",
    policy.SECURITY_GROUPS_UPDATE,
    errors=(CannotUpdateDefaultSecurityGroup,),
)
def update_security_group(request: ApiRequest, security_group_id: str) -> NoReturn:
    request.services.network.security_groups.update(request.ctx, security_group_id)


@api.delete(
    "/security-groups/{security_group_id}",
    policy.SECURITY_GROUPS_UPDATE,
    errors=(CannotRemoveDefaultSecurityGroup,),
)
def delete_security_group(request: ApiRequest, security_group_id: str) -> NoReturn:
    request.services.network.security_groups.delete(request.ctx, security_group_id)
