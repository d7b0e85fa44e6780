"""Roles and their implications."""

from typing import Any

from stratiform.interfaces.openstack.identity import schemas, views
from stratiform.interfaces.openstack.identity.schemas import RoleFields
from stratiform.interfaces.services import Request, delete, get, head, patch, post, put, reading, services_of, writing
from stratiform.services.identity.model import Role

Body = dict[str, Any]

_IMPLIES = "/roles/{prior_id:str}/implies/{implied_id:str}"


@get("/roles", operation_id="listRoles")
def list_roles(request: Request) -> Body:
    query = views.query_of(request, "name", "domain_id")
    with reading(request) as ctx:
        found = services_of(request).identity.roles.list(ctx, query)
    return views.collection(request, "roles", found, views.role)


@post("/roles", operation_id="createRole")
def create_role(request: Request, body: bytes) -> Body:
    document = schemas.resource(body, "role")
    values = schemas.given(schemas.fields(document, RoleFields, "name"))
    new = Role(
        "",
        values["name"],
        values.get("domain_id") or "",
        values.get("description"),
        values.get("options", {}),
        schemas.unknown(document, RoleFields),
    )
    with writing(request) as ctx:
        made = services_of(request).identity.roles.create(ctx, new)
    return {"role": views.role(views.base(request), made)}


@get("/roles/{role_id:str}", operation_id="showRole")
def show_role(request: Request, role_id: str) -> Body:
    with reading(request) as ctx:
        found = services_of(request).identity.roles.get(ctx, role_id)
    return {"role": views.role(views.base(request), found)}


@patch("/roles/{role_id:str}", operation_id="updateRole")
def update_role(request: Request, role_id: str, body: bytes) -> Body:
    document = schemas.resource(body, "role")
    changes = schemas.given(schemas.fields(document, RoleFields))
    with writing(request) as ctx:
        made = services_of(request).identity.roles.update(ctx, role_id, changes, schemas.unknown(document, RoleFields))
    return {"role": views.role(views.base(request), made)}


@delete("/roles/{role_id:str}", operation_id="deleteRole")
def delete_role(request: Request, role_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.roles.delete(ctx, role_id)


@get("/roles/{prior_id:str}/implies", operation_id="listImpliedRoles")
def list_implied(request: Request, prior_id: str) -> Body:
    with reading(request) as ctx:
        prior, implied = services_of(request).identity.roles.list_implied(ctx, prior_id)
    here = views.base(request)
    links = {"self": f"{here}/roles/{prior_id}/implies"}
    return {"role_inference": views.implication(here, prior, implied), "links": links}


@put(_IMPLIES, status_code=201, operation_id="createImpliedRole")
def create_implied(request: Request, prior_id: str, implied_id: str) -> Body:
    with writing(request) as ctx:
        prior, implied = services_of(request).identity.roles.add_implied(ctx, prior_id, implied_id)
    return _rule(request, prior, implied)


@get(_IMPLIES, operation_id="showImpliedRole")
def show_implied(request: Request, prior_id: str, implied_id: str) -> Body:
    with reading(request) as ctx:
        prior, implied = services_of(request).identity.roles.get_implied(ctx, prior_id, implied_id)
    return _rule(request, prior, implied)


@head(_IMPLIES, status_code=204, operation_id="checkImpliedRole")
def check_implied(request: Request, prior_id: str, implied_id: str) -> None:
    with reading(request) as ctx:
        services_of(request).identity.roles.get_implied(ctx, prior_id, implied_id)


@delete(_IMPLIES, operation_id="deleteImpliedRole")
def delete_implied(request: Request, prior_id: str, implied_id: str) -> None:
    with writing(request) as ctx:
        services_of(request).identity.roles.remove_implied(ctx, prior_id, implied_id)


@get("/role_inferences", operation_id="listRoleInferences")
def list_inferences(request: Request) -> Body:
    with reading(request) as ctx:
        rules = services_of(request).identity.roles.list_inference_rules(ctx)
    here = views.base(request)
    shown = [views.implication(here, prior, implied) for prior, implied in rules]
    return {"role_inferences": shown, "links": {"self": f"{here}/role_inferences"}}


def _rule(request: Request, prior: Role, implied: Role) -> Body:
    here = views.base(request)
    shown = views.implication(here, prior, [implied])
    shown["implies"] = shown["implies"][0]
    return {"role_inference": shown, "links": {"self": f"{here}/roles/{prior.id}/implies/{implied.id}"}}


handlers: list[Any] = [
    list_roles,
    create_role,
    show_role,
    update_role,
    delete_role,
    list_implied,
    create_implied,
    show_implied,
    check_implied,
    delete_implied,
    list_inferences,
]
