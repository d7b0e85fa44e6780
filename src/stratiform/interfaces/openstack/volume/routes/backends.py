"""`/os-services`, `/os-hosts`, `/scheduler-stats/get_pools` and `/capabilities`: each cloud is one host with one pool.

Source: cinder/api/contrib/{services,hosts,scheduler_stats,capabilities}.py.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Struct, UnsetType, field

from stratiform.interfaces.endpoints import ApiRequest, Since
from stratiform.interfaces.openstack.volume.api import api
from stratiform.kit.clock import format_iso_naive
from stratiform.kit.errors import Invalid, NotFound, UnsupportedOperation
from stratiform.services.volume import policy
from stratiform.services.volume.model.backends import VENDOR_NAME, Backend

_SCHEDULER, _VOLUME, _BACKUP = "cinder-scheduler", "cinder-volume", "cinder-backup"
_SCHEDULER_HOST = "stratiform"

#: Actions of `PUT /os-services/{action}` that refer to a host.
_HOST_ACTIONS = ("enable", "disable", "disable-log-reason", "freeze", "thaw", "failover_host", "failover")


class ServiceQuery(Struct):
    host: str | None = None
    binary: str | None = None


class Service(Struct, kw_only=True):
    binary: str
    host: str
    zone: str
    status: str = "enabled"
    state: str
    updated_at: str
    disabled_reason: str | None = None
    cluster: Annotated[str | None, Since(7)] = None
    backend_state: Annotated[str | UnsetType, Since(49)] = UNSET


class ServicesResponse(Struct):
    services: list[Service]


class PoolQuery(Struct):
    detail: bool = False
    name: Annotated[str | None, Since(28)] = None


class Capabilities(Struct, kw_only=True):
    """Clouds do not report their capacity."""

    volume_backend_name: str
    vendor_name: str
    storage_protocol: str
    driver_version: str = "1.0"
    pool_name: str
    total_capacity_gb: str = "infinite"
    free_capacity_gb: str = "infinite"
    allocated_capacity_gb: int
    reserved_percentage: int = 0
    qos_support: bool = field(name="QoS_support", default=False)
    multiattach: bool
    consistent_group_snapshot_enabled: bool
    timestamp: str


class Pool(Struct):
    name: str
    capabilities: Capabilities | UnsetType = UNSET


class PoolsResponse(Struct):
    pools: list[Pool]


class BackendCapabilities(Struct, kw_only=True):
    namespace: str
    vendor_name: str
    volume_backend_name: str
    pool_name: str | None
    driver_version: str = "1.0"
    storage_protocol: str
    display_name: str | None
    description: str | None = None
    visibility: str | None = None
    replication_targets: list[str] = field(default_factory=list)
    properties: dict[str, dict[str, str]] = field(default_factory=dict)


class Host(Struct, kw_only=True):
    host_name: str
    service: str
    zone: str
    service_status: str = field(name="service-status")
    service_state: str = field(name="service-state", default="enabled")
    last_update: str = field(name="last-update")


class HostsResponse(Struct):
    hosts: list[Host]


class HostUsage(Struct):
    host: str
    project: str
    volume_count: str
    total_volume_gb: str
    snapshot_count: str
    total_snapshot_gb: str


class HostResource(Struct):
    resource: HostUsage


class HostResponse(Struct):
    host: list[HostResource]


@api.get("/os-services", policy.SERVICE_LIST)
def list_services(request: ApiRequest, query: ServiceQuery) -> ServicesResponse:
    services = _list_services(request, request.services.volume.backends.list(request.ctx, policy.SERVICE_LIST))
    return ServicesResponse(
        [
            service
            for service in services
            if query.binary in (None, service.binary)
            and query.host in (None, service.host, service.host.partition("@")[0])
        ]
    )


@api.put("/os-services/{service_action}", policy.SERVICE_UPDATE)
def update_service(
    request: ApiRequest, service_action: str, body: dict[str, object]
) -> dict[str, list[dict[str, object]]]:
    """`get-log` returns no service; services are neither disabled nor frozen nor moved."""
    if service_action == "get-log":
        return {"log_levels": []}
    if service_action == "set-log":
        raise NotFound("Services matching the request could not be found: log levels are set in the settings.")
    if service_action not in _HOST_ACTIONS:
        raise Invalid("Unknown action")
    reason = body.get("disabled_reason")
    if service_action == "disable-log-reason" and not isinstance(reason, str):
        raise api.invalid_field("disabled_reason", str(reason), "A string is required.")
    backend = _get_changed_backend(request, service_action, str(body.get("host") or body.get("cluster") or ""))
    raise UnsupportedOperation(
        f"The block storage service of cloud {backend.cloud_name} cannot be changed; "
        "an operator can unbind projects from the cloud."
    )


@api.get("/scheduler-stats/get_pools", policy.POOL_LIST)
def list_pools(request: ApiRequest, query: PoolQuery) -> PoolsResponse:
    backends = request.services.volume.backends.list(request.ctx, policy.POOL_LIST)
    pools = [
        Pool(backend.pool, _capabilities(request, backend) if query.detail else UNSET)
        for backend in backends
        if query.name in (None, backend.host, backend.pool)
    ]
    return PoolsResponse(pools)


@api.get("/capabilities/{host}", policy.CAPABILITIES_GET)
def show_capabilities(request: ApiRequest, host: str) -> BackendCapabilities:
    backend = request.services.volume.backends.get(request.ctx, policy.CAPABILITIES_GET, host)
    return BackendCapabilities(
        namespace=f"OS::Storage::Capabilities::{backend.host}",
        vendor_name=VENDOR_NAME,
        volume_backend_name=backend.cloud_name,
        pool_name=backend.cloud_name,
        storage_protocol=backend.kind,
        display_name=backend.cloud_name,
    )


@api.get("/os-hosts", policy.HOST_MANAGE)
def list_hosts(request: ApiRequest) -> HostsResponse:
    services = _list_services(request, request.services.volume.backends.list(request.ctx, policy.HOST_MANAGE))
    return HostsResponse(
        [
            Host(
                host_name=service.host,
                service=service.binary,
                zone=service.zone,
                service_status="available" if service.state == "up" else "unavailable",
                last_update=service.updated_at,
            )
            for service in services
        ]
    )


@api.get("/os-hosts/{host}", policy.HOST_MANAGE)
def show_host(request: ApiRequest, host: str) -> HostResponse:
    """Show a host, with the totals of all projects."""
    backend = request.services.volume.backends.get(request.ctx, policy.HOST_MANAGE, host)
    usage = HostUsage(
        host=backend.host,
        project="(total)",
        volume_count=str(backend.volumes),
        total_volume_gb=str(backend.volumes_gib),
        snapshot_count=str(backend.snapshots),
        total_snapshot_gb=str(backend.snapshots_gib),
    )
    return HostResponse([HostResource(usage)])


def _get_changed_backend(request: ApiRequest, service_action: str, host: str) -> Backend:
    """Raises NotFound for an unknown host, Invalid for one that would be frozen or thawed, as in Cinder."""
    try:
        return request.services.volume.backends.get(request.ctx, policy.SERVICE_UPDATE, host)
    except NotFound as error:
        if service_action in ("freeze", "thaw"):
            raise Invalid(error.message) from error
        raise


def _get_host(request: ApiRequest, host: str) -> Backend:
    return request.services.volume.backends.get(request.ctx, policy.HOST_MANAGE, host)


api.declare_unsupported(
    "PUT", "/os-hosts/{host}", policy.HOST_MANAGE, "Hosts are clouds, which cannot be disabled.", get=_get_host
)


def _list_services(request: ApiRequest, backends: Sequence[Backend]) -> list[Service]:
    """Return the scheduler, and the services for volumes and backups of every cloud."""
    now = format_iso_naive(request.ctx.now)
    is_up = all(backend.is_up for backend in backends)
    state = "up" if is_up else "down"
    services = [Service(binary=_SCHEDULER, host=_SCHEDULER_HOST, zone="nova", state=state, updated_at=now)]
    for backend in backends:
        for binary in (_VOLUME, _BACKUP):
            service = Service(binary=binary, host=backend.host, zone=backend.zone, state=state, updated_at=now)
            if binary == _VOLUME:
                service.backend_state = state
            services.append(service)
    return services


def _capabilities(request: ApiRequest, backend: Backend) -> Capabilities:
    return Capabilities(
        volume_backend_name=backend.cloud_name,
        vendor_name=VENDOR_NAME,
        storage_protocol=backend.kind,
        pool_name=backend.cloud_name,
        allocated_capacity_gb=backend.volumes_gib,
        multiattach=backend.has_multiattach,
        consistent_group_snapshot_enabled=backend.has_consistent_snapshots,
        timestamp=format_iso_naive(request.ctx.now),
    )
