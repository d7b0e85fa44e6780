"""`/users`. Passwords are hashed and verified outside of transactions, because it is slow."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.directories import synchronize_directory
from stratiform.interfaces.openstack.identity.schemas import users as schemas
from stratiform.interfaces.openstack.identity.schemas.groups import GroupListQuery, GroupsResponse
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.services.identity import policy
from stratiform.services.identity.errors import AuthenticationFailed, ForbiddenAction, NameConflict
from stratiform.services.identity.model import JsonObject, NewUser, User


@api.get("/users", policy.LIST_USERS, manages_transactions=True)
def list_users(request: ApiRequest, query: schemas.UserListQuery) -> schemas.UsersResponse:
    list_query = query.build_list_query()
    synchronize_directory(request, list_query)
    with request.read_transaction() as ctx:
        users = request.services.identity.users.list(ctx, list_query)
    items = [resources.user(user, request.view) for user in users.items]
    return schemas.UsersResponse(items, page_links(request, users), truncated(users))


@api.post("/users", policy.CREATE_USER, status=201, errors=(NameConflict,), manages_transactions=True, hashes=True)
def create_user(request: ApiRequest, body: schemas.UserCreateRequest) -> schemas.UserResponse:
    attributes = _with_password_hash(request, body.user.get_declared_attributes(not_null=("domain_id",)))
    new = NewUser(**attributes, extra=body.user.get_extra_attributes())
    with request.write_transaction() as ctx:
        return _response(request, request.services.identity.users.create(ctx, new))


@api.get("/users/{user_id}", policy.GET_USER)
def show_user(request: ApiRequest, user_id: str) -> schemas.UserResponse:
    return _response(request, request.services.identity.users.get(request.ctx, user_id))


@api.patch("/users/{user_id}", policy.UPDATE_USER, errors=(NameConflict,), manages_transactions=True, hashes=True)
def update_user(request: ApiRequest, user_id: str, body: schemas.UserUpdateRequest) -> schemas.UserResponse:
    changes, extra = _with_password_hash(request, body.user.get_declared_attributes()), body.user.get_extra_attributes()
    with request.write_transaction() as ctx:
        return _response(request, request.services.identity.users.update(ctx, user_id, changes, extra))


@api.delete("/users/{user_id}", policy.DELETE_USER)
def delete_user(request: ApiRequest, user_id: str) -> None:
    request.services.identity.users.delete(request.ctx, user_id)


@api.post("/users/{user_id}/password", None, status=204, errors=(AuthenticationFailed, ForbiddenAction), hashes=True)
def change_password(request: ApiRequest, user_id: str, body: schemas.PasswordChangeRequest) -> None:
    """Change the password of a user, who authenticates with the original password."""
    services, change = request.services, body.user
    services.identity.password_changes.change(
        services.database, services.clock, user_id, original=change.original_password, new=change.password
    )


@api.get("/users/{user_id}/groups", policy.LIST_GROUPS_FOR_USER)
def list_user_groups(request: ApiRequest, user_id: str, query: GroupListQuery) -> GroupsResponse:
    groups = request.services.identity.users.list_groups(request.ctx, user_id, query.build_list_query())
    items = [resources.group(group, request.view) for group in groups.items]
    return GroupsResponse(items, page_links(request, groups), truncated(groups))


def _with_password_hash(request: ApiRequest, attributes: JsonObject) -> JsonObject:
    """Replace the password by its hash, and null by the empty hash."""
    if "password" not in attributes:
        return attributes
    password, users = attributes["password"], request.services.identity.users
    return attributes | {"password": users.hash_password(password) if password else ""}


def _response(request: ApiRequest, user: User) -> schemas.UserResponse:
    return schemas.UserResponse(resources.user(user, request.view))
