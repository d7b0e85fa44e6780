"""`/os-hypervisors` and `/os-hosts`: each cloud counts as one hypervisor."""

from collections.abc import Sequence

from stratiform.interfaces.endpoints import ApiRequest
from stratiform.interfaces.openstack.compute.api import api
from stratiform.interfaces.openstack.compute.routes.compute_services import WORKER_HOST
from stratiform.interfaces.openstack.compute.schemas import hypervisors as schemas
from stratiform.interfaces.openstack.compute.views import hypervisors as views
from stratiform.interfaces.openstack.compute.views.links import next_links
from stratiform.kit.errors import Invalid, UnsupportedOperation
from stratiform.kit.pagination import paginate_list
from stratiform.kit.policy import Rule
from stratiform.services.compute import policy
from stratiform.services.compute.errors import InvalidField
from stratiform.services.compute.model.hypervisors import Hypervisor

_PATH = "/os-hypervisors"
_ITEM_PATH = "/os-hypervisors/{hypervisor_id}"
_NO_UPTIME = "Clouds do not report the uptime of their hypervisors."
_NO_HOST_CHANGES = "The hosts of clouds cannot be changed; disable the compute service instead."
_NO_MAINTENANCE = "The hosts of clouds have no maintenance mode; disable the compute service instead."
_HOST_STATUSES = ("enable", "disable")


@api.get(_PATH, policy.HYPERVISORS_LIST)
def list_hypervisors(request: ApiRequest, query: schemas.HypervisorListQuery) -> schemas.HypervisorsResponse:
    page = paginate_list(_select(request, query, policy.HYPERVISORS_LIST), query.page(), lambda item: item.id)
    with_servers = _wants_servers(query.with_servers)
    items = [views.hypervisor_summary(item, request.view, with_servers=with_servers) for item in page.items]
    links = next_links(request, [item.id for item in page.items], more=page.more)
    return schemas.HypervisorsResponse(items, links)


@api.get(_PATH + "/detail", policy.HYPERVISORS_DETAIL)
def list_hypervisors_detail(
    request: ApiRequest, query: schemas.HypervisorListQuery
) -> schemas.HypervisorsDetailResponse:
    page = paginate_list(_select(request, query, policy.HYPERVISORS_DETAIL), query.page(), lambda item: item.id)
    with_servers = _wants_servers(query.with_servers)
    items = [views.hypervisor_detail(item, request.view, with_servers=with_servers) for item in page.items]
    links = next_links(request, [item.id for item in page.items], more=page.more)
    return schemas.HypervisorsDetailResponse(items, links)


@api.get(_PATH + "/statistics", policy.HYPERVISORS_STATISTICS, until=87)
def show_statistics(request: ApiRequest) -> schemas.HypervisorStatisticsResponse:
    hypervisors = request.services.compute.hypervisors.list(request.ctx, policy.HYPERVISORS_STATISTICS)
    vcpus, ram = sum(item.vcpus for item in hypervisors), sum(item.ram for item in hypervisors)
    disk = sum(item.disk for item in hypervisors)
    return schemas.HypervisorStatisticsResponse(
        schemas.HypervisorStatistics(
            count=len(hypervisors),
            local_gb=disk,
            local_gb_used=disk,
            memory_mb=ram,
            memory_mb_used=ram,
            running_vms=sum(len(item.servers) for item in hypervisors),
            vcpus=vcpus,
            vcpus_used=vcpus,
        )
    )


@api.get(_ITEM_PATH, policy.HYPERVISORS_SHOW)
def show_hypervisor(
    request: ApiRequest, hypervisor_id: str, query: schemas.HypervisorShowQuery
) -> schemas.HypervisorResponse:
    hypervisor = request.services.compute.hypervisors.get(request.ctx, hypervisor_id)
    with_servers = _wants_servers(query.with_servers)
    return schemas.HypervisorResponse(views.hypervisor_detail(hypervisor, request.view, with_servers=with_servers))


@api.get(_ITEM_PATH + "/search", policy.HYPERVISORS_SEARCH, until=52)
def search_hypervisors(request: ApiRequest, hypervisor_id: str) -> schemas.HypervisorsResponse:
    matches = request.services.compute.hypervisors.search(request.ctx, hypervisor_id)
    return schemas.HypervisorsResponse([views.hypervisor_summary(item, request.view) for item in matches])


