"""`/os-quota-sets`, `/os-quota-class-sets` and `/limits`."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Struct

from stratiform.interfaces.endpoints import ApiRequest, Since
from stratiform.interfaces.openstack.volume import views
from stratiform.interfaces.openstack.volume.api import api
from stratiform.interfaces.openstack.volume.schemas import quota_sets as schemas
from stratiform.kit.number_parsing import parse_int
from stratiform.services.volume import policy

_PATH = "/os-quota-sets/{target_project_id}"
_CLASS_PATH = "/os-quota-class-sets/{quota_class}"

#: Keys of a quota set that do not name a quota.
_OTHER_KEYS = ("id", "tenant_id", "class_name", "force", "skip_validation")


class LimitsQuery(Struct):
    project_id: Annotated[str | None, Since(39)] = None


@api.get(_PATH, policy.QUOTA_GET)
def show_quota_set(
    request: ApiRequest, target_project_id: str, query: schemas.QuotaSetQuery
) -> schemas.QuotaSetResponse:
    usage = request.services.volume.quota_sets.get(request.ctx, target_project_id)
    if query.usage:
        return schemas.QuotaSetResponse(_with_id(target_project_id, views.quota_usage(usage)))
    return schemas.QuotaSetResponse(_with_id(target_project_id, usage.limits))


@api.put(_PATH, policy.QUOTA_UPDATE)
def update_quota_set(
    request: ApiRequest, target_project_id: str, body: schemas.QuotaSetRequest
) -> schemas.QuotaSetResponse:
    limits = _parse_limits(body.quota_set)
    usage = request.services.volume.quota_sets.update(request.ctx, target_project_id, limits)
    return schemas.QuotaSetResponse(dict(usage.limits))


@api.delete(_PATH, policy.QUOTA_DELETE, status=200)
def delete_quota_set(request: ApiRequest, target_project_id: str) -> None:
    request.services.volume.quota_sets.delete(request.ctx, target_project_id)


@api.get(f"{_PATH}/defaults", policy.QUOTA_GET)
def show_default_quota_set(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetResponse:
    limits = request.services.volume.quota_sets.get_defaults(request.ctx, target_project_id)
    return schemas.QuotaSetResponse(_with_id(target_project_id, limits))


@api.get(_CLASS_PATH, policy.QUOTA_CLASS_GET)
def show_quota_class_set(request: ApiRequest, quota_class: str) -> schemas.QuotaClassSetResponse:
    limits = request.services.volume.quota_sets.get_class(request.ctx, quota_class)
    return schemas.QuotaClassSetResponse({"id": quota_class, **limits})


@api.put(_CLASS_PATH, policy.QUOTA_CLASS_UPDATE)
def update_quota_class_set(
    request: ApiRequest, quota_class: str, body: schemas.QuotaClassSetRequest
) -> schemas.QuotaClassSetResponse:
    limits = _parse_limits(body.quota_class_set)
    updated = request.services.volume.quota_sets.update_class(request.ctx, quota_class, limits)
    return schemas.QuotaClassSetResponse(dict(updated))


@api.get("/limits", policy.LIMITS_GET)
def show_limits(request: ApiRequest, query: LimitsQuery) -> schemas.LimitsResponse:
    usage = request.services.volume.quota_sets.get_limits(request.ctx, query.project_id)
    limits, in_use = usage.limits, usage.in_use
    absolute = schemas.AbsoluteLimits(
        max_total_volumes=limits["volumes"],
        max_total_volume_gigabytes=limits["gigabytes"],
        max_total_snapshots=limits["snapshots"],
        max_total_backups=limits["backups"],
        max_total_backup_gigabytes=limits["backup_gigabytes"],
        total_volumes_used=in_use["volumes"],
        total_gigabytes_used=in_use["gigabytes"],
        total_snapshots_used=in_use["snapshots"],
        total_backups_used=in_use["backups"],
        total_backup_gigabytes_used=in_use["backup_gigabytes"],
    )
    return schemas.LimitsResponse(schemas.Limits(absolute))


def _with_id(
    project_id: str, quotas: Mapping[str, schemas.QuotaUsage] | Mapping[str, int]
) -> dict[str, schemas.QuotaUsage | int | str]:
    return {"id": project_id, **quotas}


def _parse_limits(quotas: Mapping[str, int | str | bool | None]) -> dict[str, int]:
    """Return the limits by resource. Raises Invalid for one that is not an integer."""
    limits = {}
    for name, limit in quotas.items():
        if name in _OTHER_KEYS:
            continue
        number = None if isinstance(limit, bool) else parse_int(str(limit))
        if number is None:
            raise api.invalid_field(name, str(limit), f"{limit!r} is not of type 'integer'")
        limits[name] = number
    return limits
