"""`/os-simple-tenant-usage`: read from the usage ledger."""

from msgspec import UNSET

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import tenant_usage as schemas
from stratiform.interfaces.openstack.compute.schemas.common import PageQuery
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.interfaces.openstack.compute.views.tenant_usage import tenant_usages
from stratiform.kit.clock import DAY_US, Micros, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import paginate_list
from stratiform.services.compute import policy

_PATH = "/os-simple-tenant-usage"

_DEFAULT_PERIOD_US = 28 * DAY_US
_RESOURCE_TYPE = "instance"


@api.get(_PATH, policy.TENANT_USAGE_LIST)
def list_tenant_usages(request: ApiRequest, query: schemas.TenantUsageQuery) -> schemas.TenantUsagesResponse:
    policy.TENANT_USAGE_LIST.require(request.ctx.caller, None)
    page = paginate_list(
        _read(request, query), PageQuery(query.limit, query.marker).page(), lambda usage: usage.tenant_id
    )
    if query.detailed != "1":
        for usage in page.items:
            usage.server_usages = UNSET
    links = next_links(request, [usage.tenant_id for usage in page.items], more=page.more)
    return schemas.TenantUsagesResponse(list(page.items), links)


@api.get(_PATH + "/{target_project_id}", policy.TENANT_USAGE_SHOW)
def show_tenant_usage(
    request: ApiRequest, target_project_id: str, query: schemas.TenantUsageQuery
) -> schemas.TenantUsageResponse:
    policy.TENANT_USAGE_SHOW.require(request.ctx.caller, target_project_id)
    usages = _read(request, query, target_project_id)
    return schemas.TenantUsageResponse(usages[0] if usages else {})


def _read(
    request: ApiRequest, query: schemas.TenantUsageQuery, project_id: str | None = None
) -> list[schemas.TenantUsage]:
    end = _parse_time(query.end, request.ctx.now)
    start = _parse_time(query.start, end - _DEFAULT_PERIOD_US)
    if start > end:
        raise Invalid("Invalid start time. The start time cannot occur after the end time.")
    segments = request.services.ledger.segments.iterate_overlapping(request.ctx.db, start, end, project_id)
    servers = (segment for segment in segments if segment.resource_type == _RESOURCE_TYPE)
    return tenant_usages(servers, start, end)


def _parse_time(text: str | None, default: Micros) -> Micros:
    if not text:
        return default
    try:
        return parse_iso(text)
    except ValueError as error:
        raise Invalid("Datetime is in invalid format") from error
