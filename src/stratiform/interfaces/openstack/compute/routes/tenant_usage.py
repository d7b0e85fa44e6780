"""`/os-simple-tenant-usage`: read from the usage ledger."""

from msgspec import UNSET, UnsetType

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.schemas import tenant_usage as schemas
from stratiform.interfaces.openstack.compute.schemas.common import Link, PageQuery
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.interfaces.openstack.compute.views.tenant_usage import group_by_server, tenant_usages
from stratiform.kit.clock import DAY_US, Micros, parse_iso
from stratiform.kit.errors import Invalid
from stratiform.kit.pagination import Slice, paginate_list
from stratiform.services.compute import policy
from stratiform.services.ledger.model import Segment

_PATH = "/os-simple-tenant-usage"

_DEFAULT_PERIOD_US = 28 * DAY_US
_RESOURCE_TYPE = "instance"


@api.get(_PATH, policy.TENANT_USAGE_LIST)
def list_tenant_usages(request: ApiRequest, query: schemas.TenantUsageQuery) -> schemas.TenantUsagesResponse:
    policy.TENANT_USAGE_LIST.require(request.ctx.caller, None)
    period = _parse_period(request, query)
    page = _list_servers(request, query, period)
    usages = tenant_usages(page.items, *period, request.ctx.now)
    if query.detailed != "1":
        for usage in usages:
            usage.server_usages = UNSET
    return schemas.TenantUsagesResponse(usages, _next_links(request, page))


@api.get(_PATH + "/{target_project_id}", policy.TENANT_USAGE_SHOW)
def show_tenant_usage(
    request: ApiRequest, target_project_id: str, query: schemas.TenantUsageQuery
) -> schemas.TenantUsageResponse:
    policy.TENANT_USAGE_SHOW.require(request.ctx.caller, target_project_id)
    period = _parse_period(request, query)
    page = _list_servers(request, query, period, target_project_id)
    usages = tenant_usages(page.items, *period, request.ctx.now)
    return schemas.TenantUsageResponse(usages[0] if usages else {}, _next_links(request, page))


def _parse_period(request: ApiRequest, query: schemas.TenantUsageQuery) -> tuple[Micros, Micros]:
    """Return start and end. Raises Invalid."""
    end = _parse_time(query.end, request.ctx.now)
    start = _parse_time(query.start, end - _DEFAULT_PERIOD_US)
    if start > end:
        raise Invalid("Invalid start time. The start time cannot occur after the end time.")
    return start, end


def _list_servers(
    request: ApiRequest, query: schemas.TenantUsageQuery, period: tuple[Micros, Micros], project_id: str | None = None
) -> Slice[list[Segment]]:
    """Return a page of servers, each with its segments. The marker is the id of a server, as in Nova."""
    segments = request.services.ledger.segments.iterate_overlapping(request.ctx.db, *period, project_id)
    servers = group_by_server(segment for segment in segments if segment.resource_type == _RESOURCE_TYPE)
    return paginate_list(servers, PageQuery(query.limit, query.marker).page(), _marker)


def _next_links(request: ApiRequest, page: Slice[list[Segment]]) -> list[Link] | UnsetType:
    return next_links(request, [_marker(segments) for segments in page.items], more=page.more)


def _marker(segments: list[Segment]) -> str:
    return segments[0].resource_id


def _parse_time(text: str | None, default: Micros) -> Micros:
    if not text:
        return default
    try:
        return parse_iso(text)
    except ValueError as error:
        raise Invalid("Datetime is in invalid format") from error