@api.get(_ITEM_PATH + "/servers", policy.HYPERVISORS_SERVERS, until=52)
def list_hypervisor_servers(request: ApiRequest, hypervisor_id: str) -> schemas.HypervisorsResponse:
    matches = request.services.compute.hypervisors.search(request.ctx, hypervisor_id, policy.HYPERVISORS_SERVERS)
    items = [views.hypervisor_summary(item, request.view, with_servers=True) for item in matches]
    return schemas.HypervisorsResponse(items)


def _get(request: ApiRequest, hypervisor_id: str) -> Hypervisor:
    return request.services.compute.hypervisors.get(request.ctx, hypervisor_id, policy.HYPERVISORS_UPTIME)


api.declare_unsupported("GET", _ITEM_PATH + "/uptime", policy.HYPERVISORS_UPTIME, _NO_UPTIME, get=_get)


@api.get("/os-hosts", policy.HOSTS_LIST, until=42)
def list_hosts(request: ApiRequest, query: schemas.HostListQuery) -> schemas.HostsResponse:
    hypervisors = request.services.compute.hypervisors.list(request.ctx, policy.HOSTS_LIST)
    hosts = [schemas.Host(item.name, "compute", item.name) for item in hypervisors]
    hosts.append(schemas.Host(WORKER_HOST, "worker", "internal"))
    return schemas.HostsResponse([host for host in hosts if query.zone in (None, "", host.zone)])


@api.get("/os-hosts/{host_name}", policy.HOSTS_SHOW, until=42)
def show_host(request: ApiRequest, host_name: str) -> schemas.HostResponse:
    return schemas.HostResponse(
        views.host_resources(request.services.compute.hypervisors.get_host(request.ctx, host_name))
    )


@api.put("/os-hosts/{host_name}", policy.HOSTS_UPDATE, until=42, errors=(UnsupportedOperation,))
def update_host(request: ApiRequest, host_name: str, body: schemas.HostUpdateRequest) -> schemas.HostUpdateResponse:
    """Enable or disable the compute service of a cloud."""
    values = {"status": body.status, "maintenance_mode": body.maintenance_mode}
    requested = {name: value.lower() for name, value in values.items() if isinstance(value, str)}
    if not requested:
        raise Invalid(f"Invalid input for field/attribute body. {{}} does not have enough properties: {list(values)}")
    for name, value in requested.items():
        if value not in _HOST_STATUSES:
            raise InvalidField(name, value, f"{value!r} is not one of {list(_HOST_STATUSES)}")
    request.services.compute.hypervisors.get_host(request.ctx, host_name, policy.HOSTS_UPDATE)
    if "maintenance_mode" in requested:
        raise UnsupportedOperation(_NO_MAINTENANCE)
    disabled = requested["status"] == "disable"
    request.services.compute.services.update(request.ctx, host_name, disabled=disabled)
    return schemas.HostUpdateResponse(host_name, "disabled" if disabled else "enabled")


def _get_host_to_power(request: ApiRequest, host_name: str) -> Hypervisor:
    return request.services.compute.hypervisors.get_host(request.ctx, host_name, policy.HOSTS_POWER)


for _action in ("startup", "shutdown", "reboot"):
    api.declare_unsupported(
        "GET", "/os-hosts/{host_name}/" + _action, policy.HOSTS_POWER, _NO_HOST_CHANGES, get=_get_host_to_power
    )


def _select(request: ApiRequest, query: schemas.HypervisorListQuery, rule: Rule) -> Sequence[Hypervisor]:
    hypervisors, pattern = request.services.compute.hypervisors, query.hypervisor_hostname_pattern
    if pattern is None:
        return hypervisors.list(request.ctx, rule)
    if query.limit is not None or query.marker is not None:
        raise Invalid("Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.")
    return hypervisors.search(request.ctx, pattern, rule)


def _wants_servers(with_servers: str | None) -> bool:
    return (with_servers or "").lower() in ("true", "1", "yes", "on")
