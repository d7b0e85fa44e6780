"""Users."""

from typing import Any

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.openstack.identity.schemas import UserFields
from stratiform.interfaces.services import Request, delete, get, patch, post, reading, services_of, writing
from stratiform.services.identity.model import NewUser

Body = dict[str, Any]


@get("/users", operation_id="listUsers")
def list_users(request: Request) -> Body:
    query = views.query_of(request, "name", "domain_id", "enabled")
    with reading(request) as ctx:
        found = services_of(request).identity.users.list(ctx, query)
    return views.collection(request, "users", found, views.user)


@post("/users", operation_id="createUser")
def create_user(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "user")
    values = _sealed(request, schemas.given(schemas.fields(document, UserFields, "name")))
    values["domain_id"] = values.get("domain_id") or ""
    with writing(request) as ctx:
        made = services_of(request).identity.users.create(
            ctx, NewUser(**values, extra=schemas.unknown(document, UserFields))
        )
    return {"user": views.user(views.base(request), made)}


@get("/users/{user_id:str}", operation_id="showUser")
def show_user(request: Request, user_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.users.get(ctx, user_id)
    return {"user": views.user(views.base(request), found)}


@patch("/users/{user_id:str}", operation_id="updateUser")
def update_user(request: Request, user_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "user")
    changes = _sealed(request, schemas.given(schemas.fields(document, UserFields)))
    with writing(request) as ctx:
        made = services_of(request).identity.users.update(ctx, user_id, changes, schemas.unknown(document, UserFields))
    return {"user": views.user(views.base(request), made)}


@delete("/users/{user_id:str}", operation_id="deleteUser")
def delete_user(request: Request, user_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.users.delete(ctx, user_id)


@post("/users/{user_id:str}/password", status_code=204, operation_id="changeOwnPassword", open_to_all=True)
def change_password(request: Request, user_id: str, body: bytes) -> None:
    """Needs no token: the original password says who asks."""
    services = services_of(request)
    users = services.identity.users
    asked = schemas.fields(schemas.resource(body, "user"), schemas.NewPassword, "password", "original_password")
    with services.database.snapshot() as db:
        old = users.find_password_hash(db, user_id)
    users.verify_password(asked.original_password, old)
    new = users.hash_password(asked.password)
    with services.database.transaction() as db:
        users.change_password(db, user_id, services.clock.now(), old_hash=old, new_hash=new)


@get("/users/{user_id:str}/projects", operation_id="listProjectsOfUser")
def list_projects(request: Request, user_id: str) -> Body:
    query = views.query_of(request, "name", "domain_id", "enabled")
    with reading(request) as ctx:
        found = services_of(request).identity.projects.list_for_user(ctx, user_id, query)
    return views.collection(request, "projects", found, views.project)


@get("/users/{user_id:str}/groups", operation_id="listGroupsOfUser")
def list_groups(request: Request, user_id: str) -> Body:
    query = views.query_of(request, "name")
    with reading(request) as ctx:
        found = services_of(request).identity.users.list_groups(ctx, user_id, query)
    return views.collection(request, "groups", found, views.group)


def _sealed(request: Request, values: Body) -> Body:
    """With the password sealed, while no transaction is open; strangers don't make us work for it."""
    if "password" not in values:
        return values
    users = services_of(request).identity.users
    with reading(request) as ctx:
        users.require_create(ctx)
    password = values["password"]
    return values | {"password": users.hash_password(password) if password else ""}


handlers: list[Any] = [
    list_users,
    create_user,
    show_user,
    update_user,
    delete_user,
    change_password,
    list_projects,
    list_groups,
]
