"""`/os-quota-sets`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import quota_sets as schemas
from stratiform.services.compute import policy


@api.get("/os-quota-sets/{target_project_id}", policy.QUOTA_SETS_SHOW)
@api.get("/os-quota-sets/{target_project_id}/defaults", policy.QUOTA_SETS_SHOW)
def show_quota_set(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetResponse:
    request.services.compute.quota_sets.get_usage(request.ctx, target_project_id)
    return schemas.QuotaSetResponse(schemas.QuotaSet(id=target_project_id))


@api.get("/os-quota-sets/{target_project_id}/detail", policy.QUOTA_SETS_SHOW)
def show_quota_set_detail(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetDetailResponse:
    usage = request.services.compute.quota_sets.get_usage(request.ctx, target_project_id)
    detail = schemas.QuotaSetDetail(
        id=target_project_id,
        instances=schemas.QuotaUsage(usage.servers),
        cores=schemas.QuotaUsage(usage.vcpus),
        ram=schemas.QuotaUsage(usage.ram),
    )
    return schemas.QuotaSetDetailResponse(detail)
