"""`/roles`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import roles as schemas
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import page_links, truncated
from stratiform.services.identity import policy
from stratiform.services.identity.errors import NameConflict
from stratiform.services.identity.model import Role


@api.get("/roles", policy.LIST_ROLES)
def list_roles(request: ApiRequest, query: schemas.RoleListQuery) -> schemas.RolesResponse:
    roles = request.services.identity.roles.list(request.ctx, query.build_list_query())
    items = [resources.role(role, request.view) for role in roles.items]
    return schemas.RolesResponse(items, page_links(request, roles), truncated(roles))


@api.post("/roles", policy.CREATE_ROLE, status=201, errors=(NameConflict,))
def create_role(request: ApiRequest, body: schemas.RoleCreateRequest) -> schemas.RoleResponse:
    new = Role(
        id="", **body.role.get_declared_attributes(not_null=("domain_id",)), extra=body.role.get_extra_attributes()
    )
    return _response(request, request.services.identity.roles.create(request.ctx, new))


@api.get("/roles/{role_id}", policy.GET_ROLE)
def show_role(request: ApiRequest, role_id: str) -> schemas.RoleResponse:
    return _response(request, request.services.identity.roles.get(request.ctx, role_id))


@api.patch("/roles/{role_id}", policy.UPDATE_ROLE, errors=(NameConflict,))
def update_role(request: ApiRequest, role_id: str, body: schemas.RoleUpdateRequest) -> schemas.RoleResponse:
    changes, extra = body.role.get_declared_attributes(), body.role.get_extra_attributes()
    return _response(request, request.services.identity.roles.update(request.ctx, role_id, changes, extra))


@api.delete("/roles/{role_id}", policy.DELETE_ROLE)
def delete_role(request: ApiRequest, role_id: str) -> None:
    request.services.identity.roles.delete(request.ctx, role_id)


def _response(request: ApiRequest, role: Role) -> schemas.RoleResponse:
    return schemas.RoleResponse(resources.role(role, request.view))
