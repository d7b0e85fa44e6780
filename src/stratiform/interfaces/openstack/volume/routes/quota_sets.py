"""`/os-quota-sets` and `/limits`: all are unlimited."""

from collections.abc import Mapping

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas import quota_sets as schemas
from stratiform.services.volume import policy


@api.get("/os-quota-sets/{target_project_id}", policy.QUOTA_GET)
def show_quota_set(
    request: ApiRequest, target_project_id: str, query: schemas.QuotaSetQuery
) -> schemas.QuotaSetResponse:
    usage = request.services.volume.quota_sets.get(request.ctx, target_project_id)
    if query.usage:
        return schemas.QuotaSetResponse(_with_id(target_project_id, views.quota_usage(usage)))
    return schemas.QuotaSetResponse(_with_id(target_project_id, views.quota_limits(usage)))


@api.get("/os-quota-sets/{target_project_id}/defaults", policy.QUOTA_GET)
def show_default_quota_set(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetResponse:
    request.services.volume.quota_sets.get(request.ctx, target_project_id)
    return schemas.QuotaSetResponse(_with_id(target_project_id, views.default_quota_limits()))


@api.get("/limits", policy.LIMITS_GET)
def show_limits(request: ApiRequest) -> schemas.LimitsResponse:
    usage = request.services.volume.quota_sets.get_limits(request.ctx)
    absolute = schemas.AbsoluteLimits(total_volumes_used=usage.volumes, total_gigabytes_used=usage.gigabytes)
    return schemas.LimitsResponse(schemas.Limits(absolute))


def _with_id(
    project_id: str, quotas: Mapping[str, schemas.QuotaUsage] | Mapping[str, int]
) -> dict[str, schemas.QuotaUsage | int | str]:
    return {"id": project_id, **quotas}
