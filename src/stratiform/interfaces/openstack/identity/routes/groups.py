"""Groups and their members."""

from typing import Any

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.openstack.identity.schemas import GroupFields
from stratiform.interfaces.services import Request, delete, get, head, patch, post, put, reading, services_of, writing
from stratiform.services.identity.model import Group

Body = dict[str, Any]

_MEMBER = "/groups/{group_id:str}/users/{user_id:str}"


@get("/groups", operation_id="listGroups")
def list_groups(request: Request) -> Body:
    query = views.query_of(request, "name", "domain_id")
    with reading(request) as ctx:
        found = services_of(request).identity.groups.list(ctx, query)
    return views.collection(request, "groups", found, views.group)


@post("/groups", operation_id="createGroup")
def create_group(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "group")
    values = _described(schemas.given(schemas.fields(document, GroupFields, "name")))
    new = Group(
        "",
        values["name"],
        values.get("domain_id") or "",
        values.get("description", ""),
        schemas.unknown(document, GroupFields),
    )
    with writing(request) as ctx:
        made = services_of(request).identity.groups.create(ctx, new)
    return {"group": views.group(views.base(request), made)}


@get("/groups/{group_id:str}", operation_id="showGroup")
def show_group(request: Request, group_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.groups.get(ctx, group_id)
    return {"group": views.group(views.base(request), found)}


@patch("/groups/{group_id:str}", operation_id="updateGroup")
def update_group(request: Request, group_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "group")
    changes = _described(schemas.given(schemas.fields(document, GroupFields)))
    extra = schemas.unknown(document, GroupFields)
    with writing(request) as ctx:
        made = services_of(request).identity.groups.update(ctx, group_id, changes, extra)
    return {"group": views.group(views.base(request), made)}


@delete("/groups/{group_id:str}", operation_id="deleteGroup")
def delete_group(request: Request, group_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.groups.delete(ctx, group_id)


@get("/groups/{group_id:str}/users", operation_id="listGroupUsers")
def list_users(request: Request, group_id: str) -> Body:
    query = views.query_of(request, "name", "enabled")
    with reading(request) as ctx:
        found = services_of(request).identity.groups.list_users(ctx, group_id, query)
    return views.collection(request, "users", found, views.user)


@put(_MEMBER, status_code=204, operation_id="addGroupUser")
def add_user(request: Request, group_id: str, user_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.groups.add_user(ctx, group_id, user_id)


@head(_MEMBER, status_code=204, operation_id="checkGroupUser")
def check_user(request: Request, group_id: str, user_id: str) -> None:
    with reading(request) as ctx:
        services_of(request).identity.groups.check_user(ctx, group_id, user_id)


@delete(_MEMBER, operation_id="removeGroupUser")
def remove_user(request: Request, group_id: str, user_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.groups.remove_user(ctx, group_id, user_id)


def _described(values: Body) -> Body:
    if values.get("description", "") is None:
        values["description"] = ""
    return values


handlers: list[Any] = [
    list_groups,
    create_group,
    show_group,
    update_group,
    delete_group,
    list_users,
    add_user,
    check_user,
    remove_user,
]
