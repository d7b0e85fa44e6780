"""`/limits`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import quota_sets as schemas
from stratiform.services.compute import policy


@api.get("/limits", policy.LIMITS_SHOW)
def show_limits(request: ApiRequest, query: schemas.LimitsQuery) -> schemas.LimitsResponse:
    usage = request.services.compute.limits.get_usage(request.ctx, query.tenant_id or query.project_id)
    absolute = schemas.AbsoluteLimits(
        total_instances_used=usage.servers, total_cores_used=usage.vcpus, total_ram_used=usage.ram
    )
    return schemas.LimitsResponse(schemas.Limits(absolute))
