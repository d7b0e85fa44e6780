"""`/groups`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.directories import synchronize_directory
from stratiform.interfaces.openstack.identity.schemas import groups as schemas
from stratiform.interfaces.openstack.identity.schemas.users import UserListQuery, UsersResponse
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.services.identity import policy
from stratiform.services.identity.errors import MembershipNotFound, NameConflict
from stratiform.services.identity.model import Group

_MEMBER = "/groups/{group_id}/users/{user_id}"


@api.get("/groups", policy.LIST_GROUPS, manages_transactions=True)
def list_groups(request: ApiRequest, query: schemas.GroupListQuery) -> schemas.GroupsResponse:
    list_query = query.build_list_query()
    synchronize_directory(request, list_query)
    with request.read_transaction() as ctx:
        groups = request.services.identity.groups.list(ctx, list_query)
    items = [resources.group(group, request.view) for group in groups.items]
    return schemas.GroupsResponse(items, page_links(request, groups), truncated(groups))


@api.post("/groups", policy.CREATE_GROUP, status=201, errors=(NameConflict,))
def create_group(request: ApiRequest, body: schemas.GroupCreateRequest) -> schemas.GroupResponse:
    attributes = {"domain_id": ""} | body.group.get_declared_attributes(not_null=("description", "domain_id"))
    new = Group(id="", **attributes, extra=body.group.get_extra_attributes())
    return _response(request, request.services.identity.groups.create(request.ctx, new))


@api.get("/groups/{group_id}", policy.GET_GROUP)
def show_group(request: ApiRequest, group_id: str) -> schemas.GroupResponse:
    return _response(request, request.services.identity.groups.get(request.ctx, group_id))


@api.patch("/groups/{group_id}", policy.UPDATE_GROUP, errors=(NameConflict,))
def update_group(request: ApiRequest, group_id: str, body: schemas.GroupUpdateRequest) -> schemas.GroupResponse:
    changes, extra = body.group.get_declared_attributes(not_null=("description",)), body.group.get_extra_attributes()
    return _response(request, request.services.identity.groups.update(request.ctx, group_id, changes, extra))


@api.delete("/groups/{group_id}", policy.DELETE_GROUP)
def delete_group(request: ApiRequest, group_id: str) -> None:
    request.services.identity.groups.delete(request.ctx, group_id)


@api.get("/groups/{group_id}/users", policy.LIST_USERS_IN_GROUP)
def list_group_users(request: ApiRequest, group_id: str, query: UserListQuery) -> UsersResponse:
    users = request.services.identity.groups.list_users(request.ctx, group_id, query.build_list_query())
    items = [resources.user(user, request.view) for user in users.items]
    return UsersResponse(items, page_links(request, users), truncated(users))


@api.put(_MEMBER, policy.ADD_USER_TO_GROUP, status=204)
def add_group_user(request: ApiRequest, group_id: str, user_id: str) -> None:
    request.services.identity.groups.add_user(request.ctx, group_id, user_id)


@api.get(_MEMBER, policy.CHECK_USER_IN_GROUP, status=204, errors=(MembershipNotFound,))
@api.head(_MEMBER, policy.CHECK_USER_IN_GROUP, status=204, errors=(MembershipNotFound,))
def check_group_user(request: ApiRequest, group_id: str, user_id: str) -> None:
    request.services.identity.groups.check_user(request.ctx, group_id, user_id)


@api.delete(_MEMBER, policy.REMOVE_USER_FROM_GROUP, errors=(MembershipNotFound,))
def remove_group_user(request: ApiRequest, group_id: str, user_id: str) -> None:
    request.services.identity.groups.remove_user(request.ctx, group_id, user_id)


def _response(request: ApiRequest, group: Group) -> schemas.GroupResponse:
    return schemas.GroupResponse(resources.group(group, request.view))
