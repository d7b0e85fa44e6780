"""`/flavors/{flavor_id}/os-flavor-access` and the actions that change it."""

from stratiform.interfaces.endpoints import Action, ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import flavors as schemas
from stratiform.interfaces.openstack.compute.views import flavors as views
from stratiform.services.compute import policy


@api.get("/flavors/{flavor_id}/os-flavor-access", policy.FLAVOR_ACCESS_LIST)
def list_flavor_access(request: ApiRequest, flavor_id: str) -> schemas.FlavorAccessResponse:
    return views.flavor_access(flavor_id, request.services.compute.flavor_access.list(request.ctx, flavor_id))


def _grant(request: ApiRequest, flavor_id: str, body: schemas.TenantAccess) -> schemas.FlavorAccessResponse:
    project_ids = request.services.compute.flavor_access.grant(request.ctx, flavor_id, body.tenant)
    return views.flavor_access(flavor_id, project_ids)


def _revoke(request: ApiRequest, flavor_id: str, body: schemas.TenantAccess) -> schemas.FlavorAccessResponse:
    project_ids = request.services.compute.flavor_access.revoke(request.ctx, flavor_id, body.tenant)
    return views.flavor_access(flavor_id, project_ids)


api.declare_actions(
    "/flavors/{flavor_id}/action",
    [
        Action("addTenantAccess", policy.FLAVOR_ACCESS_GRANT, _grant, status=200),
        Action("removeTenantAccess", policy.FLAVOR_ACCESS_REVOKE, _revoke, status=200),
    ],
)
