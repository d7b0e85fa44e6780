"""`/quotas`."""

from typing import Any

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.network.api import api
from stratiform.interfaces.openstack.network.resource_routes import annotate, read_values
from stratiform.interfaces.openstack.network.schemas import quotas as schemas
from stratiform.services.network import policy
from stratiform.services.network.service.quotas import DEFAULT_LIMITS

_PATH = "/quotas/{target_project_id}"


@api.get("/quotas", policy.QUOTAS_LIST)
def list_quotas(request: ApiRequest) -> schemas.QuotasResponse:
    """List the quotas of all projects that have limits of their own."""
    by_project = request.services.network.quotas.list(request.ctx)
    return schemas.QuotasResponse(
        [
            {name: quota.limit for name, quota in quotas.items()} | {"project_id": project_id, "tenant_id": project_id}
            for project_id, quotas in by_project.items()
        ]
    )


@api.get(_PATH, policy.QUOTAS_GET)
def show_quota(request: ApiRequest, target_project_id: str) -> schemas.QuotaResponse:
    quotas = request.services.network.quotas.get(request.ctx, target_project_id)
    return schemas.QuotaResponse({name: quota.limit for name, quota in quotas.items()})


def update_quota(request: ApiRequest, target_project_id: str, body: Any) -> schemas.QuotaResponse:
    """`check_limit` refuses limits that are lower than the usage; `force` is Neutron's default."""
    values = read_values(body.quota)
    limits = {name: value for name, value in values.items() if name in DEFAULT_LIMITS}
    quotas = request.services.network.quotas.update(
        request.ctx, target_project_id, limits, check=bool(values.get("check_limit"))
    )
    return schemas.QuotaResponse({name: quota.limit for name, quota in quotas.items()})


api.put(_PATH, policy.QUOTAS_UPDATE)(
    annotate(update_quota, body=schemas.QuotaUpdateRequest, returns=schemas.QuotaResponse)
)


@api.delete(_PATH, policy.QUOTAS_DELETE)
def delete_quota(request: ApiRequest, target_project_id: str) -> None:
    request.services.network.quotas.delete(request.ctx, target_project_id)


@api.get(f"{_PATH}/default", policy.QUOTAS_GET)
def show_default_quota(request: ApiRequest, target_project_id: str) -> schemas.QuotaResponse:
    return schemas.QuotaResponse(dict(request.services.network.quotas.get_defaults(request.ctx, target_project_id)))


@api.get(f"{_PATH}/details.json", policy.QUOTAS_GET)
def show_quota_details(request: ApiRequest, target_project_id: str) -> schemas.QuotaDetailsResponse:
    quotas = request.services.network.quotas.get(request.ctx, target_project_id)
    return schemas.QuotaDetailsResponse(
        {name: schemas.QuotaDetail(quota.limit, quota.used) for name, quota in quotas.items()}
    )


@api.get(f"{_PATH}/details", policy.QUOTAS_GET)
def show_quota_details_by_sdk(request: ApiRequest, target_project_id: str) -> schemas.QuotaDetailsResponse:
    """Show quota with details, at the path that openstacksdk uses."""
    return show_quota_details(request, target_project_id)
