"""`/quotas`."""

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.schemas import quotas as schemas
from stratiform.services.network import policy


@api.get("/quotas/{target_project_id}", policy.QUOTAS_GET)
def show_quota(request: ApiRequest, target_project_id: str) -> schemas.QuotaResponse:
    quotas = request.services.network.quotas.get(request.ctx, target_project_id)
    return schemas.QuotaResponse({name: quota.limit for name, quota in quotas.items()})


@api.get("/quotas/{target_project_id}/default", policy.QUOTAS_GET)
def show_default_quota(request: ApiRequest, target_project_id: str) -> schemas.QuotaResponse:
    return show_quota(request, target_project_id)


@api.get("/quotas/{target_project_id}/details.json", policy.QUOTAS_GET)
def show_quota_details(request: ApiRequest, target_project_id: str) -> schemas.QuotaDetailsResponse:
    quotas = request.services.network.quotas.get(request.ctx, target_project_id)
    return schemas.QuotaDetailsResponse(
        {name: schemas.QuotaDetail(quota.limit, quota.used) for name, quota in quotas.items()}
    )
