"""`/os-quota-sets` and `/os-quota-class-sets`."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.endpoints.field_restrictions import get_set_fields
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import quota_sets as schemas
from stratiform.kit.number_parsing import parse_int
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField

_PATH = "/os-quota-sets/{target_project_id}"
_CLASS_PATH = "/os-quota-class-sets/{quota_class}"

#: Fields of an update beside the limits.
_OPTIONS = ("tenant_id", "force")


@api.get(_PATH, policy.QUOTA_SETS_SHOW)
def show_quota_set(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetResponse:
    limits = request.services.compute.quota_sets.get(request.ctx, target_project_id)
    return schemas.QuotaSetResponse(schemas.QuotaSet(id=target_project_id, **limits))


@api.get(_PATH + "/defaults", policy.QUOTA_SETS_DEFAULTS)
def show_default_quota_set(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetResponse:
    limits = request.services.compute.quota_sets.get_defaults(request.ctx, target_project_id)
    return schemas.QuotaSetResponse(schemas.QuotaSet(id=target_project_id, **limits))


@api.get(_PATH + "/detail", policy.QUOTA_SETS_DETAIL)
def show_quota_set_detail(request: ApiRequest, target_project_id: str) -> schemas.QuotaSetDetailResponse:
    usage = request.services.compute.quota_sets.get_usage(request.ctx, target_project_id)
    details = {resource: schemas.QuotaUsage(value.in_use, value.limit) for resource, value in usage.items()}
    return schemas.QuotaSetDetailResponse(schemas.QuotaSetDetail(id=target_project_id, **details))


@api.put(_PATH, policy.QUOTA_SETS_UPDATE)
def update_quota_set(
    request: ApiRequest, target_project_id: str, body: schemas.QuotaSetUpdateRequest
) -> schemas.QuotaSetResponse:
    force = str(body.quota_set.force).lower() in ("true", "1", "yes", "on")
    limits = request.services.compute.quota_sets.update(
        request.ctx, target_project_id, _parse_limits(body.quota_set), force=force
    )
    return schemas.QuotaSetResponse(schemas.QuotaSet(id=UNSET, **limits))


@api.delete(_PATH, policy.QUOTA_SETS_DELETE, status=202)
def delete_quota_set(request: ApiRequest, target_project_id: str) -> None:
    request.services.compute.quota_sets.delete(request.ctx, target_project_id)


@api.get(_CLASS_PATH, policy.QUOTA_CLASS_SETS_SHOW)
def show_quota_class_set(request: ApiRequest, quota_class: str) -> schemas.QuotaClassSetResponse:
    limits = request.services.compute.quota_sets.get_class(request.ctx, quota_class)
    return schemas.QuotaClassSetResponse(schemas.QuotaClassSet(id=quota_class, **limits))


@api.put(_CLASS_PATH, policy.QUOTA_CLASS_SETS_UPDATE)
def update_quota_class_set(
    request: ApiRequest, quota_class: str, body: schemas.QuotaClassSetUpdateRequest
) -> schemas.QuotaClassSetResponse:
    limits = _parse_limits(body.quota_class_set)
    updated = request.services.compute.quota_sets.update_class(request.ctx, quota_class, limits)
    return schemas.QuotaClassSetResponse(schemas.QuotaClassSet(id=UNSET, **updated))


def _parse_limits(update: schemas.LimitsUpdate) -> dict[str, int]:
    """Return the limits that the body has, by resource. Raises InvalidField for one that is not a number."""
    limits: dict[str, int] = {}
    for resource, value in get_set_fields(update).items():
        if resource in _OPTIONS:
            continue
        number = parse_int(str(value))
        if number is None:
            raise InvalidField(resource, value, f"{value!r} is not of type 'integer'")
        limits[resource] = number
    return limits
