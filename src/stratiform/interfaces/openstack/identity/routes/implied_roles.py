"""`/roles/{prior_role_id}/implies` and `/role_inferences`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.identity.api import api
from stratiform.interfaces.openstack.identity.schemas import roles as schemas
from stratiform.interfaces.openstack.identity.views import resources
from stratiform.interfaces.openstack.identity.views.links import self_link
from stratiform.services.identity import policy
from stratiform.services.identity.errors import ImpliedRoleNotFound
from stratiform.services.identity.model import Role

_IMPLIED_ROLE = "/roles/{prior_role_id}/implies/{implied_role_id}"


@api.get("/roles/{prior_role_id}/implies", policy.LIST_IMPLIED_ROLES)
def list_implied_roles(request: ApiRequest, prior_role_id: str) -> schemas.RoleInferenceResponse:
    prior, implied = request.services.identity.roles.list_implied(request.ctx, prior_role_id)
    inference = resources.role_inference(prior, implied, request.view)
    return schemas.RoleInferenceResponse(inference, self_link(request.view, "roles", prior_role_id, "implies"))


@api.put(_IMPLIED_ROLE, policy.CREATE_IMPLIED_ROLE, status=201)
def create_implied_role(request: ApiRequest, prior_role_id: str, implied_role_id: str) -> schemas.RoleInferenceResponse:
    roles = request.services.identity.roles
    return _response(request, *roles.add_implied(request.ctx, prior_role_id, implied_role_id))


@api.get(_IMPLIED_ROLE, policy.GET_IMPLIED_ROLE, errors=(ImpliedRoleNotFound,))
def show_implied_role(request: ApiRequest, prior_role_id: str, implied_role_id: str) -> schemas.RoleInferenceResponse:
    roles = request.services.identity.roles
    return _response(request, *roles.get_implied(request.ctx, prior_role_id, implied_role_id))


@api.head(_IMPLIED_ROLE, policy.GET_IMPLIED_ROLE, status=204, errors=(ImpliedRoleNotFound,))
def check_implied_role(request: ApiRequest, prior_role_id: str, implied_role_id: str) -> None:
    request.services.identity.roles.get_implied(request.ctx, prior_role_id, implied_role_id)


@api.delete(_IMPLIED_ROLE, policy.DELETE_IMPLIED_ROLE, errors=(ImpliedRoleNotFound,))
def delete_implied_role(request: ApiRequest, prior_role_id: str, implied_role_id: str) -> None:
    request.services.identity.roles.remove_implied(request.ctx, prior_role_id, implied_role_id)


@api.get("/role_inferences", policy.LIST_ROLE_INFERENCE_RULES)
def list_role_inferences(request: ApiRequest) -> schemas.RoleInferencesResponse:
    rules = request.services.identity.roles.list_inference_rules(request.ctx)
    inferences = [resources.role_inference(prior, implied, request.view) for prior, implied in rules]
    return schemas.RoleInferencesResponse(inferences, self_link(request.view, "role_inferences"))


def _response(request: ApiRequest, prior: Role, implied: Role) -> schemas.RoleInferenceResponse:
    view = request.view
    inference = schemas.RoleInference(resources.inferred_role(prior, view), resources.inferred_role(implied, view))
    return schemas.RoleInferenceResponse(inference, self_link(view, "roles", prior.id, "implies", implied.id))
